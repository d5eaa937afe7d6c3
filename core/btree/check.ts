/**
 * Walks a whole tree and states what must hold of it. For tests, `fsck` and scrubs; never on a hot path.
 * Checked: every key lies within the fences of every ancestor, in strict order; a page's prefix is what its fences share; heads
 * match cells; used and free bytes add up; leaves are at one depth; no page is reached twice; chains have their length; the
 * count is right. Not checked: the content of values (the commitment root speaks for it), page checksums (on disk only).
 */
import { assert } from '../assert.ts';
import { compareBytes, startsWith } from '../bytes/compare.ts';
import {
  cellStartOf,
  countOf,
  garbageOf,
  HEADER_BYTES,
  isBranch,
  kindOf,
  PageKind,
  pageIdOf,
  prefixLengthOf,
} from '../page/header.ts';
import { chainPages } from '../page/overflow.ts';
import {
  CELL_HEADER_BYTES,
  cellAt,
  cellBytesAt,
  ENTRY_BYTES,
  isLongKeyAt,
  keyChainAt,
  localLengthAt,
  usedBytes,
  VALUE_OVERFLOWS,
  wordAt,
} from '../page/slotted.ts';
import type { PageSpace } from '../page/space.ts';
import type { PageId } from '../page/store.ts';
import { valueChainAt } from './cells.ts';
import { type TreeLimits, treeLimits } from './limits.ts';
import { childAt, keyAt, sharedLength } from './search.ts';

/** What a walk found. */
export interface TreeReport {
  readonly entries: number;
  /** Levels, 1 = the root is a leaf. */
  readonly depth: number;
  readonly leaves: number;
  readonly branches: number;
  readonly overflowPages: number;
  /** Bytes in use in leaves, of all they have. */
  readonly leafFill: number;
}

class Walk {
  private readonly space: PageSpace;
  private readonly limits: TreeLimits;
  private readonly seen: Set<PageId> = new Set();
  entries: number = 0;
  depth: number = 0;
  leaves: number = 0;
  branches: number = 0;
  overflowPages: number = 0;
  usedInLeaves: number = 0;

  constructor(space: PageSpace) {
    this.space = space;
    this.limits = treeLimits(space.store.pageBytes);
  }

  page(id: PageId, level: number, lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    const page = this.space.read(id);
    this.reach(id);
    assert(pageIdOf(page) === id, 'a page carries its own id');
    this.checkPrefix(page, lower, upper);
    this.checkBytes(page);
    const keys = this.checkEntries(page, lower, upper);
    if (!isBranch(page)) {
      assert(kindOf(page) === PageKind.leaf, 'what is not a branch is a leaf');
      if (this.depth === 0) this.depth = level + 1;
      assert(this.depth === level + 1, 'all leaves are at one depth');
      this.entries += keys.length;
      this.leaves += 1;
      this.usedInLeaves += usedBytes(page);
      return;
    }
    this.branches += 1;
    assert(level > 0 || keys.length > 0, 'a root branch has two children');
    for (let child = 0; child <= keys.length; child += 1) {
      this.page(
        childAt(page, child),
        level + 1,
        child === 0 ? lower : keys[child - 1],
        child === keys.length ? upper : keys[child],
      );
    }
  }

  private reach(id: PageId): void {
    assert(!this.seen.has(id), 'a page is reached once');
    this.seen.add(id);
  }

  private checkPrefix(page: Uint8Array, lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    const length = prefixLengthOf(page);
    const shared = lower === undefined || upper === undefined ? 0 : sharedLength(lower, upper);
    assert(length === Math.min(shared, this.limits.prefixMax), 'a prefix is all that the fences share, up to its limit');
    const prefix = page.subarray(page.length - length);
    assert(length === 0 || (lower !== undefined && startsWith(lower, prefix)), 'the prefix is that of the fences');
  }

  private checkBytes(page: Uint8Array): void {
    let bytes = prefixLengthOf(page);
    for (let index = 0; index < countOf(page); index += 1) {
      const cell = cellAt(page, index);
      const cellBytes = cellBytesAt(page, cell);
      assert(cell >= cellStartOf(page) && cell + cellBytes <= page.length, 'a cell is among the cells');
      assert(cellBytes <= this.limits.cellMax, 'a cell is not larger than its limit');
      bytes += cellBytes + ENTRY_BYTES;
    }
    assert(bytes === usedBytes(page), 'used bytes are entries, cells and prefix');
    assert(garbageOf(page) <= page.length, 'garbage is within the page');
    assert(HEADER_BYTES + countOf(page) * ENTRY_BYTES <= cellStartOf(page), 'entries end before cells begin');
  }

  private checkEntries(page: Uint8Array, lower: Uint8Array | undefined, upper: Uint8Array | undefined): readonly Uint8Array[] {
    const keys: Uint8Array[] = [];
    for (let index = 0; index < countOf(page); index += 1) {
      const key = keyAt(this.space, page, index);
      const before = keys[index - 1];
      assert(before === undefined || compareBytes(before, key) < 0, 'keys are in strict order');
      assert(lower === undefined || compareBytes(lower, key) <= 0, 'a key is not before the lower fence');
      assert(upper === undefined || compareBytes(key, upper) < 0, 'a key is before the upper fence');
      this.checkCell(page, index, key);
      keys.push(key);
    }
    return keys;
  }

  private checkCell(page: Uint8Array, index: number, key: Uint8Array): void {
    const cell = cellAt(page, index);
    const prefixLength = prefixLengthOf(page);
    const local = localLengthAt(page, cell);
    for (let i = 0; i < 4; i += 1) {
      const expected = i < local ? page[cell + CELL_HEADER_BYTES + i] : 0;
      assert(page[HEADER_BYTES + index * ENTRY_BYTES + i] === expected, 'a head is the first bytes of its key');
    }
    for (let i = 0; i < local; i += 1) {
      assert(page[cell + CELL_HEADER_BYTES + i] === key[prefixLength + i], 'the local bytes are those of the key');
    }
    const perPage = page.length - HEADER_BYTES;
    if (isLongKeyAt(page, cell)) this.checkChain(keyChainAt(page, cell), Math.ceil(key.length / perPage));
    const word = wordAt(page, cell);
    if (!isBranch(page) && word >= VALUE_OVERFLOWS) {
      this.checkChain(valueChainAt(page, cell), Math.ceil((word - VALUE_OVERFLOWS) / perPage));
    }
  }

  private checkChain(first: PageId, length: number): void {
    const pages = chainPages(this.space, first);
    assert(pages.length === length, 'a chain has the pages its length needs');
    for (const id of pages) {
      assert(kindOf(this.space.read(id)) === PageKind.overflow, 'a chain has overflow pages');
      this.reach(id);
    }
    this.overflowPages += length;
  }
}

/** Throws InvariantError where the tree is not as it must be. @param count keys the tree claims to have. */
export function checkTree(space: PageSpace, root: PageId, count: number): TreeReport {
  const walk = new Walk(space);
  walk.page(root, 0, undefined, undefined);
  assert(walk.entries === count, 'the tree has as many keys as it says');
  const { entries, depth, leaves, branches, overflowPages } = walk;
  const leafFill = walk.usedInLeaves / (leaves * (space.store.pageBytes - HEADER_BYTES));
  return { entries, depth, leaves, branches, overflowPages, leafFill };
}
