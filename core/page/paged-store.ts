/**
 * A store on a page file: what one page space has allocated there, and which of it a checkpoint has still to write. Two stores
 * share a file, one for the trees of a group and one for the checkpoint's catalog.
 */
import { assert } from '../assert.ts';
import type { PageFile } from './page-file.ts';
import type { PageId, PageStore } from './store.ts';

const USED = 1;
/** Not written since it was allocated. */
const FRESH = 2;
/** In `fresh`, whatever became of it. */
const LISTED = 4;
/** Dropped by its tree, and kept for a snapshot. */
const RETIRED = 8;

export class PagedStore implements PageStore {
  readonly pageBytes: number;
  readonly file: PageFile;
  private readonly pages: (Uint8Array | undefined)[];
  private flags: Uint8Array = new Uint8Array(64);
  private fresh: PageId[] = [];
  /** Pages that a checkpoint begun now would write. */
  freshCount: number = 0;

  constructor(file: PageFile) {
    this.file = file;
    this.pageBytes = file.pageBytes;
    this.pages = file.pages;
  }

  read(id: PageId): Uint8Array {
    const page = this.pages[id];
    if (page === undefined) return this.file.fault(id);
    this.file.recent[id] = 1;
    return page;
  }

  allocate(): PageId {
    const id = this.file.allocate();
    this.reserve(id);
    const listed = (this.flags[id] as number) & LISTED;
    if (listed === 0) this.fresh.push(id);
    this.flags[id] = USED | FRESH | LISTED;
    this.freshCount += 1;
    return id;
  }

  free(id: PageId): void {
    const flags = this.flags[id] as number;
    assert((flags & USED) !== 0, 'a store frees what it has allocated');
    if ((flags & FRESH) !== 0) this.freshCount -= 1;
    this.flags[id] = flags & LISTED;
    this.file.free(id);
  }

  /** Takes over a page that an earlier life has written. */
  adopt(id: PageId): void {
    this.reserve(id);
    this.flags[id] = USED;
  }

  /** The pages that are in no earlier checkpoint. The caller has pinned the space: none of them changes or goes from now on. */
  takeFresh(): readonly PageId[] {
    const taken: PageId[] = [];
    for (const id of this.fresh) {
      const flags = this.flags[id] as number;
      if ((flags & FRESH) !== 0) taken.push(id);
      this.flags[id] = flags & (USED | RETIRED);
    }
    this.fresh = [];
    this.freshCount = 0;
    return taken;
  }

  retire(id: PageId): void {
    const flags = this.flags[id] as number;
    assert((flags & (USED | RETIRED)) === USED, 'a page is dropped once');
    this.flags[id] = flags | RETIRED;
  }

  /** Whether the trees refer to a page. Of a tree whose vault is gone they do until its pages are retired. */
  uses(id: PageId): boolean {
    return ((this.flags[id] ?? 0) & (USED | RETIRED)) === USED;
  }

  /** By id: 1 = the trees refer to it now. */
  usedPages(): Uint8Array {
    const used = new Uint8Array(this.file.size);
    for (let id = 1; id < used.length; id += 1) if (this.uses(id as PageId)) used[id] = 1;
    return used;
  }

  private reserve(id: PageId): void {
    if (id < this.flags.length) return;
    const grown = new Uint8Array(2 * id);
    grown.set(this.flags);
    this.flags = grown;
  }
}
