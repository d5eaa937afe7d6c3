/**
 * The pages of one group as a file, and those of them that are in memory.
 *
 *   OFFSET               CONTENT
 *   0                    four superblocks (superblock.ts)
 *   16384 + (id-1) * n   page id, n bytes: the page, or its slot where it is sealed (page-sealer.ts)
 *
 * What a page must hold is known from outside it: the checkpoint's page table (page-table.ts) has a CRC for every page, so a lost,
 * torn, stale or misdirected write is seen when the page is read, and not only a flipped bit. A page is read when it is asked
 * for, and forgotten when memory is short and the file has it; what the file does not have yet stays.
 */
import { assert, defined } from '../assert.ts';
import { crc32c } from '../bytes/crc32c.ts';
import { readWord } from '../bytes/word.ts';
import type { DirectoryReader } from '../effect.ts';
import { DamageError, StorageError } from '../errors.ts';
import type { PageCache } from './cache.ts';
import { HEADER_BYTES, OWNER_BYTES, ownerOf, pageIdOf, setU32 } from './header.ts';
import type { OpenedPage, PageSealer } from './page-sealer.ts';
import type { PageId } from './store.ts';

/** Where the first page begins. */
export const FIRST_PAGE_AT: number = 4 * 4096;

/** What is known of a page. */
const State = {
  /** Not in use. */
  free: 0,
  /** In memory only. */
  fresh: 1,
  /** Handed to the disk, not reported yet. */
  leaving: 2,
  /** In the file. */
  stored: 3,
} as const;

/** Pages cut from one array. Why few: the array stays as long as one of them does. */
const SLAB_PAGES_MAX = 8;

export interface PageFileOptions {
  readonly name: string;
  readonly pageBytes: number;
  /** Counts the pages in memory, and has some forgotten. */
  readonly cache?: PageCache | undefined;
  /** undefined: everything stands in clear. */
  readonly sealer?: PageSealer | undefined;
}

export class PageFile {
  readonly name: string;
  readonly pageBytes: number;
  readonly slotBytes: number;
  readonly sealer: PageSealer | undefined;
  private readonly reader: DirectoryReader;
  /** By id; undefined where the page is not in memory. Read directly by stores, the hottest access there is. */
  readonly pages: (Uint8Array | undefined)[] = [undefined];
  /** By id: 1 = read since the clock's hand last came by. */
  recent: Uint8Array = new Uint8Array(64);
  private states: Uint8Array = new Uint8Array(64);
  /** By id: what `stored` and `leaving` pages have in their first four bytes. */
  private checksums: Uint32Array = new Uint32Array(64);
  /** Pages of page tables: they stand in clear, and have their own checksum only. */
  private readonly clear: Set<PageId> = new Set();
  private readonly freeIds: PageId[] = [];
  private slab: Uint8Array = new Uint8Array(0);
  private slabUsed: number = 0;
  private hand: number = 1;
  private readonly cache: PageCache | undefined;
  /** Of pages in memory. */
  residentBytes: number = 0;
  /** Pages read from the file so far. */
  faults: number = 0;

  constructor(reader: DirectoryReader, { name, pageBytes, cache, sealer }: PageFileOptions) {
    this.reader = reader;
    this.name = name;
    this.pageBytes = pageBytes;
    this.slotBytes = pageBytes + (sealer?.overheadBytes ?? 0);
    this.sealer = sealer;
    this.cache = cache;
    cache?.add(this);
  }

  private came(bytes: number): void {
    this.residentBytes += bytes;
    this.cache?.count(bytes);
  }

  /** Its state is not used any more. */
  close(): void {
    this.cache?.remove(this);
  }

  /** Ids ever handed out, 0 included. */
  get size(): number {
    return this.pages.length;
  }

  /** Pages in use. */
  get used(): number {
    return this.pages.length - 1 - this.freeIds.length;
  }

  /** Where a page stands in the file. */
  offsetOf(id: PageId): number {
    return FIRST_PAGE_AT + (id - 1) * this.slotBytes;
  }

  /**
   * The pages of a durable checkpoint. Once, before anything else.
   * @param checksums by id, 0 = not in use. @param table the pages that say so; they are in use, too
   */
  restore(checksums: Uint32Array, table: readonly PageId[]): void {
    assert(this.pages.length === 1, 'a page file is restored before it is used');
    let size = checksums.length;
    for (const id of table) size = Math.max(size, id + 1);
    this.reserve(size);
    for (const id of table) {
      this.states[id] = State.stored;
      this.clear.add(id);
    }
    for (let id = 1; id < size; id += 1) {
      this.pages.push(undefined);
      const checksum = checksums[id] ?? 0;
      this.checksums[id] = checksum;
      if (checksum !== 0) this.states[id] = State.stored;
    }
    for (let id = size - 1; id > 0; id -= 1) if (this.states[id] === State.free) this.freeIds.push(id as PageId);
  }

  allocate(): PageId {
    let id = this.freeIds.pop();
    if (id === undefined) {
      id = this.pages.length as PageId;
      this.reserve(id + 1);
      this.pages.push(undefined);
    }
    this.pages[id] ??= this.newPage();
    this.states[id] = State.fresh;
    return id;
  }

  free(id: PageId): void {
    assert(this.states[id] !== State.free, 'only a page in use is freed');
    if (this.pages[id] !== undefined) this.came(-this.pageBytes);
    this.pages[id] = undefined;
    this.states[id] = State.free;
    this.clear.delete(id);
    this.freeIds.push(id);
  }

