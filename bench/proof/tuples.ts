/**
 * The tuples of the proof benchmark: ten viewers of each document and ten documents of each user, so that no name is much larger
 * than another, and, where asked for, one document with ten thousand viewers more: a hot set.
 */
import type { Hasher } from '../../core/capability.ts';
import { reversePath, tuplePath } from '../../core/merkle/path.ts';
import { encodeValue, hashValue, type LeafValue } from '../../core/merkle/value.ts';
import type { TupleKey } from '../../core/state/transaction.ts';

/** Viewers of a document, and documents of a user. */
export const EACH = 10;
/** Viewers of the one document that is hot. */
export const HOT_VIEWERS = 10_000;
const HOT_DOCUMENT = 'document:hot';

/** Tuple n of count. No two are alike: the multiplier is odd, and beneath 2^32 it permutes. */
export function tupleOf(n: number, count: number): TupleKey {
  const scattered = Math.imul(n, 0x9e3779b1) >>> 0;
  return {
    resource: `document:${Math.floor(n / EACH)}`,
    relation: 'viewer',
    subject: `user:${scattered % Math.ceil(count / EACH)}`,
  };
}

/** Viewer n of the hot document. */
export function hotTuple(n: number): TupleKey {
  return { resource: HOT_DOCUMENT, relation: 'viewer', subject: `user:${n}` };
}

/** The forward leaf's value. @param version height of the write; another one is another hash. */
export function forwardValue(tuple: TupleKey, version: number): LeafValue {
  return { kind: 'tuple', ...tuple, conditionName: '', conditionContext: '', expiresAt: 0, version };
}

/** What is put into the tree. */
export interface Leaf {
  readonly path: Uint8Array;
  readonly valueHash: Uint8Array;
}

/** Both leaves of a tuple. */
export function leavesOf(hasher: Hasher, tuple: TupleKey, version: number): readonly [Leaf, Leaf] {
  const forward = forwardValue(tuple, version);
  const forwardHash = hashValue(hasher, forward);
  const reverse: LeafValue = { kind: 'reverse', ...tuple, forwardHash, expiresAt: 0, version };
  return [
    { path: tuplePath(hasher, tuple), valueHash: forwardHash },
    { path: reversePath(hasher, tuple), valueHash: hashValue(hasher, reverse) },
  ];
}

/** Canonical bytes of a tuple's forward leaf as of version 1. */
export function valueBytes(tuple: TupleKey): Uint8Array {
  return encodeValue(forwardValue(tuple, 1));
}
