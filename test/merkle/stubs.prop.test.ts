/** A tree whose buckets come and go between memory and their source, against one that has everything. */
import * as fc from 'fast-check';
import { describe, expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { DamageError } from '../../core/errors.ts';
import { hashOf } from '../../core/hasher.ts';
import { emptyHash } from '../../core/merkle/hashes.ts';
import { prove } from '../../core/merkle/prove.ts';
import { type SubtreeLeaf, sortLeaves } from '../../core/merkle/subtree.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { encodeValue, type LeafValue, valuePath } from '../../core/merkle/value.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { propertyRuns } from '../support/property.ts';

interface Leaf {
  readonly path: Uint8Array;
  readonly value: Uint8Array;
}

/** Leaf k as of version v; leaves share resources, so that buckets have several. */
function leafOf(k: number, v: number): Leaf {
  const tuple = { resource: `doc:${k % 7}`, relation: `r${k % 3}`, subject: k % 5 === 0 ? `team:${k}#member` : `user:${k}` };
  const times = { expiresAt: 0, version: v + 1 };
  const kinds: readonly LeafValue[] = [
    { kind: 'entity', key: `k${k}`, value: new Uint8Array([v]), ...times },
    { kind: 'tuple', ...tuple, conditionName: '', conditionContext: '', ...times },
    { kind: 'reverse', ...tuple, forwardHash: new Uint8Array(32), ...times },
  ];
  const value = kinds[k % 3] as LeafValue;
  return { path: valuePath(nativeHasher, value), value: encodeValue(value) };
}

/** Both trees and what they hold. */
class Bench {
  readonly whole: CommitmentTree = new CommitmentTree(nativeHasher);
  readonly contents: Map<string, Leaf> = new Map();
  /** What rows would say: the bytes of leaves as they are now. */
  readonly source = (bucket: number): readonly SubtreeLeaf[] => {
    const own = [...this.contents.values()].filter(({ path }) => path[0] === bucket);
    return sortLeaves(own.map(({ path, value }) => ({ path, valueHash: hashOf(nativeHasher, value) })));
  };
  lazy: CommitmentTree = new CommitmentTree(nativeHasher, this.source);

  set(leaf: Leaf): void {
    // The tree loads the bucket as it was, so the source changes behind it.
    this.lazy.set(leaf.path, hashOf(nativeHasher, leaf.value));
    this.whole.set(leaf.path, hashOf(nativeHasher, leaf.value));
    this.contents.set(toHex(leaf.path), leaf);
  }

  remove(path: Uint8Array): void {
    expect(this.lazy.remove(path)).toBe(this.whole.remove(path));
    this.contents.delete(toHex(path));
  }

  /** Everything is forgotten but the bucket hashes. */
  reopen(): void {
    const empty = toHex(emptyHash(nativeHasher));
    const next = new CommitmentTree(nativeHasher, this.source);
    for (let bucket = 0; bucket < 256; bucket += 1) {
      const hash = this.whole.bucketHash(bucket);
      if (toHex(hash) !== empty) next.plant(bucket, hash);
    }
    next.countUnloaded(this.whole.size);
    this.lazy = next;
  }

  expectEqual(): void {
    expect(this.lazy.size).toBe(this.whole.size);
    expect(toHex(this.lazy.treeRoot())).toBe(toHex(this.whole.treeRoot()));
    expect(toHex(this.lazy.stateRoot())).toBe(toHex(this.whole.stateRoot()));
  }

  proof(tree: CommitmentTree, targets: readonly Uint8Array[]): string {
    return toHex(prove(tree, targets, (path) => (this.contents.get(toHex(path)) as Leaf).value));
  }
}

const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('set' as const), k: fc.nat(60), v: fc.nat(3) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('remove' as const), k: fc.nat(60) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('unload' as const), k: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'root' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('prove' as const), ks: fc.array(fc.nat(80), { minLength: 1, maxLength: 3 }) }),
  },
);

describe('buckets that are not in memory', () => {
  propertyRuns(200, 'roots and proofs are those of a tree that has everything', fc.array(step, { maxLength: 60 }), (steps) => {
    const bench = new Bench();
    for (const it of steps) {
      if (it.kind === 'set') bench.set(leafOf(it.k, it.v));
      else if (it.kind === 'remove') bench.remove(leafOf(it.k, 0).path);
      else if (it.kind === 'unload') bench.lazy.unload(leafOf(it.k, 0).path[0] as number);
      else if (it.kind === 'reopen') bench.reopen();
      else if (it.kind === 'root') bench.expectEqual();
      else {
        const targets = it.ks.map((k) => leafOf(k, 0).path);
        expect(bench.proof(bench.lazy, targets)).toBe(bench.proof(bench.whole, targets));
      }
    }
    bench.expectEqual();
    for (const { path } of bench.contents.values()) expect(bench.lazy.has(path)).toBe(true);
    expect(bench.lazy.stubCount).toBe(0);
    expect(bench.lazy.arena.nodes).toBe(bench.whole.arena.nodes);
  });

  propertyRuns(
    60,
    'a source that says anything else than what was committed is not believed',
    fc.record({
      count: fc.integer({ min: 1, max: 60 }),
      victim: fc.nat(59),
      change: fc.constantFrom('value', 'missing', 'more'),
    }),
    ({ count, victim, change }) => {
      const bench = new Bench();
      for (let k = 0; k < count; k += 1) bench.set(leafOf(k, 0));
      bench.reopen();
      const leaf = leafOf(victim % count, 0);
      if (change === 'value') bench.contents.set(toHex(leaf.path), { path: leaf.path, value: leafOf(victim % count, 1).value });
      else if (change === 'missing') bench.contents.delete(toHex(leaf.path));
      else {
        const path = leaf.path.slice();
        path[path.length - 1] = (path[path.length - 1] as number) ^ 1;
        bench.contents.set(toHex(path), { path, value: leaf.value });
      }
      expect(() => bench.lazy.has(leaf.path)).toThrow(DamageError);
    },
  );
});
