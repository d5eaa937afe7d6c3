/** The commitment tree against a naive recursive one, under random changes, roots in between and snapshots. */
import * as fc from 'fast-check';
import { describe, expect } from 'vitest';
import { compareBytes, concatBytes } from '../../core/bytes/compare.ts';
import { toHex } from '../../core/bytes/text.ts';
import { hashOf } from '../../core/hasher.ts';
import { NO_NODE, type NodeArena, type NodeRef } from '../../core/merkle/arena.ts';
import { stateRootOf, treeRootOf } from '../../core/merkle/buckets.ts';
import { emptyHash } from '../../core/merkle/hashes.ts';
import { prove } from '../../core/merkle/prove.ts';
import type { TreeSnapshot } from '../../core/merkle/snapshot.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { encodeValue, type LeafValue, valuePath } from '../../core/merkle/value.ts';
import { verifyPrunedTree } from '../../core/proof/pruned-tree.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { propertyRuns } from '../support/property.ts';

type Contents = ReadonlyMap<string, Uint8Array>;

const sha = (bytes: Uint8Array): Uint8Array => hashOf(nativeHasher, bytes);
const EMPTY = emptyHash(nativeHasher);

/** Leaf k as of version v: an entity, or a tuple or reverse leaf whose path shares components with others. */
function leafOf(k: number, v: number): { readonly path: Uint8Array; readonly value: Uint8Array } {
  const tuple = { resource: `doc:${k % 2}`, relation: `r${k % 4}`, subject: k % 5 === 0 ? `team:${k}#member` : `user:${k}` };
  const times = { expiresAt: 0, version: v + 1 };
  const kinds: readonly LeafValue[] = [
    { kind: 'entity', key: `k${k}`, value: new Uint8Array([v]), ...times },
    { kind: 'tuple', ...tuple, conditionName: '', conditionContext: '', ...times },
    { kind: 'reverse', ...tuple, forwardHash: new Uint8Array(32), ...times },
  ];
  const value = kinds[k % 3] as LeafValue;
  return { path: valuePath(nativeHasher, value), value: encodeValue(value) };
}

interface NaiveLeaf {
  readonly path: Uint8Array;
  readonly hash: Uint8Array;
}

/** Root by the definition: split sorted leaves at the first bit at which they differ. */
function naiveRoot(leaves: readonly NaiveLeaf[]): Uint8Array {
  const first = leaves[0];
  const last = leaves[leaves.length - 1];
  if (first === undefined || last === undefined) return EMPTY;
  if (first === last) return sha(concatBytes(new Uint8Array([0]), sha(first.path), first.hash));
  const bitOf = (path: Uint8Array, bit: number): number => ((path[bit >> 3] as number) >> (7 - (bit & 7))) & 1;
  let bit = 0;
  while (bitOf(first.path, bit) === bitOf(last.path, bit)) bit += 1;
  const split = leaves.findIndex((leaf) => bitOf(leaf.path, bit) === 1);
  const prefix = new Uint8Array([1, 0, bit >> 8, bit]);
  return sha(concatBytes(prefix, naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split))));
}

function sorted(contents: Contents): readonly NaiveLeaf[] {
  const leaves = [...contents.values()].map((value, i) => ({ path: [...contents.keys()][i] as string, hash: sha(value) }));
  return leaves
    .map(({ path, hash }) => ({ path: Uint8Array.from(path.match(/../g) ?? [], (two) => Number.parseInt(two, 16)), hash }))
    .sort((a, b) => compareBytes(a.path, b.path));
}

function naiveBuckets(leaves: readonly NaiveLeaf[]): Uint8Array {
  const buckets = Array.from({ length: 256 }, (_, i) => naiveRoot(leaves.filter((leaf) => leaf.path[0] === i)));
  return concatBytes(...buckets);
}

function expectView(view: TreeSnapshot | CommitmentTree, contents: Contents): void {
  const leaves = sorted(contents);
  const root = toHex(naiveRoot(leaves));
  expect(view.size).toBe(contents.size);
  expect(toHex(view.treeRoot())).toBe(root);
  const buckets = naiveBuckets(leaves);
  expect(toHex(treeRootOf(nativeHasher, buckets))).toBe(root);
  expect(toHex(view.stateRoot())).toBe(toHex(stateRootOf(nativeHasher, buckets)));
}

/** Everything the view holds, and some things it does not, are provable by its root. */
function expectProvable(view: TreeSnapshot | CommitmentTree, contents: Contents, targets: readonly Uint8Array[]): void {
  const proof = prove(view, targets, (path) => contents.get(toHex(path)) as Uint8Array);
  const verdict = verifyPrunedTree({ hasher: nativeHasher, treeRoot: view.treeRoot(), targets, proof });
  if (!verdict.ok) throw new Error(`${verdict.stage}: ${verdict.reason}`);
  targets.forEach((target, i) => {
    const expected = [...contents.keys()].filter((path) => path.startsWith(toHex(target))).sort();
    const found = verdict.results[i] ?? [];
    expect(found.map((leaf) => toHex(leaf.path))).toEqual(expected);
    for (const leaf of found) expect(leaf.value).toEqual(contents.get(toHex(leaf.path)));
  });
}

