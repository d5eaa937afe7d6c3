/** Writing and dropping the cells of tree pages: where a key or value is too large for its cell, its chain is made here. */
import { prefixLengthOf, setU16, setU32, u32At } from '../page/header.ts';
import { dropChain, writeChain } from '../page/overflow.ts';
import {
  CELL_HEADER_BYTES,
  cellAt,
  cellBytesAt,
  isLongKeyAt,
  keyChainAt,
  LONG_KEY,
  LONG_KEY_REF_BYTES,
  openCell,
  setHead,
  setWord,
  VALUE_OVERFLOWS,
  VALUE_REF_BYTES,
  valueAt,
  wordAt,
} from '../page/slotted.ts';
import type { PageSpace } from '../page/space.ts';
import type { PageId } from '../page/store.ts';
import type { TreeLimits } from './limits.ts';

/** A cell that is not in a page yet. One per tree, reused. */
export class PendingCell {
  key: Uint8Array = new Uint8Array(0);
  /** Key bytes in the cell, counted from the start of the key. */
  localEnd: number = 0;
  word: number = 0;
  /** What is behind the key: an inline value, a reference, or nothing. */
  tail: Uint8Array = new Uint8Array(0);
  private readonly reference: Uint8Array = new Uint8Array(VALUE_REF_BYTES);

  /** A separator: keys from it on are in the child. */
  separator(limits: TreeLimits, key: Uint8Array, child: PageId): void {
    this.setKey(limits, key);
    this.word = child;
    this.tail = this.reference.subarray(0, 0);
  }

  /** A key with its value. A value that does not fit gets its chain here. */
  entry(space: PageSpace, limits: TreeLimits, key: Uint8Array, value: Uint8Array): void {
    this.setKey(limits, key);
    const local = key.length > limits.keyMax ? limits.longKeyLocal + LONG_KEY_REF_BYTES : key.length;
    // Decided by the whole key, whatever the prefix is now, so that a moved cell never changes form.
    if (CELL_HEADER_BYTES + local + value.length <= limits.cellMax) {
      this.word = value.length;
      this.tail = value;
    } else {
      this.word = VALUE_OVERFLOWS + value.length;
      setU32(this.reference, 0, writeChain(space, value));
      this.tail = this.reference;
    }
  }

  private setKey(limits: TreeLimits, key: Uint8Array): void {
    this.key = key;
    this.localEnd = key.length > limits.keyMax ? limits.longKeyLocal : key.length;
  }

  get isLong(): boolean {
    return this.localEnd < this.key.length;
  }

  /** Size in a page with such a prefix. */
  bytesUnder(prefixLength: number): number {
    const reference = this.isLong ? LONG_KEY_REF_BYTES : 0;
    return CELL_HEADER_BYTES + this.localEnd - prefixLength + reference + this.tail.length;
  }
}

/** Writes the cell as entry `index` of a page that has a gap for it. A long key gets its chain here. */
export function putCell(space: PageSpace, page: Uint8Array, index: number, cell: PendingCell): void {
  const prefixLength = prefixLengthOf(page);
  const bytes = cell.bytesUnder(prefixLength);
  const at = openCell(page, index, bytes);
  const local = cell.localEnd - prefixLength;
  setU16(page, at, cell.isLong ? LONG_KEY | local : local);
  setWord(page, at, cell.word);
  let out = at + CELL_HEADER_BYTES;
  for (let i = prefixLength; i < cell.localEnd; i += 1) page[out++] = cell.key[i] as number;
  if (cell.isLong) {
    setU16(page, out, cell.key.length);
    setU32(page, out + 2, writeChain(space, cell.key));
    out += LONG_KEY_REF_BYTES;
  }
  copyInto(cell.tail, page, out);
  setHead(page, index);
}

/** Copies all of `from`. Why a loop for few bytes: `set` costs 40 ns before the first one. */
export function copyInto(from: Uint8Array, to: Uint8Array, at: number): void {
  if (from.length > 64) to.set(from, at);
  else for (let i = 0; i < from.length; i += 1) to[at + i] = from[i] as number;
}

/** First page of an overflowing value's chain. */
export function valueChainAt(page: Uint8Array, cell: number): PageId {
  return u32At(page, valueAt(page, cell)) as PageId;
}

/** Drops the chain of an entry's key, where it has one. */
export function dropKeyChain(space: PageSpace, page: Uint8Array, index: number): void {
  const cell = cellAt(page, index);
  if (isLongKeyAt(page, cell)) dropChain(space, keyChainAt(page, cell));
}

/** Drops the chain of a leaf entry's value, where it has one. */
export function dropValueChain(space: PageSpace, page: Uint8Array, index: number): void {
  const cell = cellAt(page, index);
  if (wordAt(page, cell) >= VALUE_OVERFLOWS) dropChain(space, valueChainAt(page, cell));
}

/** Overwrites an inline value by one of the same length. @returns false where that is not the case. */
export function overwriteValue(page: Uint8Array, index: number, value: Uint8Array): boolean {
  const cell = cellAt(page, index);
  if (wordAt(page, cell) !== value.length) return false;
  copyInto(value, page, valueAt(page, cell));
  return true;
}

/** Bytes an entry takes, for choosing where to split. */
export function entryCellBytes(page: Uint8Array, index: number): number {
  return cellBytesAt(page, cellAt(page, index));
}
