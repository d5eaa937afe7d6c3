/**
 * Rows of tables 1 to 4: what stands behind a key. The names are in the key.
 *
 *   OFFSET  SIZE  FIELD
 *   0       1     bits 4-7: e, bits 0-3: v
 *   1       e     expires_at, microseconds since 1970, without leading zero bytes; e = 0: never
 *   1+e     v     version: height of the last write, likewise
 *   1+e+v   …     tuple: nothing, or text condition name, text condition context (u32 length, UTF-8)
 *                 reverse: nothing. Why the head is repeated there: a walk over a subject's grants decides liveness without a
 *                 second lookup each
 *                 entity: the value
 *                 model: its RFC 8785 JSON; it never expires
 * Why not 16 bytes of head: most tuples never expire, and heights are small; a tuple has two rows.
 * Reads of rows that this node wrote assert instead of answering: a row that does not decode is a broken invariant.
 */
import { assert, defined } from '../assert.ts';
import { concatBytes } from '../bytes/compare.ts';
import { Reader } from '../bytes/reader.ts';
import { fromUtf8, toUtf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import type { Height } from '../ids.ts';
import { CONTEXT_BYTES_MAX, NAME_BYTES_MAX } from '../limits.ts';

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

/** A stored authorization model besides its id. */
export interface ModelLeaf {
  /** RFC 8785 JSON. */
  readonly model: string;
  readonly version: Height;
}

function numberAt(row: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i += 1) value = value * 256 + (row[at + i] as number);
  return value;
}

/** Bytes that a number takes without leading zeros. */
function bytesOf(value: number): number {
  let bytes = 0;
  for (let rest = value; rest >= 1; rest /= 256) bytes += 1;
  return bytes;
}

function headBytes(row: Uint8Array, start: number): number {
  const sizes = row[start] as number;
  return 1 + (sizes >> 4) + (sizes & 15);
}

/** expires_at of any row, without decoding the rest: a check needs nothing else. @param start where the row begins */
export function rowExpiresAt(row: Uint8Array, start: number = 0): number {
  return numberAt(row, start + 1, (row[start] as number) >> 4);
}

export function rowVersion(row: Uint8Array, start: number = 0): Height {
  const sizes = row[start] as number;
  return numberAt(row, start + 1 + (sizes >> 4), sizes & 15) as Height;
}

/** What every row begins with; alone it is a reverse row, and the row of a tuple without condition. */
export function encodeRowHead(leaf: { readonly expiresAt: number; readonly version: Height }): Uint8Array {
  const [expiryBytes, versionBytes] = [bytesOf(leaf.expiresAt), bytesOf(leaf.version)];
  const head = new Uint8Array(1 + expiryBytes + versionBytes);
  head[0] = (expiryBytes << 4) | versionBytes;
  putNumber(leaf.expiresAt, head, 1, expiryBytes);
  putNumber(leaf.version, head, 1 + expiryBytes, versionBytes);
  return head;
}

function putNumber(value: number, out: Uint8Array, at: number, bytes: number): void {
  for (let i = bytes - 1, rest = value; i >= 0; i -= 1, rest = Math.floor(rest / 256)) out[at + i] = rest % 256;
}

/** The head of a row; a view. */
export function rowHead(row: Uint8Array): Uint8Array {
  return row.subarray(0, headBytes(row, 0));
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
  assert(end > start && end - start >= headBytes(bytes, start), 'a tuple row has its head');
  const expiresAt = rowExpiresAt(bytes, start);
  const version = rowVersion(bytes, start);
  const head = headBytes(bytes, start);
  if (end - start === head) return { conditionName: '', conditionContext: '', expiresAt, version };
  const reader = new Reader(bytes, start + head, end);
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
  assert(row.length > 0 && row.length >= headBytes(row, 0), 'an entity row has its head');
  return { value: row.slice(headBytes(row, 0)), expiresAt: rowExpiresAt(row), version: rowVersion(row) };
}

export function encodeModelRow({ model, version }: ModelLeaf): Uint8Array {
  return concatBytes(encodeRowHead({ expiresAt: 0, version }), defined(toUtf8(model), 'a model holds no lone surrogate'));
}

export function decodeModelRow(row: Uint8Array): ModelLeaf {
  assert(row.length > 0 && row.length > headBytes(row, 0), 'a model row has its head and a text');
  return { model: defined(fromUtf8(row.subarray(headBytes(row, 0))), 'a model is UTF-8'), version: rowVersion(row) };
}
