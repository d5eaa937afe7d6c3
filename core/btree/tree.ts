/**
 * An ordered map of byte strings on pages: one writer, any number of readers on older roots.
 * Keys are 1 to TREE_KEY_BYTES_MAX bytes in unsigned lexicographic order, values 0 to TREE_VALUE_BYTES_MAX bytes.
 * What is given is copied; what `get`, `key` and `value` return is the caller's.
 */
import { assert } from '../assert.ts';
import { GROUP_OWN, type PageSpace, type Pin } from '../page/space.ts';
import { NO_PAGE, type PageId } from '../page/store.ts';
import { checkTree, type TreeReport } from './check.ts';
import { Cursor, type ScanRange } from './cursor.ts';
import { TREE_KEY_BYTES_MAX, TREE_VALUE_BYTES_MAX } from './limits.ts';
import { copyOfRange, findValue, ValueView } from './read.ts';
import { Writer } from './writer.ts';

/** Where a tree is: what opens it again, on the same pages. */
export interface TreeRoot {
  readonly page: PageId;
  readonly count: number;
}

/** Reading, of a tree or of a snapshot. */
export interface ReadonlyBTree {
  /** Number of keys. */
  readonly count: number;
  /** A copy of the key's value. */
  get(key: Uint8Array): Uint8Array | undefined;
  has(key: Uint8Array): boolean;
  /** Where the key's value is, without a copy. The view is reused by the next call and dies with the next change. */
  find(key: Uint8Array): ValueView | undefined;
  /** A cursor before the first entry of the range. */
  scan(range: ScanRange): Cursor;
}

export class BTree implements ReadonlyBTree {
  private readonly space: PageSpace;
  private readonly writer: Writer;
  private readonly view: ValueView = new ValueView();
  private entries: number;
  private readonly owner: Uint8Array;
  /** Changes so far; a cursor is valid while it stays. */
  changes: number = 0;

  /**
   * @param space its own, or shared with other trees. @param root where the tree was before; without it, a new and empty one.
   * @param owner of its pages, 16 bytes. Default: the group's own.
   */
  constructor(space: PageSpace, root?: TreeRoot, owner: Uint8Array = GROUP_OWN) {
    this.space = space;
    this.owner = owner;
    space.owner = owner;
    this.writer = new Writer(space, root === undefined ? NO_PAGE : root.page);
    this.entries = root === undefined ? 0 : root.count;
  }

  get count(): number {
    return this.entries;
  }
  get root(): TreeRoot {
    return { page: this.writer.root, count: this.entries };
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return copyFound(this.find(key));
  }
  has(key: Uint8Array): boolean {
    return findValue(this.space, this.writer.root, key, this.view);
  }
  find(key: Uint8Array): ValueView | undefined {
    return findValue(this.space, this.writer.root, key, this.view) ? this.view : undefined;
  }
  scan(range: ScanRange): Cursor {
    return new Cursor(this.space, this.writer.root, range, this);
  }

  /** Inserts the key, or replaces its value. */
  set(key: Uint8Array, value: Uint8Array): void {
    assert(key.length > 0 && key.length <= TREE_KEY_BYTES_MAX, 'a key has 1 to TREE_KEY_BYTES_MAX bytes');
    assert(value.length <= TREE_VALUE_BYTES_MAX, 'a value has at most TREE_VALUE_BYTES_MAX bytes');
    this.changes += 1;
    this.space.owner = this.owner;
    if (this.writer.put(key, value)) this.entries += 1;
  }

  /** Removes the key. @returns whether it was there. */
  delete(key: Uint8Array): boolean {
    this.space.owner = this.owner;
    if (!this.writer.remove(key)) return false;
    this.changes += 1;
    this.entries -= 1;
    return true;
  }

  /** The tree as it is now, readable until released, whatever is written later. Costs nothing but the copies to come. */
  snapshot(): TreeSnapshot {
    return new TreeSnapshot(this.space, this.root, this.space.pin());
  }

  /** The same, where somebody else has pinned, or is about to pin, the pages of now, and keeps them for as long as it is read. */
  image(): TreeSnapshot {
    return new TreeSnapshot(this.space, this.root);
  }

  /** Walks the tree; throws InvariantError where it is not as it must be. */
  check(): TreeReport {
    return checkTree(this.space, this.writer.root, this.entries);
  }
}

/** A tree at one moment. Pages it alone needs are freed on release of its pin. */
export class TreeSnapshot implements ReadonlyBTree {
  private readonly space: PageSpace;
  private readonly pin: Pin | undefined;
  private readonly view: ValueView = new ValueView();
  private isLive: boolean = true;
  readonly root: TreeRoot;
  /** A snapshot never changes; a released one has changed, so its cursors end. */
  changes: number = 0;

  /** @param pin its own; undefined: somebody else's keeps its pages for as long as it is read. */
  constructor(space: PageSpace, root: TreeRoot, pin?: Pin) {
    this.space = space;
    this.root = root;
    this.pin = pin;
  }

  get count(): number {
    return this.root.count;
  }
  get(key: Uint8Array): Uint8Array | undefined {
    return copyFound(this.find(key));
  }
  has(key: Uint8Array): boolean {
    return this.find(key) !== undefined;
  }
  find(key: Uint8Array): ValueView | undefined {
    assert(this.isLive, 'a released snapshot is not read');
    return findValue(this.space, this.root.page, key, this.view) ? this.view : undefined;
  }
  scan(range: ScanRange): Cursor {
    assert(this.isLive, 'a released snapshot is not read');
    return new Cursor(this.space, this.root.page, range, this);
  }

  /** Walks the tree as it was; throws InvariantError where it is not as it must be. */
  check(): TreeReport {
    return checkTree(this.space, this.root.page, this.root.count);
  }

  /** Ends the snapshot; its pages are freed where nothing else needs them. Once. */
  release(): void {
    assert(this.isLive, 'a snapshot is released once');
    this.isLive = false;
    this.changes += 1;
    if (this.pin !== undefined) this.space.unpin(this.pin);
  }
}

function copyFound(found: ValueView | undefined): Uint8Array | undefined {
  return found === undefined ? undefined : copyOfRange(found.bytes, found.start, found.end);
}
