/** How a page's bytes are shared out, for a page size. All in bytes. */
import { assert } from '../assert.ts';
import { HEADER_BYTES } from '../page/header.ts';
import { CELL_HEADER_BYTES, ENTRY_BYTES, LONG_KEY_REF_BYTES, VALUE_REF_BYTES } from '../page/slotted.ts';
import { isPageSize } from '../page/store.ts';

/** Longest key. Why 4 KiB: twice the longest escaped tuple or entity key, with room. */
export const TREE_KEY_BYTES_MAX: number = 4096 + 512;
/** Longest value. Why 1 MiB: no entry is larger. */
export const TREE_VALUE_BYTES_MAX: number = 1 << 20;
/** Levels of a tree. Four cells a page are guaranteed, so 4^24 pages are more than ids can name. */
export const DEPTH_MAX: number = 24;

export interface TreeLimits {
  /** Room for entries, cells and prefix. */
  readonly usable: number;
  /** Longest prefix a page keeps once; a longer one is repeated in the cells. */
  readonly prefixMax: number;
  /** Largest cell, so that every page holds at least four with their entries and the prefix. */
  readonly cellMax: number;
  /** Keys longer than this are long: their cell keeps the first `longKeyLocal` bytes, a chain has all. */
  readonly keyMax: number;
  /** Where the local part of a long key ends, counted from the start of the key. */
  readonly longKeyLocal: number;
  /** Below this a page is merged with a neighbour, if it can be. */
  readonly mergeBelow: number;
  /** A merged page is at most this full. Why not all of it: the next insert would split it again. */
  readonly mergedMax: number;
}

/** The limits of trees with pages of this size. */
export function treeLimits(pageBytes: number): TreeLimits {
  assert(isPageSize(pageBytes), 'a page size is a power of two from 512 to 32768');
  const usable = pageBytes - HEADER_BYTES;
  const prefixMax = Math.min(256, pageBytes >>> 4);
  const cellMax = Math.floor((usable - prefixMax) / 4) - ENTRY_BYTES;
  const keyMax = cellMax - CELL_HEADER_BYTES - VALUE_REF_BYTES;
  const longKeyLocal = Math.min(prefixMax + 32, keyMax - LONG_KEY_REF_BYTES);
  assert(longKeyLocal >= prefixMax + 4, 'a long key keeps a whole head under the longest prefix');
  return {
    usable,
    prefixMax,
    cellMax,
    keyMax,
    longKeyLocal,
    mergeBelow: usable >>> 2,
    mergedMax: usable - (usable >>> 2),
  };
}
