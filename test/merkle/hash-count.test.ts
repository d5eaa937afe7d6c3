/**
 * How many hashes a root takes after changes: each stale node once, one for each changed leaf, one for the state root; a new leaf takes
 * another for its path. Counts have no
 * noise, so they are gated here; what they take in time is `npm run bench:proof`.
 */
import { describe, expect, test } from 'vitest';
import { BenchVault } from '../../bench/proof/vault.ts';
import type { Hasher } from '../../core/capability.ts';
import type { NodeRef } from '../../core/merkle/arena.ts';
import { bitAt } from '../../core/merkle/bits.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { nativeHasher } from '../../node/hasher.ts';

/** A hasher that counts. */
class Counting implements Hasher {
  readonly name: string = 'counting';
  digests: number = 0;

  digest(input: Uint8Array, start: number, end: number, out: Uint8Array, outOffset: number): void {
    this.digests += 1;
    nativeHasher.digest(input, start, end, out, outOffset);
  }
}

/** Adds the inner nodes on the way to a path. */
function addSpine(tree: CommitmentTree, path: Uint8Array, into: Set<NodeRef>): void {
  let node = tree.root;
  while (node > 0) {
    into.add(node);
    node = tree.arena.child(node, bitAt(path, tree.arena.bit(node)) === 0 ? 0 : 1);
  }
}

function pathOf(n: number): Uint8Array {
  const path = new Uint8Array(97);
  nativeHasher.digest(Uint8Array.of(n >> 8, n), 0, 2, path, 0);
  return path;
}

describe('hashes of a root', () => {
  test('each stale node is hashed once however many leaves changed beneath it, and each leaf once', () => {
    const hasher = new Counting();
    const tree = new CommitmentTree(hasher);
    for (let n = 0; n < 2000; n += 1) tree.set(pathOf(n), new Uint8Array(32));
    tree.treeRoot();
    for (const k of [1, 2, 10, 100, 1000]) {
      const spine = new Set<NodeRef>();
      const before = hasher.digests;
      for (let i = 0; i < k; i += 1) {
        const path = pathOf((i * 769) % 2000);
        tree.set(path, new Uint8Array(32).fill(k));
        addSpine(tree, path, spine);
      }
      tree.treeRoot();
      expect(hasher.digests - before).toBe(k + spine.size);
      tree.treeRoot();
      tree.bucketHash(7);
      expect(hasher.digests - before).toBe(k + spine.size);
      tree.stateRoot();
      expect(hasher.digests - before).toBe(k + spine.size + 1);
    }
  });

  test('at 10,000 tuples with reverse leaves an update takes as many as the depth of the tree, and no more', () => {
    const vault = new BenchVault(10_000);
    const { tree } = vault;
    expect(tree.size).toBe(20_000);
    const mean = (change: () => void): number =>
      vault.digestsOf(() => {
        change();
        tree.treeRoot();
      }, 100);
    const counts = [1, 10, 100].map((k) => [mean(() => vault.changeLeaves(k)), mean(() => vault.changeTuples(k))]);
    // A leaf is 15 deep: log2(20,000) and the half level that uneven sides cost. A tuple rewrites two.
    const bars = [
      [16.5, 31],
      [130, 240],
      [930, 1670],
    ];
    counts.flat().forEach((count, i) => {
      expect(count).toBeLessThanOrEqual(bars.flat()[i] as number);
    });
  });
});
