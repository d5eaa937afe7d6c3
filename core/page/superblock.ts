/**
 * The superblock of a page file: which checkpoint holds. Four slots of 4096 bytes; a checkpoint writes the two that its number
 * calls for, so that the one before stays whole until the new one is durable, and each has a second copy.
 *
 *   OFFSET SIZE
 *        0    8  'VOUCHPGS'
 *        8    2  format = 1
 *       10    2  bytes that a page's slot has more than a page: 0 = pages stand in clear, else they are sealed (page-sealer.ts)
 *       12    4  page size, bytes
 *       16    4  group
 *       20    8  number of the checkpoint, from 1; it stands in slots 2 * (number mod 2) and the one behind
 *       28    8  log index of the newest entry that the state holds
 *       36    8  its term
 *       44    8  its entry time, microseconds
 *       52    8  generation to continue with: behind that of every page
 *       60    4  root page of the catalog
 *       64    8  rows of the catalog
 *       72    4  first page of the page table
 *       76    4  entries of the page table
 *       80    4  CRC-32C of the page table
 *       84    4  CRC-32C of bytes 0 to 84
 */

import type { TreeRoot } from '../btree/tree.ts';
import { crc32c } from '../bytes/crc32c.ts';
import { Reader } from '../bytes/reader.ts';
import { toUtf8 } from '../bytes/text.ts';
import { readWord, writeWord } from '../bytes/word.ts';
import { Writer } from '../bytes/writer.ts';
import type { DirectoryReader, FileOp } from '../effect.ts';
import type { GroupId, LogIndex, Micros, Term } from '../ids.ts';
import type { TablePlace } from './page-table.ts';
import { isPageSize, type PageId } from './store.ts';

export const SUPERBLOCK_SLOT_BYTES: number = 4096;
const SLOTS = 4;
const MAGIC: Uint8Array = toUtf8('VOUCHPGS') as Uint8Array;
const FORMAT = 1;
const CRC_AT = 84;

export interface Superblock {
  readonly pageBytes: number;
  /** 0: pages stand in clear. */
  readonly overheadBytes: number;
  readonly group: GroupId;
  /** Number of the checkpoint in this file. */
  readonly number: number;
  readonly index: LogIndex;
  readonly term: Term;
  readonly time: Micros;
  readonly generation: number;
  readonly catalog: TreeRoot;
  readonly table: TablePlace;
}

export function encodeSuperblock(block: Superblock): Uint8Array {
  const writer = new Writer(SUPERBLOCK_SLOT_BYTES);
  writer.raw(MAGIC);
  writer.u16(FORMAT);
  writer.u16(block.overheadBytes);
  writer.u32(block.pageBytes);
  writer.u32(block.group);
  for (const counter of [block.number, block.index, block.term, block.time, block.generation]) writer.u64(counter);
  writer.u32(block.catalog.page);
  writer.u64(block.catalog.count);
  writer.u32(block.table.first);
  writer.u32(block.table.entries);
  writer.u32(block.table.checksum);
  const bytes = new Uint8Array(SUPERBLOCK_SLOT_BYTES);
  bytes.set(writer.peek());
  writeWord(crc32c(bytes, 0, CRC_AT), bytes, CRC_AT);
  return bytes;
}

/** @returns undefined where it is none, or not whole. */
function decodeSuperblock(bytes: Uint8Array): Superblock | undefined {
  if (bytes.length < SUPERBLOCK_SLOT_BYTES || crc32c(bytes, 0, CRC_AT) !== readWord(bytes, CRC_AT)) return undefined;
  const reader = new Reader(bytes, 0, CRC_AT);
  const magic = reader.raw(MAGIC.length);
  if (MAGIC.some((byte, at) => magic[at] !== byte) || reader.u16() !== FORMAT) return undefined;
  const overheadBytes = reader.u16();
  const pageBytes = reader.u32();
  const group = reader.u32() as GroupId;
  const number = reader.u64();
  const index = reader.u64() as LogIndex;
  const term = reader.u64() as Term;
  const time = reader.u64() as Micros;
  const generation = reader.u64();
  const catalog = { page: reader.u32() as PageId, count: reader.u64() };
  const table = { first: reader.u32() as PageId, entries: reader.u32(), checksum: reader.u32() };
  if (!reader.finish(true).ok || !isPageSize(pageBytes) || number < 1 || index < 1) return undefined;
  return { pageBytes, overheadBytes, group, number, index, term, time, generation, catalog, table };
}

/** The first of the two slots of a checkpoint. */
function slotOf(number: number): number {
  return 2 * (number % 2);
}

/** What makes a checkpoint the one that holds, once everything in front of it is durable. */
export function writeSuperblock(file: string, block: Superblock): readonly FileOp[] {
  const bytes = encodeSuperblock(block);
  const copies = new Uint8Array(2 * SUPERBLOCK_SLOT_BYTES);
  copies.set(bytes);
  copies.set(bytes, SUPERBLOCK_SLOT_BYTES);
  return [{ op: 'write', file, offset: slotOf(block.number) * SUPERBLOCK_SLOT_BYTES, bytes: copies }];
}

/** Whether a file's superblocks were written by a newer program. Throws StorageError where the disk refuses. */
export function isNewerPageFile(reader: DirectoryReader, file: string): boolean {
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const head = new Reader(reader.read(file, slot * SUPERBLOCK_SLOT_BYTES, MAGIC.length + 2));
    const magic = head.raw(MAGIC.length);
    if (head.u16() > FORMAT && MAGIC.every((byte, at) => magic[at] === byte)) return true;
  }
  return false;
}

/** The whole superblocks of a file, newest first, each once. Throws StorageError where the disk refuses. */
export function readSuperblocks(reader: DirectoryReader, file: string): readonly Superblock[] {
  const found: Map<number, Superblock> = new Map();
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const block = decodeSuperblock(reader.read(file, slot * SUPERBLOCK_SLOT_BYTES, SUPERBLOCK_SLOT_BYTES));
    // A slot that holds another number's superblock was written by mistake.
    if (block !== undefined && slot - (slot % 2) === slotOf(block.number)) found.set(block.number, block);
  }
  return [...found.values()].sort((a, b) => b.number - a.number);
}