  /** Reads a page that is not in memory. Throws DamageError where the file does not hold what was written. */
  fault(id: PageId): Uint8Array {
    assert(this.states[id] === State.stored, 'a page that is not in memory is in the file');
    const page = this.load(id);
    if (page === undefined || page === 'destroyed')
      throw new DamageError('page_damaged', `page ${id} of ${this.name} is not what was written`);
    this.pages[id] = page;
    this.recent[id] = 1;
    this.came(this.pageBytes);
    this.faults += 1;
    return page;
  }

  /** Whether a stored page can be read back as it was written; of others that they need not. For scrubs and fsck. */
  isIntact(id: PageId): boolean {
    return this.states[id] !== State.stored || this.load(id) !== undefined;
  }

  /** What the file must hold for a page, where that is in memory, too. A copy. Not of sealed pages: they are never sealed twice alike. */
  storedBytes(id: PageId): Uint8Array | undefined {
    if (this.sealer !== undefined) return undefined;
    return this.states[id] === State.stored ? this.pages[id]?.slice() : undefined;
  }

  private load(id: PageId): OpenedPage {
    let slot: Uint8Array;
    try {
      slot = this.reader.read(this.name, this.offsetOf(id), this.slotBytes);
    } catch (error) {
      if (error instanceof StorageError) return undefined;
      throw error;
    }
    if (slot.length !== this.slotBytes) return undefined;
    if (this.clear.has(id)) {
      const page = slot.subarray(0, this.pageBytes);
      return pageIdOf(page) === id && checksumOf(page) === readWord(page, 0) ? page : undefined;
    }
    if (this.sealer === undefined) {
      return pageIdOf(slot) === id && checksumOf(slot) === this.checksums[id] ? slot : undefined;
    }
    return checksumOf(slot) === this.checksums[id] ? this.sealer.open(id, slot, this.pageBytes) : undefined;
  }

  /** A fresh page does not change from now on. @returns what stands for it in the file */
  finish(id: PageId): Uint8Array {
    assert(this.states[id] === State.fresh, 'a fresh page is finished');
    this.states[id] = State.leaving;
    const page = defined(this.pages[id], 'a fresh page is in memory');
    if (this.sealer === undefined) {
      this.checksums[id] = signPage(page);
      return page;
    }
    const slot = this.sealer.seal(id, page);
    this.checksums[id] = checksumOf(slot);
    return slot;
  }

  /** The same for a page of a page table, which stands in clear: it has checksums only, and its own. */
  finishClear(id: PageId): Uint8Array {
    assert(this.states[id] === State.fresh, 'a fresh page is finished');
    this.states[id] = State.leaving;
    this.clear.add(id);
    const slot = new Uint8Array(this.slotBytes);
    const page = defined(this.pages[id], 'a fresh page is in memory');
    signPage(page);
    slot.set(page);
    return slot;
  }

  /** Whose tree a page in use is of, as the file has it: nobody has checked whether that is what was written. undefined where it cannot be read. */
  ownerOf(id: PageId): Uint8Array | undefined {
    const page = this.pages[id];
    if (page !== undefined) return ownerOf(page);
    try {
      const head = this.reader.read(this.name, this.offsetOf(id), HEADER_BYTES);
      return this.sealer === undefined ? ownerOf(head) : head.subarray(0, OWNER_BYTES);
    } catch (error) {
      if (error instanceof StorageError) return undefined;
      throw error;
    }
  }

  /** The write of a sealed page is carried out. It may have been freed, and even handed out again, since. */
  arrived(id: PageId): void {
    if (this.states[id] === State.leaving) this.states[id] = State.stored;
  }

  checksum(id: PageId): number {
    return this.checksums[id] as number;
  }

  /** Forgets up to count pages that the file has and nobody has read of late. @returns how many */
  evict(count: number): number {
    let evicted = 0;
    for (let looks = 0; looks < 2 * this.pages.length && evicted < count; looks += 1) {
      this.hand = this.hand + 1 >= this.pages.length ? 1 : this.hand + 1;
      const id = this.hand;
      if (this.pages[id] === undefined || this.states[id] !== State.stored) continue;
      if (this.recent[id] === 1) {
        this.recent[id] = 0;
        continue;
      }
      this.pages[id] = undefined;
      this.came(-this.pageBytes);
      evicted += 1;
    }
    return evicted;
  }

  private newPage(): Uint8Array {
    this.came(this.pageBytes);
    if (this.slabUsed + this.pageBytes > this.slab.length) {
      this.slab = new Uint8Array(this.pageBytes * Math.min(SLAB_PAGES_MAX, Math.max(1, this.pages.length >> 2)));
      this.slabUsed = 0;
    }
    this.slabUsed += this.pageBytes;
    return this.slab.subarray(this.slabUsed - this.pageBytes, this.slabUsed);
  }

  private reserve(size: number): void {
    if (size <= this.states.length) return;
    const length = Math.max(size, 2 * this.states.length);
    this.states = grown(this.states, new Uint8Array(length));
    this.recent = grown(this.recent, new Uint8Array(length));
    this.checksums = grown(this.checksums, new Uint32Array(length));
  }
}

function grown<T extends Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Writes a page's checksum into it. */
function signPage(page: Uint8Array): number {
  const checksum = checksumOf(page);
  setU32(page, 0, checksum);
  return checksum;
}

/** Of everything behind the checksum itself. Never 0: that means "free" in a table. */
export function checksumOf(page: Uint8Array): number {
  return crc32c(page, 4) || 1;
}
