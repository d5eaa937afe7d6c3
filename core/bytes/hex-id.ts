/** 128-bit ids as text in memory (interned, comparable) and as 16 raw bytes in every format. */
import { assert, defined } from '../assert.ts';
import type { Entropy } from '../capability.ts';
import type { Branded } from '../ids.ts';
import { HEX_IDS } from './id-text.ts';
import type { Reader } from './reader.ts';
import { fromHex, toHex } from './text.ts';
import type { Writer } from './writer.ts';

/** 16 bytes as 32 lower-case hex digits. */
export const ID_BYTES: number = 16;

/** Draws a new id. */
export function drawId<B extends string>(entropy: Entropy): Branded<string, B> {
  const bytes = new Uint8Array(ID_BYTES);
  entropy.fill(bytes, 0, ID_BYTES);
  return toHex(bytes) as Branded<string, B>;
}

/** Appends the 16 bytes of an id. */
export function writeId(writer: Writer, id: string): void {
  assert(id.length === 2 * ID_BYTES, 'an id is 32 hex digits');
  writer.raw(defined(fromHex(id), 'an id is lower-case hex'));
}

/** Reads the 16 bytes of an id; the empty text after a failed read. */
export function readId<B extends string>(reader: Reader): Branded<string, B> {
  return reader.id(HEX_IDS) as Branded<string, B>;
}
