/** A bucket of a commitment tree comes into memory in as many steps as whoever asks for it likes. */
import { type SubtreeLeaf, sortLeaves } from '../merkle/subtree.ts';
import type { CommitmentTree } from '../merkle/tree.ts';

/** Leaves are sorted in as many parts, by the second byte of their paths; most of them hold none in a small vault. */
const RUNS = 256;

/**
 * Puts leaves in the place of a bucket's stub. Yields once a leaf that is read, and once a leaf that is planted; somebody else may
 * load the bucket meanwhile. Throws DamageError where they are not what was committed.
 * @param leaves in any order; undefined: nothing came of what was read
 */
export function* plantBucket(
  tree: CommitmentTree,
  bucket: number,
  leaves: Iterable<SubtreeLeaf | undefined>,
): Generator<void, void> {
  const runs = new Array<SubtreeLeaf[] | undefined>(RUNS).fill(undefined);
  for (const leaf of leaves) {
    if (leaf !== undefined) {
      const run = leaf.path[1] as number;
      runs[run] ??= [];
      runs[run].push(leaf);
    }
    yield;
  }
  if (tree.isLoaded(bucket)) return;
  const builder = tree.beginLoad(bucket);
  let isWhole = false;
  try {
    for (const run of runs) {
      if (run === undefined) continue;
      for (const leaf of sortLeaves(run)) {
        builder.add(leaf);
        yield;
      }
    }
    isWhole = true;
  } finally {
    if (!isWhole) builder.abandon();
  }
  tree.endLoad(bucket, builder);
}
