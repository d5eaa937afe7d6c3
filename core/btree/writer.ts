/**
 * Changing a tree: insert with splits, delete with merges. Pages of the path are owned (path.ts) before anything changes.
 * Source: Bayer and Unterauer 1977 (prefix B-trees: shortest separators); Lomet 2001 (prefix of the fence range).
 * Invariants: check.ts states and tests them.
 */
import { countOf, insertedAt, isBranch, linkOf, PageKind, prefixLengthOf, setInsertedAt } from '../page/header.ts';
import {
  cellAt,
  compact,
  copyEntries,
  ENTRY_BYTES,
  hasGap,
  hasRoom,
  initSlotted,
  movedCellBytes,
  removeEntry,
  usedBytes,
  wordAt,
} from '../page/slotted.ts';
import type { PageSpace } from '../page/space.ts';
import { NO_PAGE, type PageId } from '../page/store.ts';
import { dropKeyChain, dropValueChain, entryCellBytes, overwriteValue, PendingCell, putCell } from './cells.ts';
import { type TreeLimits, treeLimits } from './limits.ts';
import { Path, setChild } from './path.ts';
import { childAt, findInLeaf, keyAt, sharedLength } from './search.ts';

const NO_KEY: Uint8Array = new Uint8Array(0);

export class Writer {
  private readonly space: PageSpace;
  private readonly limits: TreeLimits;
  private readonly path: Path;
  private readonly cell: PendingCell = new PendingCell();
  root: PageId;

  /** @param root an existing tree, or NO_PAGE for a new, empty one. */
  constructor(space: PageSpace, root: PageId) {
    const pageBytes = space.store.pageBytes;
    this.space = space;
    this.limits = treeLimits(pageBytes);
    this.path = new Path(space);
    this.root = root === NO_PAGE ? this.emptyPage(PageKind.leaf, NO_PAGE, NO_KEY, 0) : root;
  }

  /** Inserts or replaces. @returns whether the key is new. */
  put(key: Uint8Array, value: Uint8Array): boolean {
    const { space, path } = this;
    const found = findInLeaf(space, path.descend(this.root, key), key);
    this.own();
    const level = path.leafLevel;
    const leaf = path.pageAt(level);
    const index = found < 0 ? ~found : found;
    if (found >= 0) {
      if (overwriteValue(leaf, index, value)) return false;
      this.dropEntry(leaf, index);
    }
    this.cell.entry(space, this.limits, key, value);
    this.insert(level, index);
    return found < 0;
  }

  /** Removes a key. @returns whether it was there. */
  remove(key: Uint8Array): boolean {
    const { space, path } = this;
    const found = findInLeaf(space, path.descend(this.root, key), key);
    if (found < 0) return false;
    this.own();
    this.dropEntry(path.pageAt(path.leafLevel), found);
    this.shrink(path.leafLevel);
    return true;
  }

  private own(): void {
    this.path.own();
    this.root = this.path.idAt(0);
  }

  private dropEntry(leaf: Uint8Array, index: number): void {
    dropValueChain(this.space, leaf, index);
    dropKeyChain(this.space, leaf, index);
    removeEntry(leaf, index);
  }

  private emptyPage(kind: number, link: PageId, prefixOf: Uint8Array, prefixLength: number): PageId {
    const id = this.space.allocate();
    initSlotted(this.space.read(id), kind, link, prefixOf, prefixLength);
    return id;
  }

  /** Puts the pending cell at `index` of the path's page, which is split when it is full. */
  private insert(level: number, index: number): void {
    const page = this.path.pageAt(level);
    const bytes = this.cell.bytesUnder(prefixLengthOf(page));
    if (!hasRoom(page, bytes)) return this.split(level, index);
    if (!hasGap(page, bytes)) compact(page, this.space.scratch.mirror);
    putCell(this.space, page, index, this.cell);
    setInsertedAt(page, index);
  }

  private split(level: number, index: number): void {
    const { space, path } = this;
    const { overfull } = space.scratch;
    const page = path.pageAt(level);
    const kind = isBranch(page) ? PageKind.branch : PageKind.leaf;
    const lower = level === 0 ? undefined : path.lowerFence(level - 1, path.childAt(level - 1));
    const upper = level === 0 ? undefined : path.upperFence(level - 1, path.childAt(level - 1));
    const prefixLength = prefixLengthOf(page);
    initSlotted(overfull, kind, linkOf(page), page.subarray(page.length - prefixLength), prefixLength);
    copyEntries(page, 0, countOf(page), overfull);
    putCell(space, overfull, index, this.cell);

    const count = countOf(overfull);
    const at = this.splitPoint(index, insertedAt(page));
    const separator = kind === PageKind.leaf ? this.shortestSeparator(at) : keyAt(space, overfull, at);
    const rightLink = kind === PageKind.leaf ? NO_PAGE : (wordAt(overfull, cellAt(overfull, at)) as PageId);
    const right = this.emptyPage(kind, rightLink, separator, this.prefixBetween(separator, upper));
    // A branch's middle separator moves up; a leaf keeps all its entries.
    copyEntries(overfull, kind === PageKind.leaf ? at : at + 1, count, space.read(right));
    initSlotted(page, kind, linkOf(overfull), separator, this.prefixBetween(lower, separator));
    copyEntries(overfull, 0, at, page);
    if (kind === PageKind.branch) dropKeyChain(space, overfull, at);

    this.cell.separator(this.limits, separator, right);
    if (level === 0) this.growRoot();
    else this.insert(level - 1, path.childAt(level - 1));
  }

