/**
 * A leaf or branch page: sorted entries grow up from the header, cells grow down from the end, the shared prefix is last.
 *
 *   ENTRY  4  head: the first four key bytes behind the prefix, zero-padded
 *          2  offset of the cell
 *   CELL   2  bit 15: long key; bits 0-14: local length, the key bytes that are in the cell
 *          4  word: child page of a branch; of a leaf, bit 31: the value overflows; bits 0-30: value length
 *          n  local key bytes, behind the prefix
 *          6  long keys only: u16 length of the whole key, u32 first page of its chain (the chain holds the whole key)
 *          m  leaf only: the value, or u32 first page of its chain
 *
 * Why heads: a search compares 32-bit numbers that lie side by side, and touches a cell only where four bytes tie.
 * Why the local part of a long key ends at a fixed place of the key (limits.ts): when a longer prefix is cut off in a
 * split, enough of it remains, so cells move between pages without reading chains.
 */
import { assert } from '../assert.ts';
import {
  cellStartOf,
  countOf,
  garbageOf,
  HEADER_BYTES,
  initHeader,
  isBranch,
  prefixLengthOf,
  setCellStart,
  setCount,
  setGarbage,
  setPrefixLength,
  setU16,
  setU32,
  u16At,
  u32At,
} from './header.ts';
import type { PageId } from './store.ts';

export const ENTRY_BYTES: number = 6;
export const CELL_HEADER_BYTES: number = 6;
export const LONG_KEY_REF_BYTES: number = 6;
export const VALUE_REF_BYTES: number = 4;
export const LONG_KEY: number = 0x8000;
export const VALUE_OVERFLOWS: number = 0x8000_0000;

/** Offset of the cell of an entry. */
export function cellAt(page: Uint8Array, index: number): number {
  return u16At(page, HEADER_BYTES + index * ENTRY_BYTES + 4);
}
/** Key bytes that are in the cell. */
export function localLengthAt(page: Uint8Array, cell: number): number {
  return u16At(page, cell) & 0x7fff;
}
export function isLongKeyAt(page: Uint8Array, cell: number): boolean {
  return ((page[cell] as number) & 0x80) !== 0;
}
export function wordAt(page: Uint8Array, cell: number): number {
  return u32At(page, cell + 2);
}
export function setWord(page: Uint8Array, cell: number, word: number): void {
  setU32(page, cell + 2, word);
}
/** Where the value of a leaf's cell, or the reference to its chain, begins. */
export function valueAt(page: Uint8Array, cell: number): number {
  const behindKey = cell + CELL_HEADER_BYTES + localLengthAt(page, cell);
  return isLongKeyAt(page, cell) ? behindKey + LONG_KEY_REF_BYTES : behindKey;
}
/** Length of the whole key of a cell, prefix included. */
export function keyLengthAt(page: Uint8Array, cell: number): number {
  const local = localLengthAt(page, cell);
  return isLongKeyAt(page, cell) ? u16At(page, cell + CELL_HEADER_BYTES + local) : prefixLengthOf(page) + local;
}
/** First page of a long key's chain. */
export function keyChainAt(page: Uint8Array, cell: number): PageId {
  return u32At(page, cell + CELL_HEADER_BYTES + localLengthAt(page, cell) + 2) as PageId;
}
/** Size of a cell, bytes. */
export function cellBytesAt(page: Uint8Array, cell: number): number {
  const behindKey = valueAt(page, cell) - cell;
  if (isBranch(page)) return behindKey;
  const word = wordAt(page, cell);
  return behindKey + (word >= VALUE_OVERFLOWS ? VALUE_REF_BYTES : word);
}

/** Makes an empty page whose prefix is the first bytes of a key. The stamp stays. */
export function initSlotted(page: Uint8Array, kind: number, link: PageId, key: Uint8Array, prefixLength: number): void {
  initHeader(page, kind, link);
  setPrefixLength(page, prefixLength);
  const prefixAt = page.length - prefixLength;
  for (let i = 0; i < prefixLength; i += 1) page[prefixAt + i] = key[i] as number;
  setCellStart(page, prefixAt);
}

