/**
 * Which pages a checkpoint consists of: a CRC for each id, 0 where the page is not part of it. It stands in pages of its own,
 * a chain that the superblock begins, and the superblock has its CRC; so every byte of a checkpoint hangs on its superblock.
 * Why not a bit a page: with the checksum kept elsewhere, a page whose last write never arrived is found out, too. 4 bytes for 8 KiB.
 */
import { crc32c } from '../bytes/crc32c.ts';
import { readWord, writeWord } from '../bytes/word.ts';
import type { DirectoryReader } from '../effect.ts';
import { HEADER_BYTES, initHeader, linkOf, PageKind, pageIdOf, stampPage } from './header.ts';
import { checksumOf, FIRST_PAGE_AT, type PageFile } from './page-file.ts';
import { GROUP_OWN } from './space.ts';
import { NO_PAGE, type PageId } from './store.ts';

/** Where a table stands. */
export interface TablePlace {
  readonly first: PageId;
  /** Entries, id 0 included. */
  readonly entries: number;
  /** CRC-32C of the entries as bytes. */
  readonly checksum: number;
}

function bytesOf(checksums: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(4 * checksums.length);
  for (const [id, checksum] of checksums.entries()) writeWord(checksum, bytes, 4 * id);
  return bytes;
}

/** Lays a table out on pages of the file. @param generation to stamp them with. @returns its place and its pages, not sealed yet */
export function layTable(
  file: PageFile,
  checksums: Uint32Array,
  generation: number,
): { readonly place: TablePlace; readonly pages: readonly PageId[] } {
  const bytes = bytesOf(checksums);
  const perPage = file.pageBytes - HEADER_BYTES;
  const pages: PageId[] = [];
  let next = NO_PAGE;
  for (let start = Math.floor((bytes.length - 1) / perPage) * perPage; start >= 0; start -= perPage) {
    const id = file.allocate();
    const page = file.pages[id] as Uint8Array;
    stampPage(page, id, generation, GROUP_OWN);
    initHeader(page, PageKind.overflow, next);
    const part = bytes.subarray(start, start + perPage);
    page.set(part, HEADER_BYTES);
    page.fill(0, HEADER_BYTES + part.length);
    pages.push(id);
    next = id;
  }
  return { place: { first: next, entries: checksums.length, checksum: crc32c(bytes) }, pages };
}

/**
 * Reads a table back. Throws StorageError where the disk refuses.
 * @returns the entries and the pages it stands on; undefined where it is not what was written
 */
export function readTable(
  reader: DirectoryReader,
  file: string,
  { pageBytes, slotBytes }: { readonly pageBytes: number; readonly slotBytes: number },
  place: TablePlace,
): { readonly checksums: Uint32Array; readonly pages: readonly PageId[] } | undefined {
  const perPage = pageBytes - HEADER_BYTES;
  const bytes = new Uint8Array(4 * place.entries);
  const pages: PageId[] = [];
  let id = place.first;
  for (let at = 0; at < bytes.length; at += perPage) {
    const page = reader.read(file, FIRST_PAGE_AT + (id - 1) * slotBytes, pageBytes);
    if (id === NO_PAGE || page.length !== pageBytes || pageIdOf(page) !== id) return undefined;
    if (checksumOf(page) !== readWord(page, 0)) return undefined;
    bytes.set(page.subarray(HEADER_BYTES, HEADER_BYTES + Math.min(perPage, bytes.length - at)), at);
    pages.push(id);
    id = linkOf(page);
  }
  if (crc32c(bytes) !== place.checksum) return undefined;
  const checksums = new Uint32Array(place.entries);
  for (let entry = 0; entry < checksums.length; entry += 1) checksums[entry] = readWord(bytes, 4 * entry);
  return { checksums, pages };
}
