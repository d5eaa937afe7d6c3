/**
 * Walking a tree in order, forward or backward, without copying: `advance` moves, `key` and `value` copy what it stands on,
 * and the fields `page` and `cell` give hot callers the bytes themselves. Leaves have no sibling links (copy-on-write
 * would have to copy the neighbour), so the cursor keeps the way from the root.
 */
import { assert } from '../assert.ts';
import { countOf, isBranch } from '../page/header.ts';
import type { PageSpace } from '../page/space.ts';
import { NO_PAGE, type PageId } from '../page/store.ts';
import { DEPTH_MAX } from './limits.ts';
import { copyOfValue } from './read.ts';
import { boundInLeaf, childAt, findChild, keyAt } from './search.ts';

export interface ScanRange {
  /** First key of the range; an empty one is before every key. */
  readonly from: Uint8Array;
  /** Where the range ends, exclusive; absent = at the last key. */
  readonly to?: Uint8Array | undefined;
  /** From the last key of the range to the first. */
  readonly reverse?: boolean | undefined;
}

export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What a cursor needs to know of its tree: that it did not change. */
export interface ChangeCounter {
  readonly changes: number;
}

export class Cursor implements Iterable<KeyValue> {
  private readonly space: PageSpace;
  private readonly tree: ChangeCounter;
  private readonly changes: number;
  private readonly from: Uint8Array;
  private readonly to: Uint8Array | undefined;
  private readonly step: 1 | -1;
  private readonly ids: PageId[] = new Array<PageId>(DEPTH_MAX).fill(NO_PAGE);
  private readonly children: number[] = new Array<number>(DEPTH_MAX).fill(0);
  private leafLevel: number = 0;
  /** The leaf the cursor stands in. */
  page: Uint8Array;
  /** Index of the entry it stands on. */
  index: number = 0;
  /** First index of this leaf that is not of the range, in the direction of travel. */
  private limit: number = 0;
  /** Whether the range ends in this leaf. */
  private isLast: boolean = false;

  constructor(space: PageSpace, root: PageId, range: ScanRange, tree: ChangeCounter) {
    this.space = space;
    this.tree = tree;
    this.changes = tree.changes;
    this.from = range.from;
    this.to = range.to;
    this.step = range.reverse === true ? -1 : 1;
    this.page = space.read(root);
    const start = this.step === 1 ? this.from : this.to;
    this.goDown(0, root, start);
    if (this.step === 1) this.index = boundInLeaf(space, this.page, this.from) - 1;
    else this.index = start === undefined ? countOf(this.page) : boundInLeaf(space, this.page, start);
    this.setLimit();
  }

  /** Moves to the next entry. @returns false at the end of the range; the cursor then stands on nothing. */
  advance(): boolean {
    assert(this.tree.changes === this.changes, 'a tree does not change under a cursor: scan a snapshot');
    this.index += this.step;
    while (this.step === 1 ? this.index >= this.limit : this.index <= this.limit) {
      if (this.isLast || !this.nextLeaf()) return false;
    }
    return true;
  }

  /** A copy of the key. */
  key(): Uint8Array {
    return keyAt(this.space, this.page, this.index);
  }
  /** A copy of the value. */
  value(): Uint8Array {
    return copyOfValue(this.space, this.page, this.index);
  }

  *[Symbol.iterator](): Iterator<KeyValue> {
    while (this.advance()) yield { key: this.key(), value: this.value() };
  }

  /** Goes from a page down to a leaf: to the one that holds the key, or to the outermost against the direction of travel. */
  private goDown(level: number, id: PageId, key: Uint8Array | undefined): void {
    let page = this.space.read(id);
    let at = level;
    this.ids[at] = id;
    while (isBranch(page)) {
      const child = key !== undefined ? findChild(this.space, page, key) : this.step === 1 ? 0 : countOf(page);
      this.children[at] = child;
      const next = childAt(page, child);
      page = this.space.read(next);
      at += 1;
      this.ids[at] = next;
    }
    this.leafLevel = at;
    this.page = page;
  }

  private nextLeaf(): boolean {
    let level = this.leafLevel - 1;
    while (level >= 0) {
      const page = this.space.read(this.ids[level] as PageId);
      const child = (this.children[level] as number) + this.step;
      if (child >= 0 && child <= countOf(page)) {
        this.children[level] = child;
        this.goDown(level + 1, childAt(page, child), undefined);
        this.index = this.step === 1 ? 0 : countOf(this.page) - 1;
        this.setLimit();
        return true;
      }
      level -= 1;
    }
    this.isLast = true;
    return false;
  }

  private setLimit(): void {
    const count = countOf(this.page);
    if (this.step === 1) {
      this.limit = this.to === undefined ? count : boundInLeaf(this.space, this.page, this.to);
      this.isLast = this.limit < count;
    } else {
      this.limit = boundInLeaf(this.space, this.page, this.from) - 1;
      this.isLast = this.limit >= 0;
    }
  }
}
