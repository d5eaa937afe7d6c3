/** The pages of a tree, without an order that matters: for who takes them over, gives them back, or looks whether they are intact. */
import { countOf, isBranch } from '../page/header.ts';
import { chainPages } from '../page/overflow.ts';
import { cellAt, isLongKeyAt, keyChainAt, VALUE_OVERFLOWS, wordAt } from '../page/slotted.ts';
import type { PageSpace } from '../page/space.ts';
import type { PageId } from '../page/store.ts';
import { valueChainAt } from './cells.ts';
import { childAt } from './search.ts';

/** Every page once: branches, leaves and the chains of long keys and large values. A page is read before it is yielded. */
export function* pagesOfTree(space: PageSpace, root: PageId): Generator<PageId> {
  const open: PageId[] = [root];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const page = space.read(id);
    const count = countOf(page);
    const branch = isBranch(page);
    for (let index = 0; index < count; index += 1) {
      const cell = cellAt(page, index);
      if (isLongKeyAt(page, cell)) yield* chainPages(space, keyChainAt(page, cell));
      if (!branch && wordAt(page, cell) >= VALUE_OVERFLOWS) yield* chainPages(space, valueChainAt(page, cell));
    }
    for (let child = 0; branch && child <= count; child += 1) open.push(childAt(page, child));
    yield id;
  }
}

/** Gives every page of a tree back; nobody uses the tree any more. */
export function dropTree(space: PageSpace, root: PageId): void {
  for (const id of [...pagesOfTree(space, root)]) space.drop(id);
}
