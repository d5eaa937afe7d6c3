/**
 * Who may change a page, and when it may be freed: copy-on-write by generations. One space serves all trees of a group, so a
 * snapshot of them all is one pin.
 *
 * A page carries the generation it was allocated in. Taking a snapshot ends a generation, so a page of the current one is
 * in no snapshot and its owner changes it in place; an older one is copied first. A page that the tree drops while a
 * snapshot may still read it goes to the newest snapshot's dead list.
 * Source: the dead lists of ZFS (Bonwick, Ahrens). Invariant: a page on the dead list of snapshot S was born at or before
 * S and dropped before the next newer snapshot, so on release of S it is needed by an older one iff born at or before that.
 */
import { assert, defined } from '../assert.ts';
import { generationOf, OWNER_BYTES, stampPage } from './header.ts';
import type { PageId, PageStore } from './store.ts';

/** What a snapshot keeps alive. */
export interface Pin {
  /** The newest generation it can see. */
  readonly generation: number;
  readonly dead: PageId[];
  /** When each of these was born. Not asked of the pages: by then they may be on the disk only, or sealed with a key that is destroyed. */
  readonly born: number[];
  /** The same, of pages that nobody can read any more: they are freed with the oldest snapshot there is now. */
  readonly unread: PageId[];
}

/** What a tree needs while it changes a page; shared, because a group has up to 100,000 trees and one of them changes at a time. */
export interface Scratch {
  /** A copy of a page while it is rebuilt in place. */
  readonly mirror: Uint8Array;
  /** A page with one cell too many, before it is split. */
  readonly overfull: Uint8Array;
}

/** Owner of what belongs to no vault. */
export const GROUP_OWN: Uint8Array = new Uint8Array(OWNER_BYTES);

export class PageSpace {
  readonly store: PageStore;
  /** The generation of pages allocated now. */
  generation: number;
  /** Owner of pages allocated now: a tree says so before it changes (header.ts). */
  owner: Uint8Array = GROUP_OWN;
  /** Live snapshots, oldest first. */
  private readonly pins: Pin[] = [];
  private shared: Scratch | undefined = undefined;

  /** @param generation to begin with: behind that of every page in the store. */
  constructor(store: PageStore, generation: number = 1) {
    this.store = store;
    this.generation = generation;
  }

  get scratch(): Scratch {
    const { pageBytes } = this.store;
    this.shared ??= { mirror: new Uint8Array(pageBytes), overfull: new Uint8Array(pageBytes + (pageBytes >>> 1)) };
    return this.shared;
  }

  read(id: PageId): Uint8Array {
    return this.store.read(id);
  }

  /** A page of the current generation, stamped; the rest of it is undefined. */
  allocate(): PageId {
    const id = this.store.allocate();
    stampPage(this.store.read(id), id, this.generation, this.owner);
    return id;
  }

  /** Whether the page is in no snapshot, so that it may be changed in place. */
  owns(page: Uint8Array): boolean {
    return generationOf(page) === this.generation;
  }

  /** A page of the current generation with the same content. The original is dropped. */
  replace(id: PageId): PageId {
    const copyId = this.store.allocate();
    const copy = this.store.read(copyId);
    copy.set(this.store.read(id));
    stampPage(copy, copyId, this.generation, this.owner);
    this.drop(id);
    return copyId;
  }

  /** The tree no longer refers to this page: free it, now or when the last snapshot that sees it is released. */
  drop(id: PageId): void {
    const newest = this.pins[this.pins.length - 1];
    if (newest === undefined) return this.store.free(id);
    const born = generationOf(this.store.read(id));
    if (born > newest.generation) return this.store.free(id);
    this.store.retire(id);
    die(newest, id, born);
  }

  /** The same for a page of which nobody knows when it was born, because it cannot be read any more. */
  dropUnread(id: PageId): void {
    const newest = this.pins[this.pins.length - 1];
    if (newest === undefined) return this.store.free(id);
    this.store.retire(id);
    newest.unread.push(id);
  }

  /** Ends the generation: every page that exists now stays readable until `unpin`. */
  pin(): Pin {
    const pin: Pin = { generation: this.generation, dead: [], born: [], unread: [] };
    this.pins.push(pin);
    this.generation += 1;
    return pin;
  }

  /** Releases a snapshot: pages that no older snapshot sees are freed. */
  unpin(pin: Pin): void {
    const at = this.pins.indexOf(pin);
    assert(at >= 0, 'a snapshot is released once');
    const older = at === 0 ? undefined : defined(this.pins[at - 1], 'an older snapshot');
    for (const [i, id] of pin.dead.entries()) {
      const born = pin.born[i] as number;
      if (older !== undefined && born <= older.generation) die(older, id, born);
      else this.store.free(id);
    }
    for (const id of pin.unread) {
      if (older !== undefined) older.unread.push(id);
      else this.store.free(id);
    }
    this.pins.splice(at, 1);
  }

  /** How many pages the trees have dropped and only snapshots still need. For checks and metrics. */
  get pinnedPages(): number {
    let count = 0;
    for (const pin of this.pins) count += pin.dead.length;
    return count;
  }
}

function die(pin: Pin, id: PageId, born: number): void {
  pin.dead.push(id);
  pin.born.push(born);
}
