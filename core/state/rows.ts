/**
 * Rows of tables 1 to 3: what stands behind a key. The names are in the key.
 *
 *   OFFSET  SIZE  FIELD
 *   0       8     expires_at, microseconds since 1970, 0 = never
 *   8       8     version: height of the last write
 *   16      …     tuple: nothing, or text condition name, text condition context (u32 length, UTF-8)
 *                 reverse: nothing. Why the first 16 bytes are repeated there: a walk over a subject's grants decides
 *                 liveness without a second lookup each
 *                 entity: the value
 * Reads of rows that this node wrote assert instead of answering: a row that does not decode is a broken invariant.
 */
import { assert } from '../assert.ts';
import { concatBytes } from '../bytes/compare.ts';
import { Reader } from '../bytes/reader.ts';
import { writeU64 } from '../bytes/u64.ts';
import { readWord } from '../bytes/word.ts';
import { Writer } from '../bytes/writer.ts';
import type { Height } from '../ids.ts';
import { CONTEXT_BYTES_MAX, NAME_BYTES_MAX } from '../limits.ts';

export const ROW_HEAD_BYTES: number = 16;

/** A stored tuple besides its names. Both texts are empty where there is no condition. */
export interface TupleLeaf {
  readonly conditionName: string;
  readonly conditionContext: string;
  readonly expiresAt: number;
  readonly version: Height;
}

/** A stored entity besides its key. */
export interface EntityLeaf {
  readonly value: Uint8Array;
  readonly expiresAt: number;
  readonly version: Height;
}

function u64At(row: Uint8Array, at: number): number {
  return readWord(row, at) * 0x1_0000_0000 + readWord(row, at + 4);
}

/** expires_at of any row, without decoding the rest: a check needs nothing else. @param start where the row begins */
export function rowExpiresAt(row: Uint8Array, start: number = 0): number {
  return u64At(row, start);
}

export function rowVersion(row: Uint8Array): Height {
  return u64At(row, 8) as Height;
}

/** What every row begins with; alone it is a reverse row, and the row of a tuple without condition. */
export function encodeRowHead(leaf: { readonly expiresAt: number; readonly version: Height }): Uint8Array {
  const head = new Uint8Array(ROW_HEAD_BYTES);
  writeU64(leaf.expiresAt, head, 0);
  writeU64(leaf.version, head, 8);
  return head;
}

export function encodeTupleRow(leaf: TupleLeaf): Uint8Array {
  if (leaf.conditionName === '') return encodeRowHead(leaf);
  const writer = new Writer();
  writer.raw(encodeRowHead(leaf));
  writer.text(leaf.conditionName);
  writer.text(leaf.conditionContext);
  return writer.finish();
}

/** Decodes the row in bytes[start, end). */
export function decodeTupleRow(bytes: Uint8Array, start: number = 0, end: number = bytes.length): TupleLeaf {
  assert(end - start >= ROW_HEAD_BYTES, 'a tuple row has its head');
  const expiresAt = u64At(bytes, start);
  const version = u64At(bytes, start + 8) as Height;
  if (end - start === ROW_HEAD_BYTES) return { conditionName: '', conditionContext: '', expiresAt, version };
  const reader = new Reader(bytes, start + ROW_HEAD_BYTES, end);
  const conditionName = reader.text(NAME_BYTES_MAX);
  const conditionContext = reader.text(CONTEXT_BYTES_MAX);
  assert(reader.finish(true).ok, 'a tuple row decodes');
  return { conditionName, conditionContext, expiresAt, version };
}

export function encodeEntityRow(leaf: EntityLeaf): Uint8Array {
  return concatBytes(encodeRowHead(leaf), leaf.value);
}

/** The value is a copy. */
export function decodeEntityRow(row: Uint8Array): EntityLeaf {
  assert(row.length >= ROW_HEAD_BYTES, 'an entity row has its head');
  return { value: row.slice(ROW_HEAD_BYTES), expiresAt: rowExpiresAt(row), version: rowVersion(row) };
}
