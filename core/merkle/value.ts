/**
 * Canonical values: the bytes whose hash stands in a leaf. One value has one encoding, and decoding accepts nothing else.
 *
 *   OFFSET SIZE
 *        0    1  format = 1
 *        1    1  entry: 1 tuple, 2 reverse, 3 entity, 4 model
 *        2    …  fields, each u32 length + bytes
 *                  tuple    resource, relation, subject, condition name, condition context (RFC 8785 JSON)
 *                  reverse  resource, relation, subject, SHA-256 of the forward value
 *                  entity   key, value (opaque bytes, may be empty)
 *                  model    id, RFC 8785 JSON
 *       -16    8  expires_at, microseconds since 1970, 0 = never; always 0 in a model
 *        -8    8  version: height of the last write
 *
 * No condition = both of its fields empty; a condition without context has the context `{}`. All numbers big-endian.
 */
import { assert, unreachable } from '../assert.ts';
import { Reader } from '../bytes/reader.ts';
import { utf8Length, writeUtf8 } from '../bytes/text.ts';
import { readU64, type U64, writeU64 } from '../bytes/u64.ts';
import { writeWord } from '../bytes/word.ts';
import type { Hasher } from '../capability.ts';
import type { Decoded } from '../errors.ts';
import { HASH_BYTES } from './hashes.ts';
import { entityPath, modelPath, reversePath, tuplePath } from './path.ts';

/** expiresAt: microseconds since 1970, 0 = never. version: height of the last write. */
export type LeafValue =
  | {
      readonly kind: 'tuple';
      readonly resource: string;
      readonly relation: string;
      readonly subject: string;
      /** Empty = no condition. */
      readonly conditionName: string;
      /** RFC 8785 JSON text; empty iff there is no condition. */
      readonly conditionContext: string;
      readonly expiresAt: U64;
      readonly version: U64;
    }
  | {
      readonly kind: 'reverse';
      readonly resource: string;
      readonly relation: string;
      readonly subject: string;
      /** SHA-256 of the forward tuple's value. */
      readonly forwardHash: Uint8Array;
      readonly expiresAt: U64;
      readonly version: U64;
    }
  | {
      readonly kind: 'entity';
      readonly key: string;
      readonly value: Uint8Array;
      readonly expiresAt: U64;
      readonly version: U64;
    }
  | {
      readonly kind: 'model';
      readonly id: string;
      /** RFC 8785 JSON text. */
      readonly model: string;
      readonly expiresAt: 0;
      readonly version: U64;
    };

const VALUE_FORMAT: number = 1;
/** Second byte of a value. In every leaf: do not renumber. */
const ValueEntry = { tuple: 1, reverse: 2, entity: 3, model: 4 } as const;

/** Whether what expires at expiresAt (0 = never) is live at time; at the boundary microsecond it is not. */
export function isLive(expiresAt: U64, time: U64): boolean {
  return expiresAt === 0 || time < expiresAt;
}

/** The path of the leaf that holds this value. Derived from the fields: a proof does not send it. */
export function valuePath(hasher: Hasher, value: LeafValue): Uint8Array {
  switch (value.kind) {
    case 'tuple':
      return tuplePath(hasher, value);
    case 'reverse':
      return reversePath(hasher, value);
    case 'entity':
      return entityPath(hasher, value.key);
    case 'model':
      return modelPath(hasher, value.id);
    default:
      return unreachable(value);
  }
}

function fieldsOf(value: LeafValue): readonly (string | Uint8Array)[] {
  switch (value.kind) {
    case 'tuple':
      assert((value.conditionName === '') === (value.conditionContext === ''), 'a condition has a name and a context');
      return [value.resource, value.relation, value.subject, value.conditionName, value.conditionContext];
    case 'reverse':
      assert(value.forwardHash.length === HASH_BYTES, 'a forward hash has 32 bytes');
      return [value.resource, value.relation, value.subject, value.forwardHash];
    case 'entity':
      return [value.key, value.value];
    case 'model':
      return [value.id, value.model];
    default:
      return unreachable(value);
  }
}

