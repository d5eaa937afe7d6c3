/**
 * The way from the root to a leaf: the pages, and which child was taken in each. One path per tree is reused by all writes.
 * Why fences: a page's prefix must cover its subtree's whole range, and that range is what the nearest separators left and
 * right of the way say, on whatever level they are.
 */
import { assert } from '../assert.ts';
import { countOf, isBranch, setLink } from '../page/header.ts';
import { cellAt, setWord } from '../page/slotted.ts';
import type { PageSpace } from '../page/space.ts';
import { NO_PAGE, type PageId } from '../page/store.ts';
import { DEPTH_MAX } from './limits.ts';
import { childAt, findChild, keyAt } from './search.ts';

/** Points a branch's child elsewhere. @param child as from findChild. */
export function setChild(page: Uint8Array, child: number, id: PageId): void {
  if (child === 0) setLink(page, id);
  else setWord(page, cellAt(page, child - 1), id);
}

export class Path {
  private readonly space: PageSpace;
  /** Page per level, 0 = root. */
  readonly ids: PageId[] = new Array<PageId>(DEPTH_MAX).fill(NO_PAGE);
  /** Child taken per level; of no meaning at the leaf's level. */
  readonly children: number[] = new Array<number>(DEPTH_MAX).fill(0);
  /** Level of the leaf. */
  leafLevel: number = 0;

  constructor(space: PageSpace) {
    this.space = space;
  }

  idAt(level: number): PageId {
    return this.ids[level] as PageId;
  }
  pageAt(level: number): Uint8Array {
    return this.space.read(this.ids[level] as PageId);
  }
  childAt(level: number): number {
    return this.children[level] as number;
  }

  /** Goes to the leaf whose range holds the key. @returns the leaf. */
  descend(root: PageId, key: Uint8Array): Uint8Array {
    let level = 0;
    let id = root;
    let page = this.space.read(id);
    while (isBranch(page)) {
      assert(level < DEPTH_MAX - 1, 'a tree is not deeper than its limit');
      const child = findChild(this.space, page, key);
      this.ids[level] = id;
      this.children[level] = child;
      level += 1;
      id = childAt(page, child);
      page = this.space.read(id);
    }
    this.ids[level] = id;
    this.leafLevel = level;
    return page;
  }

  /**
   * Makes every page of the path one that may be changed in place. Why the leaf tells for all: a page gets a new id when
   * it is copied, so its parent was copied in the same generation.
   */
  own(): void {
    if (this.space.owns(this.pageAt(this.leafLevel))) return;
    for (let level = 0; level <= this.leafLevel; level += 1) {
      if (this.space.owns(this.pageAt(level))) continue;
      const copy = this.space.replace(this.idAt(level));
      this.ids[level] = copy;
      if (level > 0) setChild(this.pageAt(level - 1), this.childAt(level - 1), copy);
    }
  }

  /** Where the range of child `child` of the page at `level` begins; undefined = at the very first key. */
  lowerFence(level: number, child: number): Uint8Array | undefined {
    let at = child;
    for (let above = level; above >= 0; above -= 1) {
      if (at > 0) return keyAt(this.space, this.pageAt(above), at - 1);
      if (above > 0) at = this.childAt(above - 1);
    }
    return undefined;
  }

  /** Where the range of child `child` of the page at `level` ends (exclusive); undefined = never. */
  upperFence(level: number, child: number): Uint8Array | undefined {
    let at = child;
    for (let above = level; above >= 0; above -= 1) {
      const page = this.pageAt(above);
      if (at < countOf(page)) return keyAt(this.space, page, at);
      if (above > 0) at = this.childAt(above - 1);
    }
    return undefined;
  }
}
