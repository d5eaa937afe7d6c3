/**
 * Consistency tokens: where an answer stands, in a text that clients pass on without reading it. `Vouch-Consistency: token:T` then asks
 * for an answer that holds at least that much.
 *
 *   base64url of  u8 format = 1 | u64 height | first 4 bytes of the block's hash
 *
 * The hash is there for who looks into it; a token of another store names a height there, too, and promises no more than that.
 */
import { Reader } from '../../core/bytes/reader.ts';
import { Writer } from '../../core/bytes/writer.ts';
import type { Anchor } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';

const FORMAT = 1;
const HASH_BYTES = 4;

export function tokenOf({ height, blockHash }: Pick<Anchor, 'height' | 'blockHash'>): string {
  const writer = new Writer();
  writer.u8(FORMAT);
  writer.u64(height);
  writer.raw(blockHash.subarray(0, HASH_BYTES));
  return Buffer.from(writer.finish()).toString('base64url');
}

/** The height that an answer must have reached; undefined where the text is no token. */
export function heightOfToken(text: string): Height | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) return undefined;
  const reader = new Reader(new Uint8Array(bytes));
  const format = reader.u8();
  const height = reader.u64();
  reader.raw(HASH_BYTES);
  const read = reader.finish(height);
  return read.ok && format === FORMAT ? (height as Height) : undefined;
}