/** Bytes that entries, cells and prefix take, without garbage. */
export function usedBytes(page: Uint8Array): number {
  return countOf(page) * ENTRY_BYTES + (page.length - cellStartOf(page)) - garbageOf(page);
}
/** Whether a cell of this size fits, perhaps after `compact`. */
export function hasRoom(page: Uint8Array, cellBytes: number): boolean {
  return usedBytes(page) + ENTRY_BYTES + cellBytes <= page.length - HEADER_BYTES;
}
/** Whether a cell of this size fits without `compact`. */
export function hasGap(page: Uint8Array, cellBytes: number): boolean {
  return HEADER_BYTES + (countOf(page) + 1) * ENTRY_BYTES + cellBytes <= cellStartOf(page);
}

/** Makes room for an entry before `index` and its cell; the caller writes the cell, then calls `setHead`. */
export function openCell(page: Uint8Array, index: number, cellBytes: number): number {
  const count = countOf(page);
  assert(hasGap(page, cellBytes), 'a cell is opened where there is room');
  const at = HEADER_BYTES + index * ENTRY_BYTES;
  const end = HEADER_BYTES + count * ENTRY_BYTES;
  if (at < end) page.copyWithin(at + ENTRY_BYTES, at, end);
  const cell = cellStartOf(page) - cellBytes;
  setCellStart(page, cell);
  setU16(page, at + 4, cell);
  setCount(page, count + 1);
  return cell;
}

/** Derives an entry's head from its cell. */
export function setHead(page: Uint8Array, index: number): void {
  const at = HEADER_BYTES + index * ENTRY_BYTES;
  const cell = u16At(page, at + 4);
  const local = localLengthAt(page, cell);
  for (let i = 0; i < 4; i += 1) page[at + i] = i < local ? (page[cell + CELL_HEADER_BYTES + i] as number) : 0;
}

/** Removes an entry; its cell becomes garbage. */
export function removeEntry(page: Uint8Array, index: number): void {
  const count = countOf(page);
  const cell = cellAt(page, index);
  const bytes = cellBytesAt(page, cell);
  if (cell === cellStartOf(page)) setCellStart(page, cell + bytes);
  else setGarbage(page, garbageOf(page) + bytes);
  const at = HEADER_BYTES + index * ENTRY_BYTES;
  page.copyWithin(at, at + ENTRY_BYTES, HEADER_BYTES + count * ENTRY_BYTES);
  setCount(page, count - 1);
}

/** Size a cell has under a prefix of another length. */
export function movedCellBytes(page: Uint8Array, cell: number, prefixLength: number): number {
  return cellBytesAt(page, cell) + prefixLengthOf(page) - prefixLength;
}

/** Appends entries [first, end) of one page to another of the same kind, whose prefix may be shorter or longer. */
export function copyEntries(from: Uint8Array, first: number, end: number, to: Uint8Array): void {
  const cut = prefixLengthOf(to) - prefixLengthOf(from);
  for (let index = first; index < end; index += 1) {
    const cell = cellAt(from, index);
    const bytes = cellBytesAt(from, cell);
    const at = countOf(to);
    const target = openCell(to, at, bytes - cut);
    const keyInfo = u16At(from, cell) - cut; // the flag is above the length, and the length stays positive
    setU16(to, target, keyInfo);
    setWord(to, target, wordAt(from, cell));
    let out = target + CELL_HEADER_BYTES;
    const prefixEnd = from.length;
    for (let i = prefixEnd + Math.min(cut, 0); i < prefixEnd; i += 1) to[out++] = from[i] as number;
    const behind = cell + bytes;
    for (let i = cell + CELL_HEADER_BYTES + Math.max(cut, 0); i < behind; i += 1) to[out++] = from[i] as number;
    setHead(to, at);
  }
}

/** Moves the cells together so that all free bytes are one gap. @param mirror scratch of the page's size. */
export function compact(page: Uint8Array, mirror: Uint8Array): void {
  mirror.set(page);
  const prefixLength = prefixLengthOf(page);
  setCount(page, 0);
  setGarbage(page, 0);
  setCellStart(page, page.length - prefixLength);
  copyEntries(mirror, 0, countOf(mirror), page);
}

/** The first `length` bytes of the key of a cell that has at least so many in the page (prefix and local part). */
export function copyKey(page: Uint8Array, cell: number, out: Uint8Array, length: number): void {
  const prefixLength = prefixLengthOf(page);
  const prefixAt = page.length - prefixLength;
  const fromPrefix = prefixLength < length ? prefixLength : length;
  for (let i = 0; i < fromPrefix; i += 1) out[i] = page[prefixAt + i] as number;
  const behind = cell + CELL_HEADER_BYTES - prefixLength;
  for (let i = fromPrefix; i < length; i += 1) out[i] = page[behind + i] as number;
}
