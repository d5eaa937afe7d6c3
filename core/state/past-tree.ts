/**
 * The commitment tree as an older block left it: every bucket with the hash that the bucket history has for it, and of those that are
 * asked about the leaves, worked out from the rows of then. Both are checked on the way: the buckets against the block's header, the
 * leaves against their bucket. Nothing of it is kept: what is asked of the past is seldom asked twice.
 */
import { assert, InvariantError } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Hasher } from '../capability.ts';
import { DamageError } from '../errors.ts';
import { COLD_VAULT_LEAVES } from '../limits.ts';
import { NO_NODE, type TreeView } from '../merkle/arena.ts';
import { BUCKETS, emptyHash } from '../merkle/hashes.ts';
import type { SubtreeLeaf } from '../merkle/subtree.ts';
import { CommitmentTree } from '../merkle/tree.ts';
import { hashValue } from '../merkle/value.ts';
import { prefixRange } from './key-reader.ts';
import { Table } from './keys.ts';
import type { Leaves } from './leaves.ts';
import { plantBucket } from './plant-bucket.ts';
import { leafOfRow } from './row-leaf.ts';
import type { RowsAt } from './rows-at.ts';

/** Tables whose rows are leaves. */
const LEAF_TABLES: readonly number[] = [Table.tuple, Table.reverse, Table.entity, Table.model];

export interface PastTreeOptions {
  readonly hasher: Hasher;
  readonly at: RowsAt;
  /** Of the block's header. */
  readonly treeRoot: Uint8Array;
  /** A bucket that will be asked about and is not in memory; undefined where all are. Asked again after each. */
  readonly missing: MissingBucket;
  /** Leaves that may be worked out. */
  readonly leavesMax: number;
}

export type MissingBucket = (tree: TreeView) => number | undefined;

/** Yields once a bucket, a row and a leaf. @returns undefined where what is asked about lies in buckets with more leaves than allowed. */
export function* pastTree(options: PastTreeOptions): Generator<void, CommitmentTree | undefined> {
  const { hasher, at, treeRoot, missing, leavesMax } = options;
  const tree = new CommitmentTree(hasher, () => {
    throw new InvariantError('the buckets of a past tree are loaded before it is read');
  });
  yield* plantStubs(hasher, at, tree);
  if (!equalBytes(tree.treeRoot(), treeRoot)) {
    throw new DamageError('bucket_damaged', 'the bucket history of a block is not what its header has committed');
  }
  const count = { leaves: 0 };
  for (let bucket = missing(tree); bucket !== undefined; bucket = missing(tree)) {
    const steps = plantBucket(tree, bucket, counted(bucketLeavesAt(hasher, at, bucket), count));
    while (steps.next().done !== true) {
      if (count.leaves <= leavesMax) yield;
      else return void steps.return();
    }
  }
  return tree;
}

function* counted<T>(items: Iterable<T | undefined>, count: { leaves: number }): Generator<T | undefined, void> {
  for (const item of items) {
    if (item !== undefined) count.leaves += 1;
    yield item;
  }
}

/** A bucket that a target leads to and that is not in memory. */
export function missingOf({ arena, root }: TreeView, targets: readonly Uint8Array[]): number | undefined {
  if (root === NO_NODE) return undefined;
  for (const target of targets) {
    const leaf = arena.descend(root, target);
    if (arena.isStub(leaf)) return arena.bucketOf(leaf);
  }
  return undefined;
}

/** Whether the tree of the newest block, in memory, can answer, at once or after a short load. */
export function isAtHand({ tree, count }: Leaves, missing: MissingBucket): boolean {
  let bucket = missing(tree);
  while (bucket !== undefined && count <= COLD_VAULT_LEAVES) {
    tree.need(bucket);
    bucket = missing(tree);
  }
  return bucket === undefined;
}

function* plantStubs(hasher: Hasher, at: RowsAt, tree: CommitmentTree): Generator<void, void> {
  const empty = emptyHash(hasher);
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const hash = bucketHashAt(at, bucket);
    if (hash !== undefined && !equalBytes(hash, empty)) tree.plant(bucket, hash);
    yield;
  }
}

/** The newest hash of a bucket that is no newer than the block; undefined where nothing was in it until then. */
function bucketHashAt({ rows, keys, height }: RowsAt, bucket: number): Uint8Array | undefined {
  const from = keys.bucketHistory(bucket, height).slice();
  const { to } = prefixRange(keys.bucketPrefix(bucket));
  const cursor = rows.scan({ from, to });
  return cursor.advance() ? cursor.value() : undefined;
}

/** Yields once a row that is read: its leaf, or nothing where there was none then. */
function* bucketLeavesAt(hasher: Hasher, at: RowsAt, bucket: number): Generator<SubtreeLeaf | undefined, void> {
  for (const table of LEAF_TABLES) {
    for (const { key, row } of at.scan(prefixRange(Uint8Array.of(table, bucket)))) {
      if (row === undefined) yield undefined;
      else {
        const { path, value } = leafOfRow(hasher, at, key, row);
        assert(path[0] === bucket, 'a row stands in the bucket of its leaf');
        yield { path, valueHash: hashValue(hasher, value) };
      }
    }
  }
}