/** Adds every node beneath a root. */
function collect(arena: NodeArena, node: NodeRef, into: Set<NodeRef>): void {
  if (node === NO_NODE || into.has(node)) return;
  into.add(node);
  if (node > 0) for (const side of [0, 1] as const) collect(arena, arena.child(node, side), into);
}

type Step =
  | { readonly do: 'set'; readonly k: number; readonly v: number }
  | { readonly do: 'remove'; readonly k: number }
  | { readonly do: 'root' }
  | { readonly do: 'snapshot' }
  | { readonly do: 'release'; readonly which: number };

const key = fc.nat({ max: 40 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('set' as const), k: key, v: fc.nat({ max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('remove' as const), k: key }) },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ do: 'root' }, { do: 'snapshot' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat({ max: 9 }) }) },
);

/** Runs steps on a tree and on maps. */
function run(steps: readonly Step[]): {
  readonly tree: CommitmentTree;
  readonly contents: Contents;
  readonly snapshots: readonly { readonly snapshot: TreeSnapshot; readonly contents: Contents }[];
} {
  const tree = new CommitmentTree(nativeHasher);
  const contents = new Map<string, Uint8Array>();
  const snapshots: { readonly snapshot: TreeSnapshot; readonly contents: Contents }[] = [];
  for (const now of steps) {
    if (now.do === 'set') {
      const { path, value } = leafOf(now.k, now.v);
      tree.set(path, sha(value));
      contents.set(toHex(path), value);
    } else if (now.do === 'remove') {
      const { path } = leafOf(now.k, 0);
      expect(tree.has(path)).toBe(contents.has(toHex(path)));
      expect(tree.remove(path)).toBe(contents.delete(toHex(path)));
    } else if (now.do === 'root') tree.treeRoot();
    else if (now.do === 'snapshot') snapshots.push({ snapshot: tree.snapshot(), contents: new Map(contents) });
    else if (now.do === 'release')
      for (const { snapshot } of snapshots.splice(now.which % (snapshots.length + 1), 1)) snapshot.release();
  }
  return { tree, contents, snapshots };
}

/** Long runs: snapshots must be taken and released in the middle of changes, in any order. */
const steps = fc.array(step, { minLength: 20, maxLength: 200, size: 'max' });
const prefix = fc.tuple(key, fc.integer({ min: 1, max: 97 })).map(([k, length]) => leafOf(k, 0).path.slice(0, length));
const random = fc.uint8Array({ minLength: 1, maxLength: 97 });

describe('commitment tree', () => {
  propertyRuns(150, 'a tree and its snapshots have the roots that the definition gives', steps, (draw) => {
    const { tree, contents, snapshots } = run(draw);
    expectView(tree, contents);
    for (const past of snapshots) expectView(past.snapshot, past.contents);
  });

  propertyRuns(
    150,
    'any targets are provable in a tree and in its snapshots, with exactly the leaves that have the prefix',
    steps,
    fc.array(fc.oneof(prefix, random), { minLength: 1, maxLength: 6 }),
    (draw, targets) => {
      const { tree, contents, snapshots } = run(draw);
      expectProvable(tree, contents, targets);
      for (const past of snapshots) expectProvable(past.snapshot, past.contents, targets);
    },
  );

  propertyRuns(150, 'exactly the nodes that the tree or a live snapshot shows are kept', steps, (draw) => {
    const { tree, snapshots } = run(draw);
    const shown = new Set<NodeRef>();
    for (const view of [tree, ...snapshots.map(({ snapshot }) => snapshot)]) collect(tree.arena, view.root, shown);
    expect(tree.arena.nodes).toBe(shown.size);
    for (const { snapshot } of snapshots) snapshot.release();
    expect(tree.arena.nodes).toBe(Math.max(0, 2 * tree.size - 1));
  });

  propertyRuns(
    40,
    'roots and proofs depend on contents, not on history',
    steps,
    fc.array(prefix, { minLength: 1, maxLength: 4 }),
    (draw, targets) => {
      const { tree, contents } = run(draw);
      const fresh = new CommitmentTree(nativeHasher);
      for (const leaf of sorted(contents)) fresh.set(leaf.path, leaf.hash);
      const valueAt = (path: Uint8Array): Uint8Array => contents.get(toHex(path)) as Uint8Array;
      expect(toHex(fresh.stateRoot())).toBe(toHex(tree.stateRoot()));
      expect(toHex(prove(fresh, [...targets].reverse(), valueAt))).toBe(toHex(prove(tree, targets, valueAt)));
    },
  );
});
