/** Memory of a tuple: heap and array buffers after a collection, before and after filling. */
import { BTree } from '../../core/btree/tree.ts';
import { compareBytes } from '../../core/bytes/compare.ts';
import { ExactIndex } from '../../core/index/exact-index.ts';
import { PageSpace } from '../../core/page/space.ts';
import { MemoryPageStore } from '../../core/page/store.ts';
import { newSortedBTree } from './peers.ts';
import type { Section } from './section.ts';
import { churn, keyOf, ROW } from './tuples.ts';

const INDEX_BYTES = 160 << 20;

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('memory is measured under --expose-gc');
  globalThis.gc();
  const usage = process.memoryUsage();
  return usage.heapUsed + usage.arrayBuffers;
}

function bytesOf(count: number, make: () => unknown): { readonly bytes: number; readonly kept: unknown } {
  const before = heapBytes();
  const kept = make();
  return { bytes: (heapBytes() - before) / count, kept };
}

function treeOf(count: number): BTree {
  const tree = new BTree(new PageSpace(new MemoryPageStore()));
  churn(
    count,
    (n) => tree.set(keyOf(n), ROW),
    (n) => tree.delete(keyOf(n)),
  );
  return tree;
}

function indexOf(count: number): ExactIndex {
  const index = new ExactIndex({ budgetBytes: INDEX_BYTES, seed: [1, 2, 3, 4] });
  const space = index.openSpace(true);
  churn(
    count,
    (n) => index.written(space, keyOf(n), 0),
    (n) => index.removed(space, keyOf(n)),
  );
  return index;
}

export function memorySection({ sizes, bar }: Section): void {
  const count = sizes.large;
  const isJudged = count === 1_000_000;
  const label = count.toLocaleString('en-US');
  const tree = bytesOf(count, () => treeOf(count));
  const { leafFill } = (tree.kept as BTree).check();
  const index = bytesOf(count, () => indexOf(count));
  const sorted = bytesOf(count, () => {
    const peer = newSortedBTree(compareBytes);
    churn(
      count,
      (n) => peer.set(keyOf(n), ROW),
      (n) => peer.delete(keyOf(n)),
    );
    return peer;
  });
  console.log(`\nmemory of a tuple at ${label}, its key of 44 bytes included, after churn`);
  console.log(
    `  tree                        ${tree.bytes.toFixed(0)} B with the row of ${ROW.length} B; leaves ${(100 * leafFill).toFixed(0)}% full`,
  );
  console.log(`  exact index                 ${index.bytes.toFixed(0)} B, in addition, and never above its budget`);
  console.log(`  sorted-btree                ${sorted.bytes.toFixed(0)} B, a Uint8Array a key, all rows one object`);
  const measured = tree.bytes - ROW.length;
  bar({ what: `${label}: memory, tree and key`, measured, unit: 'B', sense: 'at most', bar: 100, isJudged });
}
