/** ULIDs inside formats: 26 characters in memory, their 16 bytes on disk and wire. */
import { assert, defined } from '../assert.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import { decodeUlid, encodeUlid, ULID_BYTES } from '../chain/ulid.ts';
import type { Branded } from '../ids.ts';

/** The 16 bytes of an id that passed admission. */
export function ulidBytes(id: string): Uint8Array {
  return defined(decodeUlid(id), 'an id inside is a canonical ULID');
}

/** The id of 16 bytes. */
export function ulidText<B extends string>(bytes: Uint8Array): Branded<string, B> {
  assert(bytes.length === ULID_BYTES, 'a ULID has 16 bytes');
  return encodeUlid(bytes) as Branded<string, B>;
}

export function writeUlid(writer: Writer, id: string): void {
  writer.raw(ulidBytes(id));
}

/** Reads 16 bytes; the zero ULID after a failed read. */
export function readUlid<B extends string>(reader: Reader): Branded<string, B> {
  const bytes = reader.raw(ULID_BYTES);
  return ulidText<B>(bytes.length === ULID_BYTES ? bytes : new Uint8Array(ULID_BYTES));
}
