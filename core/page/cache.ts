/**
 * How much of all page files of a node is in memory. Pages that the files have are forgotten between steps, never within one: what a
 * step holds of a page stays what it is.
 */
import type { PageFile } from './page-file.ts';

export class PageCache {
  private readonly bytesMax: number;
  private readonly files: Set<PageFile> = new Set();
  private bytes: number = 0;

  /** @param bytesMax of pages in memory; more only where that much has changed and is not in a checkpoint yet. */
  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Bytes of pages in memory. */
  get residentBytes(): number {
    return this.bytes;
  }

  add(file: PageFile): void {
    this.files.add(file);
  }

  /** The file's state is not used any more. */
  remove(file: PageFile): void {
    if (this.files.delete(file)) this.bytes -= file.residentBytes;
  }

  /** @param bytes of pages that came, or went */
  count(bytes: number): void {
    this.bytes += bytes;
  }

  /** Forgets what nobody has read of late, where there is too much; called between steps. */
  trim(): void {
    if (this.bytes <= this.bytesMax) return;
    // A little more than asked, so that not every step looks again.
    const target = this.bytesMax - (this.bytesMax >>> 4);
    for (const file of this.files) {
      if (this.bytes <= target) return;
      const share = Math.ceil(((this.bytes - target) * file.residentBytes) / Math.max(this.bytes, 1));
      file.evict(Math.ceil(share / file.pageBytes));
    }
  }
}
