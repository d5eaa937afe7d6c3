/**
 * The first 64 bytes of every page. All numbers big-endian.
 *
 *   OFFSET SIZE
 *        0    4  CRC-32C of bytes [4, page size), written when the page goes to disk
 *        4    4  page id, so that a misdirected write is seen
 *        8    8  generation in which the page was allocated (space.ts)
 *       16    1  kind: 1 leaf, 2 branch, 3 overflow
 *       17    1  format version, 1
 *       18    2  count: entries of a leaf or branch
 *       20    2  cellStart: where the lowest cell begins
 *       22    2  garbage: bytes of removed cells above cellStart
 *       24    2  prefixLength: the shared prefix is the last bytes of the page
 *       26    2  where the newest entry was inserted, plus 1; 0 = nowhere. A hint for splits (core/btree/writer.ts)
 *       28    4  link: leftmost child of a branch, next page of an overflow chain, else 0
 *       32   16  owner: the vault whose tree the page is of; zeros = the group's own
 *       48   16  0
 */
import type { PageId } from './store.ts';

export const HEADER_BYTES: number = 64;
/** Page kinds. On disk: do not renumber. */
export const PageKind = { leaf: 1, branch: 2, overflow: 3 } as const;
const FORMAT_VERSION = 1;

const ID_AT = 4;
const GENERATION_AT = 8;
const KIND_AT = 16;
const VERSION_AT = 17;
const COUNT_AT = 18;
const CELL_START_AT = 20;
const GARBAGE_AT = 22;
const PREFIX_LENGTH_AT = 24;
const OWNER_AT = 32;
/** Bytes of an owner. */
export const OWNER_BYTES: number = 16;
const INSERTED_AT = 26;
const LINK_AT = 28;

export function u16At(page: Uint8Array, at: number): number {
  return ((page[at] as number) << 8) | (page[at + 1] as number);
}
export function u32At(page: Uint8Array, at: number): number {
  return i32At(page, at) >>> 0;
}
/** The same four bytes as a signed number: what the search compares, because it stays a small integer in the engine. */
export function i32At(page: Uint8Array, at: number): number {
  return (
    ((page[at] as number) << 24) | ((page[at + 1] as number) << 16) | ((page[at + 2] as number) << 8) | (page[at + 3] as number)
  );
}
export function setU16(page: Uint8Array, at: number, value: number): void {
  page[at] = value >>> 8;
  page[at + 1] = value;
}
export function setU32(page: Uint8Array, at: number, value: number): void {
  page[at] = value >>> 24;
  page[at + 1] = value >>> 16;
  page[at + 2] = value >>> 8;
  page[at + 3] = value;
}

export function kindOf(page: Uint8Array): number {
  return page[KIND_AT] as number;
}
export function isBranch(page: Uint8Array): boolean {
  return page[KIND_AT] === PageKind.branch;
}
export function countOf(page: Uint8Array): number {
  return u16At(page, COUNT_AT);
}
export function setCount(page: Uint8Array, count: number): void {
  setU16(page, COUNT_AT, count);
}
export function cellStartOf(page: Uint8Array): number {
  return u16At(page, CELL_START_AT);
}
export function setCellStart(page: Uint8Array, at: number): void {
  setU16(page, CELL_START_AT, at);
}
export function garbageOf(page: Uint8Array): number {
  return u16At(page, GARBAGE_AT);
}
export function setGarbage(page: Uint8Array, bytes: number): void {
  setU16(page, GARBAGE_AT, bytes);
}
export function prefixLengthOf(page: Uint8Array): number {
  return u16At(page, PREFIX_LENGTH_AT);
}
export function setPrefixLength(page: Uint8Array, length: number): void {
  setU16(page, PREFIX_LENGTH_AT, length);
}
/** Index at which the newest entry was inserted; -1 where that is not known. */
export function insertedAt(page: Uint8Array): number {
  return u16At(page, INSERTED_AT) - 1;
}
export function setInsertedAt(page: Uint8Array, index: number): void {
  setU16(page, INSERTED_AT, index + 1);
}
export function linkOf(page: Uint8Array): PageId {
  return u32At(page, LINK_AT) as PageId;
}
export function setLink(page: Uint8Array, id: PageId): void {
  setU32(page, LINK_AT, id);
}
export function pageIdOf(page: Uint8Array): PageId {
  return u32At(page, ID_AT) as PageId;
}
export function generationOf(page: Uint8Array): number {
  return u32At(page, GENERATION_AT) * 0x1_0000_0000 + u32At(page, GENERATION_AT + 4);
}

/** Whose page it is; a view. @param page its first 64 bytes will do */
export function ownerOf(page: Uint8Array): Uint8Array {
  return page.subarray(OWNER_AT, OWNER_AT + OWNER_BYTES);
}

/** Marks a page as allocated under this id in this generation, for a tree of that owner. */
export function stampPage(page: Uint8Array, id: PageId, generation: number, owner: Uint8Array): void {
  for (let i = 0; i < OWNER_BYTES; i += 1) page[OWNER_AT + i] = owner[i] as number;
  setU32(page, ID_AT, id);
  const high = Math.floor(generation / 0x1_0000_0000);
  setU32(page, GENERATION_AT, high);
  setU32(page, GENERATION_AT + 4, generation - high * 0x1_0000_0000);
}

/** Writes everything of the header but the stamp; nothing of an earlier use of the page remains. */
export function initHeader(page: Uint8Array, kind: number, link: PageId): void {
  page.fill(0, KIND_AT, OWNER_AT);
  page.fill(0, OWNER_AT + OWNER_BYTES, HEADER_BYTES);
  page[KIND_AT] = kind;
  page[VERSION_AT] = FORMAT_VERSION;
  setCellStart(page, page.length);
  setLink(page, link);
}
