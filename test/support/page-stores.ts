/** A page store that catches what memory forgives: use after free, double free, and pages left behind. */
import type { PageId, PageStore } from '../../core/page/store.ts';

export class StrictPageStore implements PageStore {
  readonly pageBytes: number;
  private readonly live: Map<PageId, Uint8Array> = new Map();
  private readonly retired: Set<PageId> = new Set();
  private next: number = 1;

  constructor(pageBytes: number) {
    this.pageBytes = pageBytes;
  }

  get used(): number {
    return this.live.size;
  }
  read(id: PageId): Uint8Array {
    const page = this.live.get(id);
    if (page === undefined) throw new Error(`page ${id} is read but not allocated`);
    return page;
  }
  /** Ids are never used again, and a new page is full of rubbish. */
  allocate(): PageId {
    const id = this.next as PageId;
    this.next += 1;
    this.live.set(id, new Uint8Array(this.pageBytes).fill(0xa5));
    return id;
  }
  free(id: PageId): void {
    this.read(id).fill(0xdb);
    this.live.delete(id);
  }
  retire(id: PageId): void {
    this.read(id);
    if (this.retired.has(id)) throw new Error(`page ${id} is dropped twice`);
    this.retired.add(id);
  }
}
