/**
 * History independence: a fixed set of leaves has one set of bucket hashes, one pair of roots and one proof of a question, in whatever
 * order its leaves came, were replaced and went and came again, and whether the tree was begun anew from its buckets on the way.
 */
import * as fc from 'fast-check';
import { describe, expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { hashOf } from '../../core/hasher.ts';
import { bucketVector } from '../../core/merkle/buckets.ts';
import { emptyHash } from '../../core/merkle/hashes.ts';
import { prove } from '../../core/merkle/prove.ts';
import { type SubtreeLeaf, sortLeaves } from '../../core/merkle/subtree.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { encodeValue, type LeafValue, valuePath } from '../../core/merkle/value.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { propertyRuns } from '../support/property.ts';

interface Leaf extends SubtreeLeaf {
  readonly value: Uint8Array;
}

/** Leaves whose paths share resources and relations, of all four lengths and kinds. */
function leafOf(k: number): Leaf {
  const tuple = { resource: `doc:${k % 3}`, relation: `r${k % 2}`, subject: k % 4 === 0 ? `team:${k}#member` : `user:${k}` };
  const times = { expiresAt: 0, version: 1 };
  const kinds: readonly LeafValue[] = [
    { kind: 'tuple', ...tuple, conditionName: '', conditionContext: '', ...times },
    { kind: 'reverse', ...tuple, forwardHash: new Uint8Array(32).fill(k), ...times },
    { kind: 'entity', key: `k${k}`, value: Uint8Array.of(k), ...times },
  ];
  const leaf = kinds[k % 3] as LeafValue;
  const value = encodeValue(leaf);
  return { path: valuePath(nativeHasher, leaf), valueHash: hashOf(nativeHasher, value), value };
}

const FIXED: readonly Leaf[] = Array.from({ length: 18 }, (_, k) => leafOf(k));
/** Leaves that come and go again. */
const PASSING: readonly Leaf[] = Array.from({ length: 6 }, (_, k) => leafOf(100 + k));
const TARGETS = [FIXED[0], FIXED[7], PASSING[0]].map((leaf, i) => (leaf as Leaf).path.slice(0, [64, 96, 97][i]));
const EMPTY = toHex(emptyHash(nativeHasher));

function bytesOf(tree: CommitmentTree): readonly string[] {
  const values = new Map(FIXED.map(({ path, value }) => [toHex(path), value]));
  const proof = prove(tree, TARGETS, (path) => values.get(toHex(path)) as Uint8Array);
  const vector = bucketVector(tree.arena, tree.root, tree.treeRoot());
  return [toHex(tree.treeRoot()), toHex(tree.stateRoot()), toHex(vector), toHex(proof)];
}

function filled(): CommitmentTree {
  const tree = new CommitmentTree(nativeHasher);
  for (const { path, valueHash } of FIXED) tree.set(path, valueHash);
  return tree;
}
const EXPECTED = bytesOf(filled());

/** The tree begun anew from its bucket hashes and leaves, as after a restart or a snapshot. */
function reopened(tree: CommitmentTree, leaves: ReadonlyMap<string, SubtreeLeaf>): CommitmentTree {
  // What was there when it was begun anew: the tree loads a bucket before the first change of it.
  const then = [...leaves.values()];
  const source = (bucket: number): readonly SubtreeLeaf[] => sortLeaves(then.filter(({ path }) => path[0] === bucket));
  const next = new CommitmentTree(nativeHasher, source);
  for (let bucket = 0; bucket < 256; bucket += 1) {
    const hash = tree.bucketHash(bucket);
    if (toHex(hash) !== EMPTY) next.plant(bucket, hash);
  }
  next.countUnloaded(tree.size);
  return next;
}

/** Every fixed leaf once; in between, leaves that pass, other values, removals, roots and restarts. */
const order = fc.shuffledSubarray(
  Array.from({ length: FIXED.length }, (_, i) => i),
  { minLength: FIXED.length },
);
const detours = fc.array(fc.tuple(fc.constantFrom('pass', 'other', 'remove', 'root', 'snapshot', 'reopen'), fc.nat()), {
  minLength: FIXED.length,
  maxLength: FIXED.length,
});

describe('history independence', () => {
  propertyRuns(
    10_000,
    'buckets, roots and proof bytes are those of the set, in any order of insertions and deletions and over restarts',
    order,
    detours,
    (fixed, between) => {
      let tree = new CommitmentTree(nativeHasher);
      const now = new Map<string, SubtreeLeaf>();
      const put = (leaf: SubtreeLeaf): void => {
        tree.set(leaf.path, leaf.valueHash);
        now.set(toHex(leaf.path), leaf);
      };
      const drop = (leaf: SubtreeLeaf): void => {
        tree.remove(leaf.path);
        now.delete(toHex(leaf.path));
      };
      let restarts = 0;
      const removed: Leaf[] = [];
      fixed.forEach((which, i) => {
        put(FIXED[which] as Leaf);
        const [kind, draw] = between[i] as (typeof between)[number];
        const earlier = FIXED[fixed[draw % (i + 1)] as number] as Leaf;
        if (kind === 'pass') put(PASSING[draw % PASSING.length] as Leaf);
        else if (kind === 'other') {
          put({ path: earlier.path, valueHash: new Uint8Array(32).fill(draw) });
          removed.push(earlier);
        } else if (kind === 'remove') {
          drop(earlier);
          removed.push(earlier);
        } else if (kind === 'root') tree.stateRoot();
        else if (kind === 'snapshot') tree.snapshot();
        else if (restarts < 1) {
          tree = reopened(tree, now);
          restarts += 1;
        }
      });
      for (const leaf of PASSING) drop(leaf);
      for (const leaf of removed) put(leaf);
      expect(tree.size).toBe(FIXED.length);
      expect(bytesOf(tree)).toEqual(EXPECTED);
    },
  );
});
