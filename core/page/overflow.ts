/**
 * Chains of pages for what does not fit a cell: large values and very long keys. A chain is written once and never
 * changed, so copies of the leaf share it. Page: header with `link` to the next page, then content to the page's end.
 */
import { assert } from '../assert.ts';
import { HEADER_BYTES, initHeader, linkOf, PageKind } from './header.ts';
import type { PageSpace } from './space.ts';
import { NO_PAGE, type PageId } from './store.ts';

/** Stores a copy of the bytes. @param bytes at least one. @returns the first page of the chain. */
export function writeChain(space: PageSpace, bytes: Uint8Array): PageId {
  assert(bytes.length > 0, 'a chain holds at least one byte');
  const perPage = space.store.pageBytes - HEADER_BYTES;
  let next = NO_PAGE;
  for (let start = Math.floor((bytes.length - 1) / perPage) * perPage; start >= 0; start -= perPage) {
    const id = space.allocate();
    const page = space.read(id);
    initHeader(page, PageKind.overflow, next);
    const part = bytes.subarray(start, start + perPage);
    page.set(part, HEADER_BYTES);
    page.fill(0, HEADER_BYTES + part.length);
    next = id;
  }
  return next;
}

/** A copy of the chain's content. @param length as given to writeChain. */
export function readChain(space: PageSpace, first: PageId, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const perPage = space.store.pageBytes - HEADER_BYTES;
  let id = first;
  for (let at = 0; at < length; at += perPage) {
    const page = space.read(id);
    bytes.set(page.subarray(HEADER_BYTES, HEADER_BYTES + Math.min(perPage, length - at)), at);
    id = linkOf(page);
  }
  return bytes;
}

/** Drops every page of the chain. */
export function dropChain(space: PageSpace, first: PageId): void {
  let id = first;
  while (id !== NO_PAGE) {
    const next = linkOf(space.read(id));
    space.drop(id);
    id = next;
  }
}

/** The pages of a chain, for checks. */
export function chainPages(space: PageSpace, first: PageId): readonly PageId[] {
  const pages: PageId[] = [];
  for (let id = first; id !== NO_PAGE; id = linkOf(space.read(id))) pages.push(id);
  return pages;
}
