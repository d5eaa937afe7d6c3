/**
 * A block in one byte string: on client links, in pages of blocks (docs/reference/http.md) and in audit files (core/audit/format.ts).
 *
 *   OFFSET SIZE
 *        0  196  header
 *      196    1  1: its transactions follow · 0: the vault does not keep them
 *      197    …  list of blob: canonical transactions, at least one
 */
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import type { KeptBlock } from '../client/chain-protocol.ts';
import type { Decoded } from '../errors.ts';
import { TRANSACTION_BYTES_MAX } from '../limits.ts';
import { HEADER_BYTES } from './header.ts';

/** The smallest block, bytes. */
export const BLOCK_BYTES_MIN: number = HEADER_BYTES + 1;
/** The smallest transaction with its length: a format and a kind. */
const TRANSACTION_ITEM_BYTES_MIN = 4 + 2;

export function writeBlock(writer: Writer, { header, transactions }: KeptBlock): void {
  writer.raw(header);
  writer.u8(transactions === undefined ? 0 : 1);
  if (transactions === undefined) return;
  writer.u32(transactions.length);
  for (const bytes of transactions) writer.blob(bytes);
}

/** What is returned holds copies. Says nothing of what the bytes say: neither header nor transactions are decoded. */
export function readBlock(reader: Reader): KeptBlock {
  const header = reader.copy(HEADER_BYTES);
  if (!reader.flag()) return { header, transactions: undefined };
  const count = reader.u32();
  if (count === 0) reader.fail('bad_length');
  if (count * TRANSACTION_ITEM_BYTES_MIN > reader.remaining) reader.fail('truncated');
  const transactions: Uint8Array[] = [];
  for (let i = 0; i < count && reader.failed === undefined; i += 1) transactions.push(reader.blobCopy(TRANSACTION_BYTES_MAX));
  return { header, transactions };
}

/** A page of blocks: u64 height of the newest block, u32 count, blocks. */
export function encodeBlockPage(newest: number, blocks: readonly KeptBlock[]): Uint8Array {
  const writer = new Writer();
  writer.u64(newest);
  writer.u32(blocks.length);
  for (const block of blocks) writeBlock(writer, block);
  return writer.finish();
}

export function decodeBlockPage(bytes: Uint8Array): Decoded<{ readonly newest: number; readonly blocks: readonly KeptBlock[] }> {
  const reader = new Reader(bytes);
  const newest = reader.u64();
  const count = reader.u32();
  if (count * BLOCK_BYTES_MIN > reader.remaining) reader.fail('truncated');
  const blocks: KeptBlock[] = [];
  for (let i = 0; i < count && reader.failed === undefined; i += 1) blocks.push(readBlock(reader));
  return reader.finish({ newest, blocks });
}