  /** The root was split: a new root over the two halves. The pending cell names the right one. */
  private growRoot(): void {
    this.root = this.emptyPage(PageKind.branch, this.root, NO_KEY, 0);
    putCell(this.space, this.space.read(this.root), 0, this.cell);
  }

  /**
   * Index of the first entry of the right half: the middle by bytes. Where keys arrive in order, at the end of the tree or before
   * the same old key somewhere in it (the newest hash of each bucket comes first), the page parts at the newest entry: the old ones
   * stay together, and their page full. Among random keys that is one split in fifty.
   * @param before where the entry in front of this one was inserted
   */
  private splitPoint(index: number, before: number): number {
    const { overfull } = this.space.scratch;
    const count = countOf(overfull);
    const last = isBranch(overfull) ? count - 2 : count - 1;
    const isInOrder = index === before || index === before + 1 || index === count - 1;
    const wished = Math.max(1, Math.min(index === before ? index + 1 : index, last));
    if (isInOrder && this.halvesFit(wished)) return wished;
    const half = usedBytes(overfull) >>> 1;
    let bytes = 0;
    let at = 0;
    while (at < count - 2 && bytes < half) {
      bytes += entryCellBytes(overfull, at) + ENTRY_BYTES;
      at += 1;
    }
    return at < 1 ? 1 : at;
  }

  /** Whether both halves of the overfull page fit a page: with large cells they need not. */
  private halvesFit(at: number): boolean {
    const { overfull } = this.space.scratch;
    let left = 0;
    for (let index = 0; index < at; index += 1) left += entryCellBytes(overfull, index) + ENTRY_BYTES;
    const prefix = prefixLengthOf(overfull);
    const room = this.limits.usable - prefix;
    return left <= room && usedBytes(overfull) - prefix - left <= room;
  }

  /** The shortest key behind entry at-1 and not behind entry `at` of the overfull leaf. */
  private shortestSeparator(at: number): Uint8Array {
    const { overfull } = this.space.scratch;
    const left = keyAt(this.space, overfull, at - 1);
    const right = keyAt(this.space, overfull, at);
    return right.subarray(0, sharedLength(left, right) + 1);
  }

  private prefixBetween(lower: Uint8Array | undefined, upper: Uint8Array | undefined): number {
    if (lower === undefined || upper === undefined) return 0;
    return Math.min(sharedLength(lower, upper), this.limits.prefixMax);
  }

  /** After a removal at this level: a page that became small is merged with a neighbour, and so on up. */
  private shrink(level: number): void {
    const { space, path } = this;
    const page = path.pageAt(level);
    if (level === 0) {
      if (isBranch(page) && countOf(page) === 0) {
        this.root = linkOf(page);
        space.drop(path.idAt(0));
      }
      return;
    }
    if (usedBytes(page) >= this.limits.mergeBelow) return;
    const child = path.childAt(level - 1);
    const merged =
      (child < countOf(path.pageAt(level - 1)) && this.merge(level, child, child)) ||
      (child > 0 && this.merge(level, child, child - 1));
    if (merged) this.shrink(level - 1);
  }

  /**
   * Merges child `child` of the page above with its neighbour across separator `between`, if both fit one page.
   * The path's own page keeps its id, because it is owned; the neighbour is dropped.
   */
  private merge(level: number, child: number, between: number): boolean {
    const { space, path } = this;
    const { mirror } = space.scratch;
    const parent = path.pageAt(level - 1);
    const page = path.pageAt(level);
    const neighbourId = childAt(parent, child === between ? child + 1 : child - 1);
    const neighbour = space.read(neighbourId);
    const separator = keyAt(space, parent, between);
    const prefixFrom = path.lowerFence(level - 1, between);
    const prefixLength = this.prefixBetween(prefixFrom, path.upperFence(level - 1, between + 1));
    const branch = isBranch(page);
    if (branch) this.cell.separator(this.limits, separator, linkOf(child === between ? neighbour : page));
    const extra = branch ? this.cell.bytesUnder(prefixLength) + ENTRY_BYTES : 0;
    const needed = entriesUnder(page, prefixLength) + entriesUnder(neighbour, prefixLength) + extra + prefixLength;
    if (needed > this.limits.mergedMax) return false;

    mirror.set(page);
    const left = child === between ? mirror : neighbour;
    const right = child === between ? neighbour : mirror;
    initSlotted(page, branch ? PageKind.branch : PageKind.leaf, linkOf(left), prefixFrom ?? NO_KEY, prefixLength);
    copyEntries(left, 0, countOf(left), page);
    if (branch) putCell(space, page, countOf(page), this.cell);
    copyEntries(right, 0, countOf(right), page);

    space.drop(neighbourId);
    dropKeyChain(space, parent, between);
    removeEntry(parent, between);
    setChild(parent, between, path.idAt(level));
    return true;
  }
}

/** Bytes of a page's entries and cells under a prefix of another length, without the prefix. */
function entriesUnder(page: Uint8Array, prefixLength: number): number {
  let bytes = countOf(page) * ENTRY_BYTES;
  for (let index = 0; index < countOf(page); index += 1) bytes += movedCellBytes(page, cellAt(page, index), prefixLength);
  return bytes;
}
