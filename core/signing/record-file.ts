/**
 * The file SIGNING of a data directory: the key with which the node signs checkpoints, and what it has signed with it. Both stand in
 * one file, so that neither is lost, copied or put back without the other. Made of blocks of 512 bytes, which a disk writes whole or
 * not at all: docs/internals/signing.md. Big-endian.
 *
 *   OFFSET SIZE  BLOCK 0: THE KEY
 *   0      8     'VOUCHSIG'
 *   8      1     format, 1
 *   9      1     form of the secret: 0 clear, 1 sealed under the node's own data key (core/seal)
 *   10     16    node
 *   26     32    public key
 *   58     2     length of the secret
 *   60     …     secret, then zeros
 *   508    4     CRC-32C over everything before
 *
 *   OFFSET SIZE  BLOCKS 1, 2, …: WHAT WAS SIGNED, A LATER ROW OF A VAULT INSTEAD OF AN EARLIER ONE
 *   0      4     number of the block
 *   4      4     blocks, this file's first included, that were durable when this one was written
 *   8      4     CRC of block 0: whose record it is
 *   12     1     rows, 1 to 8; each: vault 16, u64 size, root 32
 *   …            zeros
 *   508    4     CRC-32C over everything before
 * A block of zeros was never written. The file has room for more blocks than it holds; once it is full it is written anew, under a
 * temporary name.
 */
import { assert } from '../assert.ts';
import { crc32c } from '../bytes/crc32c.ts';
import { readId, writeId } from '../bytes/hex-id.ts';
import { Reader } from '../bytes/reader.ts';
import { toUtf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import { PUBLIC_KEY_BYTES } from '../capability.ts';
import type { NodeId, VaultId } from '../ids.ts';
import { readUlid, writeUlid } from '../state/ulid-field.ts';

export const SIGNING_FILE: string = 'SIGNING';
export const SIGNING_BLOCK_BYTES: number = 512;
/** Rows of a block. */
export const SIGNING_ROWS: number = 8;

const MAGIC: Uint8Array = toUtf8('VOUCHSIG') as Uint8Array;
const FORMAT = 1;
const CHECKED_BYTES = SIGNING_BLOCK_BYTES - 4;
const HASH_BYTES = 32;
/** A secret, sealed or not, is shorter. */
const SECRET_BYTES_MAX = 256;

export interface SigningHeader {
  readonly node: NodeId;
  readonly publicKey: Uint8Array;
  readonly form: 'clear' | 'sealed';
  readonly secret: Uint8Array;
}

/** What the node has signed last of a vault's log. */
export interface SignedRow {
  readonly vault: VaultId;
  /** Leaves of the log. */
  readonly size: number;
  readonly root: Uint8Array;
}

export interface SigningBlock {
  readonly number: number;
  readonly durable: number;
  /** CRC of the key's block. */
  readonly key: number;
  readonly rows: readonly SignedRow[];
}

function finished(writer: Writer): Uint8Array {
  const block = new Uint8Array(SIGNING_BLOCK_BYTES);
  assert(writer.length <= CHECKED_BYTES, 'a block of the signing record has room for its rows');
  block.set(writer.peek());
  const checksum = new Writer(4);
  checksum.u32(crc32c(block, 0, CHECKED_BYTES));
  block.set(checksum.peek(), CHECKED_BYTES);
  return block;
}

/** The checksum that a block carries. */
export function checksumOf(block: Uint8Array): number {
  return new Reader(block, CHECKED_BYTES).u32();
}

function isWhole(block: Uint8Array): boolean {
  return block.length === SIGNING_BLOCK_BYTES && checksumOf(block) === crc32c(block, 0, CHECKED_BYTES);
}

export function encodeSigningHeader({ node, publicKey, form, secret }: SigningHeader): Uint8Array {
  assert(publicKey.length === PUBLIC_KEY_BYTES && secret.length <= SECRET_BYTES_MAX, 'a key fits its block');
  const writer = new Writer(SIGNING_BLOCK_BYTES);
  writer.raw(MAGIC);
  writer.u8(FORMAT);
  writer.u8(form === 'sealed' ? 1 : 0);
  writeId(writer, node);
  writer.raw(publicKey);
  writer.u16(secret.length);
  writer.raw(secret);
  return finished(writer);
}

/** undefined: it is no such block, or damaged. */
export function decodeSigningHeader(block: Uint8Array): SigningHeader | undefined {
  if (!isWhole(block)) return undefined;
  const reader = new Reader(block);
  const magic = reader.raw(MAGIC.length);
  if (MAGIC.some((byte, i) => magic[i] !== byte) || reader.u8() !== FORMAT) return undefined;
  const form = reader.flag() ? 'sealed' : 'clear';
  const node = readId<'NodeId'>(reader);
  const publicKey = reader.copy(PUBLIC_KEY_BYTES);
  const length = reader.u16();
  if (reader.failed !== undefined || length > SECRET_BYTES_MAX) return undefined;
  return { node, publicKey, form, secret: reader.copy(length) };
}

export function encodeSigningBlock({ number, durable, key, rows }: SigningBlock): Uint8Array {
  assert(rows.length >= 1 && rows.length <= SIGNING_ROWS, 'a block has one to eight rows');
  const writer = new Writer(SIGNING_BLOCK_BYTES);
  writer.u32(number);
  writer.u32(durable);
  writer.u32(key);
  writer.u8(rows.length);
  for (const { vault, size, root } of rows) {
    writeUlid(writer, vault);
    writer.u64(size);
    writer.raw(root);
  }
  return finished(writer);
}

/** 'empty': it was never written. undefined: it is damaged. */
export function decodeSigningBlock(block: Uint8Array): SigningBlock | 'empty' | undefined {
  if (block.every((byte) => byte === 0)) return 'empty';
  if (!isWhole(block)) return undefined;
  const reader = new Reader(block);
  const number = reader.u32();
  const durable = reader.u32();
  const key = reader.u32();
  const count = reader.u8();
  if (count < 1 || count > SIGNING_ROWS) return undefined;
  const rows: SignedRow[] = [];
  for (let row = 0; row < count; row += 1) {
    rows.push({ vault: readUlid<'VaultId'>(reader), size: reader.u64(), root: reader.copy(HASH_BYTES) });
  }
  return reader.failed === undefined ? { number, durable, key, rows } : undefined;
}

/**
 * The same file with zeros in the place of the secret, where that stands in clear: for whoever keeps a copy that others may read. It
 * is as whole, and as damaged, as it was; of one whose first block is damaged nothing is left but its length.
 */
export function withoutSecret(file: Uint8Array): Uint8Array {
  const copy = file.slice();
  const before = copy.subarray(0, SIGNING_BLOCK_BYTES);
  const header = decodeSigningHeader(before);
  if (header === undefined) return copy.fill(0);
  if (header.form === 'sealed') return copy;
  const [was, head] = [checksumOf(before), encodeSigningHeader({ ...header, secret: new Uint8Array(header.secret.length) })];
  copy.set(head);
  for (let at = SIGNING_BLOCK_BYTES; at + SIGNING_BLOCK_BYTES <= copy.length; at += SIGNING_BLOCK_BYTES) {
    const block = decodeSigningBlock(copy.subarray(at, at + SIGNING_BLOCK_BYTES));
    if (block === 'empty' || block === undefined || block.key !== was) continue;
    copy.set(encodeSigningBlock({ ...block, key: checksumOf(head) }), at);
  }
  return copy;
}
