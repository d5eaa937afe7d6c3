/** ULIDs inside formats: 26 characters in memory, their 16 bytes on disk and wire. */
import { assert, defined } from '../assert.ts';
import { IdTexts } from '../bytes/id-text.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import { decodeUlid, encodeUlid, ULID_BYTES, ULID_CHARACTERS } from '../chain/ulid.ts';
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

const TEXTS: IdTexts = new IdTexts(encodeUlid);
const ZERO: string = encodeUlid(new Uint8Array(ULID_BYTES));

/** Ids written lately with their bytes, by their last character: an entry and its answers name one vault again and again. */
const written: { id: string | undefined; bytes: Uint8Array }[] = Array.from({ length: 128 }, () => ({
  id: undefined,
  bytes: new Uint8Array(0),
}));

export function writeUlid(writer: Writer, id: string): void {
  const known = defined(written[id.charCodeAt(ULID_CHARACTERS - 1) & 127], 'there is a place for every character');
  if (known.id !== id) {
    known.bytes = ulidBytes(id);
    known.id = id;
  }
  writer.raw(known.bytes);
}

/** Reads 16 bytes; the zero ULID after a failed read. */
export function readUlid<B extends string>(reader: Reader): Branded<string, B> {
  const text = reader.id(TEXTS);
  return (text === '' ? ZERO : text) as Branded<string, B>;
}
