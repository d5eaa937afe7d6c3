/**
 * Finding a key in a page, the hottest code of a node.
 *
 * A page's prefix covers the whole key range of its subtree, not only the keys that happen to be there: the descent
 * already showed that the key lies in that range, so it begins with the prefix, and the prefix is never compared. What is
 * compared are 32-bit heads, and whole keys only where heads tie.
 */
import { compareBytes } from '../bytes/compare.ts';
import { countOf, HEADER_BYTES, i32At, linkOf, prefixLengthOf } from '../page/header.ts';
import { readChain } from '../page/overflow.ts';
import {
  CELL_HEADER_BYTES,
  cellAt,
  copyKey,
  ENTRY_BYTES,
  isLongKeyAt,
  keyChainAt,
  keyLengthAt,
  localLengthAt,
  wordAt,
} from '../page/slotted.ts';
import type { PageSpace } from '../page/space.ts';
import type { PageId } from '../page/store.ts';

/** Makes the signed order of 32-bit numbers the unsigned one. Why: unsigned ones above 2^31 are heap numbers in V8. */
const SIGN = 0x8000_0000 | 0;

/** The four key bytes from `at` on, zero-padded, in signed order. */
function headOf(key: Uint8Array, at: number): number {
  const left = key.length - at;
  if (left >= 4) return i32At(key, at) ^ SIGN;
  let head = 0;
  for (let i = 0; i < left; i += 1) head |= (key[at + i] as number) << (24 - 8 * i);
  return head ^ SIGN;
}

/** Order of a cell's key against a key that shares the page's prefix. */
function compareCell(space: PageSpace, page: Uint8Array, cell: number, key: Uint8Array, prefixLength: number): number {
  const local = localLengthAt(page, cell);
  const left = key.length - prefixLength;
  const shared = local < left ? local : left;
  const start = cell + CELL_HEADER_BYTES;
  // Equal heads are four equal bytes, unless one of the keys is shorter than that.
  for (let i = shared >= 4 ? 4 : 0; i < shared; i += 1) {
    const difference = (page[start + i] as number) - (key[prefixLength + i] as number);
    if (difference !== 0) return difference;
  }
  if (isLongKeyAt(page, cell)) return compareBytes(readChain(space, keyChainAt(page, cell), keyLengthAt(page, cell)), key);
  return local - left;
}

/** Index of the key in a leaf, or ~index of where it would be inserted. */
export function findInLeaf(space: PageSpace, page: Uint8Array, key: Uint8Array): number {
  const prefixLength = prefixLengthOf(page);
  const head = headOf(key, prefixLength);
  let low = 0;
  let high = countOf(page);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const probe = i32At(page, HEADER_BYTES + middle * ENTRY_BYTES) ^ SIGN;
    if (probe < head) low = middle + 1;
    else if (probe > head) high = middle;
    else {
      const order = compareCell(space, page, cellAt(page, middle), key, prefixLength);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
  }
  return ~low;
}

/** Which child of a branch holds the key: 0 = left of all separators. A key equal to a separator is right of it. */
export function findChild(space: PageSpace, page: Uint8Array, key: Uint8Array): number {
  const prefixLength = prefixLengthOf(page);
  const head = headOf(key, prefixLength);
  let low = 0;
  let high = countOf(page);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const probe = i32At(page, HEADER_BYTES + middle * ENTRY_BYTES) ^ SIGN;
    if (probe < head) low = middle + 1;
    else if (probe > head) high = middle;
    else if (compareCell(space, page, cellAt(page, middle), key, prefixLength) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The page of a branch's child. @param child as from findChild. */
export function childAt(page: Uint8Array, child: number): PageId {
  return child === 0 ? linkOf(page) : (wordAt(page, cellAt(page, child - 1)) as PageId);
}

/** A copy of the whole key of an entry. */
export function keyAt(space: PageSpace, page: Uint8Array, index: number): Uint8Array {
  const cell = cellAt(page, index);
  const length = keyLengthAt(page, cell);
  if (isLongKeyAt(page, cell)) return readChain(space, keyChainAt(page, cell), length);
  const key = new Uint8Array(length);
  copyKey(page, cell, key, length);
  return key;
}

/** As findInLeaf, for a key that may lie outside the leaf's range and need not share its prefix. */
export function boundInLeaf(space: PageSpace, page: Uint8Array, key: Uint8Array): number {
  const prefixLength = prefixLengthOf(page);
  const prefixAt = page.length - prefixLength;
  for (let i = 0; i < prefixLength; i += 1) {
    if (i >= key.length) return 0;
    const difference = (page[prefixAt + i] as number) - (key[i] as number);
    if (difference !== 0) return difference > 0 ? 0 : countOf(page);
  }
  const found = findInLeaf(space, page, key);
  return found < 0 ? ~found : found;
}

/** Length of the common prefix. */
export function sharedLength(a: Uint8Array, b: Uint8Array): number {
  const shared = a.length < b.length ? a.length : b.length;
  let i = 0;
  while (i < shared && a[i] === b[i]) i += 1;
  return i;
}
