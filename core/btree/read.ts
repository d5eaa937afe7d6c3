/** Point reads: from a root to the bytes of a value. */
import { isBranch } from '../page/header.ts';
import { readChain } from '../page/overflow.ts';
import { cellAt, VALUE_OVERFLOWS, valueAt, wordAt } from '../page/slotted.ts';
import type { PageSpace } from '../page/space.ts';
import type { PageId } from '../page/store.ts';
import { valueChainAt } from './cells.ts';
import { childAt, findChild, findInLeaf } from './search.ts';

/** Where a value is. The bytes are the page's own: valid until the tree changes. */
export class ValueView {
  bytes: Uint8Array = new Uint8Array(0);
  start: number = 0;
  end: number = 0;
}

/** Finds a key's value without copying it. @returns false where there is no such key; the view is then of no meaning. */
export function findValue(space: PageSpace, root: PageId, key: Uint8Array, view: ValueView): boolean {
  let page = space.read(root);
  while (isBranch(page)) page = space.read(childAt(page, findChild(space, page, key)));
  const index = findInLeaf(space, page, key);
  if (index < 0) return false;
  const cell = cellAt(page, index);
  const word = wordAt(page, cell);
  if (word < VALUE_OVERFLOWS) {
    view.bytes = page;
    view.start = valueAt(page, cell);
    view.end = view.start + word;
  } else {
    view.bytes = copyOfValue(space, page, index);
    view.start = 0;
    view.end = view.bytes.length;
  }
  return true;
}

/** A copy of the value of a leaf's entry. */
export function copyOfValue(space: PageSpace, page: Uint8Array, index: number): Uint8Array {
  const cell = cellAt(page, index);
  const word = wordAt(page, cell);
  if (word >= VALUE_OVERFLOWS) return readChain(space, valueChainAt(page, cell), word - VALUE_OVERFLOWS);
  const start = valueAt(page, cell);
  return copyOfRange(page, start, start + word);
}

/** A copy of bytes[start, end). Why a loop for few bytes: `slice` costs 80 ns before the first one. */
export function copyOfRange(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (end - start > 64) return bytes.slice(start, end);
  const copy = new Uint8Array(end - start);
  for (let i = 0; i < copy.length; i += 1) copy[i] = bytes[start + i] as number;
  return copy;
}
