/**
 * Where a thing stands in the commitment tree: a path made of hashes of its names, so that no name shifts into another,
 * and a prefix of whole components is a question ("all viewers of this document").
 *
 *   comp(tag, s) = SHA-256(u8 tag ‖ UTF-8 of s)
 *
 *   tuple    OFFSET SIZE                      reverse  OFFSET SIZE
 *                 0   32  comp(0x10, resource)              0   32  comp(0x20, subject)
 *                32   32  comp(0x11, relation)             32   32  comp(0x21, relation)
 *                64    1  subject kind                     64   32  comp(0x22, resource)
 *                65   32  comp(0x12, subject)
 *   entity        0   32  comp(0x30, key)    model          0   32  comp(0x31, model id)
 *
 * Why the kind stands before the subject: a check opens the user's point, the wildcard's point and the complete range of
 * usersets, while ten thousand plain members stay behind one hash.
 */
import { assert } from '../assert.ts';
import { utf8Length, writeUtf8 } from '../bytes/text.ts';
import type { Hasher } from '../capability.ts';
import type { TupleKey } from '../state/transaction.ts';

export const TUPLE_PATH_BYTES: number = 97;
export const REVERSE_PATH_BYTES: number = 96;
export const ENTITY_PATH_BYTES: number = 32;
/** Bits of the longest path; every inner node's bit is below it. */
export const PATH_BITS_MAX: number = TUPLE_PATH_BYTES * 8;

/** First byte of each component's preimage. In every root: do not renumber. */
export const PathTag = {
  resource: 0x10,
  relation: 0x11,
  subject: 0x12,
  reverseSubject: 0x20,
  reverseRelation: 0x21,
  reverseResource: 0x22,
  entity: 0x30,
  model: 0x31,
} as const;

/** 1 = userset (contains `#`), 0 = wildcard (ends in `:*`), 2 = plain. In every tuple path: do not renumber. */
export type SubjectKind = 0 | 1 | 2;

/** Kind of a subject text. `user:*#x` is a userset, `team:a*` is plain. */
export function subjectKind(subject: string): SubjectKind {
  if (subject.includes('#')) return 1;
  return subject.endsWith(':*') ? 0 : 2;
}

/** Whether a path has one of the lengths that exist. */
export function isPathLength(length: number): boolean {
  return length === TUPLE_PATH_BYTES || length === REVERSE_PATH_BYTES || length === ENTITY_PATH_BYTES;
}

/** comp(tag, text), written at out[offset]. @param text without lone surrogates. */
function component(hasher: Hasher, tag: number, text: string, out: Uint8Array, offset: number): void {
  const length = utf8Length(text);
  assert(length >= 0, 'a name holds no lone surrogate');
  const preimage = new Uint8Array(1 + length);
  preimage[0] = tag;
  writeUtf8(text, preimage, 1);
  hasher.digest(preimage, 0, preimage.length, out, offset);
}

/** The 97-byte path of a tuple; its texts hold no lone surrogates. */
export function tuplePath(hasher: Hasher, tuple: TupleKey): Uint8Array {
  const path = new Uint8Array(TUPLE_PATH_BYTES);
  component(hasher, PathTag.resource, tuple.resource, path, 0);
  component(hasher, PathTag.relation, tuple.relation, path, 32);
  path[64] = subjectKind(tuple.subject);
  component(hasher, PathTag.subject, tuple.subject, path, 65);
  return path;
}

/** The 96-byte path of a tuple's reverse leaf. */
export function reversePath(hasher: Hasher, tuple: TupleKey): Uint8Array {
  const path = new Uint8Array(REVERSE_PATH_BYTES);
  component(hasher, PathTag.reverseSubject, tuple.subject, path, 0);
  component(hasher, PathTag.reverseRelation, tuple.relation, path, 32);
  component(hasher, PathTag.reverseResource, tuple.resource, path, 64);
  return path;
}

/** The 32-byte path of an entity. */
export function entityPath(hasher: Hasher, key: string): Uint8Array {
  const path = new Uint8Array(ENTITY_PATH_BYTES);
  component(hasher, PathTag.entity, key, path, 0);
  return path;
}

/** The 32-byte path of an authorization model. */
export function modelPath(hasher: Hasher, id: string): Uint8Array {
  const path = new Uint8Array(ENTITY_PATH_BYTES);
  component(hasher, PathTag.model, id, path, 0);
  return path;
}
