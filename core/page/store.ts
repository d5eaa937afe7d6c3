/**
 * Where pages live: fixed-size byte arrays under small numbers. The tree above never copies a page it owns: it changes the
 * array that `read` returns. A file-backed store needs no word about that: what changes is exactly what was allocated
 * since the last checkpoint (copy-on-write), and that is what a checkpoint writes.
 */
import { assert, defined } from '../assert.ts';
import type { Branded } from '../ids.ts';

/** Number of a page in its store, u32; 0 is never a page and means "none". */
export type PageId = Branded<number, 'PageId'>;
export const NO_PAGE: PageId = 0 as PageId;

/** Synchronous pages. A page is allocated, written by its one owner, read by many, and freed once. */
export interface PageStore {
  /** Size of every page, bytes: a power of two, PAGE_BYTES_MIN to PAGE_BYTES_MAX. */
  readonly pageBytes: number;
  /** The page's bytes, the same array until the page is freed. Only who allocated it in this generation may change them. */
  read(id: PageId): Uint8Array;
  /** A page that nothing else uses. Its content is undefined: the owner writes all of it before anyone reads. */
  allocate(): PageId;
  /** Gives a page back; the id may be handed out again at once. */
  free(id: PageId): void;
  /** No tree refers to the page any more, and it is to be freed later: a snapshot still sees it. Once. */
  retire(id: PageId): void;
}

/** Why 512: smaller pages hold no four cells. Production uses 4 KiB to 16 KiB; tests use small ones for deep trees. */
export const PAGE_BYTES_MIN: number = 512;
/** Why 32 KiB: an offset within a page, and within a page and a half while splitting, is a u16. */
export const PAGE_BYTES_MAX: number = 32 * 1024;
/** What a store uses when it is not told. Measured: point reads are within noise from 4 to 16 KiB, copies are cheapest here. */
export const PAGE_BYTES_DEFAULT: number = 8 * 1024;

/** Pages are cut from arrays of this size. Why: one allocation and one cache-friendly run for many pages. */
const SLAB_BYTES = 1 << 20;

/** Whether a size is one a page may have. */
export function isPageSize(bytes: number): boolean {
  return bytes >= PAGE_BYTES_MIN && bytes <= PAGE_BYTES_MAX && (bytes & (bytes - 1)) === 0;
}

/** Pages in memory. Freed pages are reused, last freed first: they are the ones still in the processor's cache. */
export class MemoryPageStore implements PageStore {
  readonly pageBytes: number;
  private readonly pages: Uint8Array[] = [];
  private readonly freeIds: PageId[] = [];
  private slab: Uint8Array = new Uint8Array(0);
  private slabUsed: number = 0;

  constructor(pageBytes: number = PAGE_BYTES_DEFAULT) {
    assert(isPageSize(pageBytes), 'a page size is a power of two from 512 to 32768');
    this.pageBytes = pageBytes;
    this.pages.push(new Uint8Array(0)); // id 0 is no page
  }

  /** Pages allocated and not freed. */
  get used(): number {
    return this.pages.length - 1 - this.freeIds.length;
  }

  read(id: PageId): Uint8Array {
    return this.pages[id] as Uint8Array;
  }

  allocate(): PageId {
    if (this.freeIds.length > 0) return defined(this.freeIds.pop(), 'the free list is not empty');
    if (this.slabUsed + this.pageBytes > this.slab.length) {
      // A young store takes little: a node has many small trees.
      this.slab = new Uint8Array(Math.min(SLAB_BYTES, this.pageBytes * this.pages.length));
      this.slabUsed = 0;
    }
    this.pages.push(this.slab.subarray(this.slabUsed, this.slabUsed + this.pageBytes));
    this.slabUsed += this.pageBytes;
    return (this.pages.length - 1) as PageId;
  }

  free(id: PageId): void {
    assert(id > 0 && id < this.pages.length, 'only an allocated page is freed');
    this.freeIds.push(id);
  }

  /** Nobody here asks which pages the trees still use. */
  retire(): void {}
}