type Fields = readonly (string | Uint8Array)[];

function bytesOf(fields: Fields): number {
  let size = 2 + 16;
  for (const field of fields) {
    const length = typeof field === 'string' ? utf8Length(field) : field.length;
    assert(length >= 0, 'a text holds no lone surrogate');
    size += 4 + length;
  }
  return size;
}

function put(value: LeafValue, fields: Fields, out: Uint8Array): void {
  out[0] = VALUE_FORMAT;
  out[1] = ValueEntry[value.kind];
  let at = 2;
  for (const field of fields) {
    const start = at + 4;
    if (typeof field === 'string') at = writeUtf8(field, out, start);
    else {
      out.set(field, start);
      at = start + field.length;
    }
    writeWord(at - start, out, start - 4);
  }
  writeU64(value.expiresAt, out, at);
  writeU64(value.version, out, at + 8);
}

/** Canonical bytes of a value; its texts hold no lone surrogates. */
export function encodeValue(value: LeafValue): Uint8Array {
  const fields = fieldsOf(value);
  const out = new Uint8Array(bytesOf(fields));
  put(value, fields, out);
  return out;
}

/** Values up to this size are hashed without an array of their own: all but those with large contexts or entities. */
const SCRATCH_BYTES: number = 2048;
const scratch: Uint8Array = new Uint8Array(SCRATCH_BYTES);

/** Hash of a value's canonical bytes: what a leaf holds. */
export function hashValue(hasher: Hasher, value: LeafValue): Uint8Array {
  const fields = fieldsOf(value);
  const size = bytesOf(fields);
  const bytes = size <= SCRATCH_BYTES ? scratch : new Uint8Array(size);
  put(value, fields, bytes);
  const hash = new Uint8Array(HASH_BYTES);
  hasher.digest(bytes, 0, size, hash, 0);
  return hash;
}

function readFields(reader: Reader, entry: number, max: number): LeafValue | undefined {
  switch (entry) {
    case ValueEntry.tuple: {
      const [resource, relation, subject] = [reader.text(max), reader.text(max), reader.text(max)];
      const [conditionName, conditionContext] = [reader.text(max), reader.text(max)];
      if ((conditionName === '') !== (conditionContext === '')) reader.fail('bad_value');
      const [expiresAt, version] = [readU64(reader), readU64(reader)];
      return { kind: 'tuple', resource, relation, subject, conditionName, conditionContext, expiresAt, version };
    }
    case ValueEntry.reverse: {
      const [resource, relation, subject] = [reader.text(max), reader.text(max), reader.text(max)];
      const forwardHash = reader.blobCopy(max);
      if (forwardHash.length !== HASH_BYTES) reader.fail('bad_length');
      const [expiresAt, version] = [readU64(reader), readU64(reader)];
      return { kind: 'reverse', resource, relation, subject, forwardHash, expiresAt, version };
    }
    case ValueEntry.entity: {
      const [key, value] = [reader.text(max), reader.blobCopy(max)];
      const [expiresAt, version] = [readU64(reader), readU64(reader)];
      return { kind: 'entity', key, value, expiresAt, version };
    }
    case ValueEntry.model: {
      const [id, model] = [reader.text(max), reader.text(max)];
      if (readU64(reader) !== 0) reader.fail('bad_value');
      return { kind: 'model', id, model, expiresAt: 0, version: readU64(reader) };
    }
    default:
      reader.fail('bad_tag');
      return undefined;
  }
}

/** Reads the value in bytes[start, end), strictly. What is returned holds copies. */
export function decodeValue(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Decoded<LeafValue> {
  const reader = new Reader(bytes, start, end);
  if (reader.u8() !== VALUE_FORMAT) reader.fail('bad_version');
  const value = readFields(reader, reader.u8(), end - start);
  const read = reader.finish(value);
  if (!read.ok) return read;
  assert(read.value !== undefined, 'an unknown entry kind has failed the reader');
  return { ok: true, value: read.value };
}
