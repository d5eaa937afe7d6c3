/** The commitment tree against the golden trees, and its snapshots. */
import { expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { hashOf } from '../../core/hasher.ts';
import { stateRootOf, treeRootOf } from '../../core/merkle/buckets.ts';
import { emptyHash } from '../../core/merkle/hashes.ts';
import { prove } from '../../core/merkle/prove.ts';
import { Slab } from '../../core/merkle/slab.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { type BuiltLeaf, buildLeaf, type TreeVector, vectorTest } from '../support/vectors.ts';

/** Deterministic orders of n things: as given, backwards, and strides that visit all. */
function orders(count: number): readonly (readonly number[])[] {
  const given = Array.from({ length: count }, (_, i) => i);
  const stride = [7, 11, 13].find((step) => count % step !== 0) ?? 1;
  return [given, [...given].reverse(), given.map((i) => (i * stride + 3) % Math.max(1, count))];
}

function expectRoots(tree: CommitmentTree, vector: TreeVector): void {
  expect(toHex(tree.treeRoot())).toBe(vector.tree_root);
  expect(toHex(tree.stateRoot())).toBe(vector.state_root);
  const joined = new Uint8Array(8192);
  for (let bucket = 0; bucket < 256; bucket += 1) {
    const hash = tree.bucketHash(bucket);
    joined.set(hash, bucket * 32);
    expect(toHex(hash)).toBe(vector.bucket_hashes[bucket.toString(16).padStart(2, '0')] ?? toHex(emptyHash(nativeHasher)));
  }
  expect(toHex(treeRootOf(nativeHasher, joined))).toBe(vector.tree_root);
}

function filled(leaves: readonly BuiltLeaf[], order: readonly number[]): CommitmentTree {
  const tree = new CommitmentTree(nativeHasher);
  for (const i of order) {
    const leaf = leaves[i] as BuiltLeaf;
    tree.set(leaf.path, leaf.valueHash);
  }
  return tree;
}

vectorTest('every order of insertion arrives at the roots and bucket hashes of the vectors', ({ trees }) => {
  expect(trees.length).toBeGreaterThan(0);
  for (const vector of trees) {
    const leaves = vector.leaves.map(buildLeaf);
    for (const order of orders(leaves.length)) {
      const tree = filled(leaves, order);
      expect(tree.size).toBe(leaves.length);
      expectRoots(tree, vector);
    }
  }
});

vectorTest('detours over deletes, replacements, roots in between and snapshots arrive at the same roots', ({ trees }) => {
  const foreign = (trees.find((tree) => tree.name === 'mixed-300') as TreeVector).leaves.map(buildLeaf);
  for (const vector of trees) {
    const leaves = vector.leaves.map(buildLeaf);
    const own = new Set(leaves.map((leaf) => toHex(leaf.path)));
    const others = foreign.filter((leaf) => !own.has(toHex(leaf.path)));
    const tree = new CommitmentTree(nativeHasher);
    others.forEach((leaf, i) => {
      tree.set(leaf.path, leaf.valueHash);
      if (i % 64 === 0) tree.snapshot();
    });
    for (const leaf of leaves) tree.set(leaf.path, new Uint8Array(32));
    tree.stateRoot();
    for (const leaf of leaves) tree.set(leaf.path, leaf.valueHash);
    for (const leaf of others) expect(tree.remove(leaf.path)).toBe(true);
    expect(tree.size).toBe(leaves.length);
    expectRoots(tree, vector);
  }
});

vectorTest('a snapshot keeps its roots and proofs while the tree moves on, and gives everything back', ({ trees }) => {
  const before = trees.find((tree) => tree.name === 'n17') as TreeVector;
  const after = trees.find((tree) => tree.name === 'mixed-300') as TreeVector;
  const old = before.leaves.map(buildLeaf);
  const tree = filled(old, orders(old.length)[0] as readonly number[]);
  const snapshot = tree.snapshot();
  const valueAt = (path: Uint8Array): Uint8Array => (old.find((leaf) => toHex(leaf.path) === toHex(path)) as BuiltLeaf).value;
  const target = (old[0] as BuiltLeaf).path;
  const proof = prove(snapshot, [target], valueAt);
  for (const leaf of old) tree.remove(leaf.path);
  for (const leaf of after.leaves.map(buildLeaf)) tree.set(leaf.path, leaf.valueHash);
  expectRoots(tree, after);
  expect(toHex(snapshot.treeRoot())).toBe(before.tree_root);
  expect(toHex(snapshot.stateRoot())).toBe(before.state_root);
  expect(toHex(prove(snapshot, [target], valueAt))).toBe(toHex(proof));
  const shared = tree.arena.nodes;
  snapshot.release();
  expect(tree.arena.nodes).toBe(2 * tree.size - 1);
  expect(shared).toBeGreaterThan(tree.arena.nodes);
  expectRoots(tree, after);
});

test('a released snapshot is not used again', () => {
  const snapshot = new CommitmentTree(nativeHasher).snapshot();
  snapshot.release();
  expect(() => snapshot.treeRoot()).toThrow('a released snapshot is not used');
  expect(() => snapshot.release()).toThrow('a snapshot is released once');
});

test('removing what is not there changes nothing', () => {
  const tree = new CommitmentTree(nativeHasher);
  expect(tree.remove(new Uint8Array(32))).toBe(false);
  tree.set(new Uint8Array(32), new Uint8Array(32));
  const root = toHex(tree.treeRoot());
  expect(tree.remove(new Uint8Array(32).fill(1))).toBe(false);
  expect(tree.remove(new Uint8Array(96).fill(2))).toBe(false);
  expect(() => tree.has(new Uint8Array(96))).toThrow('no path is a prefix of another');
  expect(toHex(tree.treeRoot())).toBe(root);
  expect(tree.remove(new Uint8Array(32))).toBe(true);
  expect(toHex(tree.treeRoot())).toBe(toHex(emptyHash(nativeHasher)));
  expect(tree.arena.nodes).toBe(0);
});

/** Path and value hash made of one number. */
const numbered = (i: number): Uint8Array => hashOf(nativeHasher, new Uint8Array([i >> 8, i]));

test('the state root of a large tree follows every set and remove', () => {
  const tree = new CommitmentTree(nativeHasher);
  const expectFresh = (): void => {
    const vector = Uint8Array.from(Array.from({ length: 256 }, (_, bucket) => [...tree.bucketHash(bucket)]).flat());
    expect(toHex(tree.stateRoot())).toBe(toHex(stateRootOf(nativeHasher, vector)));
  };
  for (let i = 0; i < 600; i += 1) tree.set(numbered(i), numbered(i));
  expectFresh();
  for (let i = 0; i < 300; i += 60) {
    tree.remove(numbered(i));
    expectFresh();
    tree.set(numbered(i + 1), numbered(0));
    expectFresh();
  }
  for (let i = 0; i < 600; i += 1) if (i % 50 !== 0) tree.remove(numbered(i));
  expectFresh();
  for (let i = 0; i < 600; i += 1) tree.set(numbered(i), numbered(i));
  expectFresh();
});

test('records that are given back are used again, across chunks', () => {
  const slab = new Slab({ bytesPerRecord: 2, wordsPerRecord: 1 });
  const ids = Array.from({ length: 10_000 }, () => slab.allocate());
  expect(new Set(ids).size).toBe(10_000);
  expect(ids).not.toContain(0);
  for (const id of ids) slab.bytes(id).set([id >> 8, id], slab.byteAt(id));
  for (const id of ids) expect(slab.bytes(id).slice(slab.byteAt(id), slab.byteAt(id) + 2)).toEqual(new Uint8Array([id >> 8, id]));
  const even = ids.filter((id) => id % 2 === 0);
  for (const id of even) slab.free(id);
  expect(slab.used).toBe(ids.length - even.length);
  expect(new Set(even.map(() => slab.allocate()))).toEqual(new Set(even));
});
