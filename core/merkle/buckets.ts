/**
 * The cut through the tree at bit 8: 256 bucket hashes. state_root locates divergence, tree_root gives short proofs, and
 * the vector binds the two: whoever holds it recomputes both.
 */
import { assert } from '../assert.ts';
import type { Hasher } from '../capability.ts';
import { NO_NODE, type NodeArena, type NodeRef } from './arena.ts';
import {
  BUCKETS,
  copyHash,
  emptyHash,
  HASH_BYTES,
  INNER_PREIMAGE_BYTES,
  LEFT_HASH_AT,
  RIGHT_HASH_AT,
  sameHash,
} from './hashes.ts';

/** Bytes of the bucket vector: 256 hashes. */
export const BUCKET_VECTOR_BYTES: number = BUCKETS * HASH_BYTES;

/** The bucket vector of a root whose hashes are up to date. Costs 8 KiB of EMPTY and one visit per bucket in use. */
export function bucketVector(arena: NodeArena, root: NodeRef, rootHash: Uint8Array): Uint8Array {
  const vector = new Uint8Array(BUCKET_VECTOR_BYTES);
  copyHash(arena.empty, 0, vector, 0);
  for (let filled = HASH_BYTES; filled < BUCKET_VECTOR_BYTES; filled *= 2) vector.copyWithin(filled, 0, filled);
  if (root !== NO_NODE) fillBuckets(arena, { node: root, bytes: rootHash, at: 0 }, vector);
  return vector;
}

/** Puts the hash of every subtree below the cut at the bucket of its leaves. @param from a node and where its hash stands */
function fillBuckets(
  arena: NodeArena,
  from: { readonly node: NodeRef; readonly bytes: Uint8Array; readonly at: number },
  vector: Uint8Array,
): void {
  const { node } = from;
  if (node > 0 && arena.bit(node) < 8) {
    const bytes = arena.hashBytes(node);
    fillBuckets(arena, { node: arena.child(node, 0), bytes, at: arena.hashAt(node, 0) }, vector);
    fillBuckets(arena, { node: arena.child(node, 1), bytes, at: arena.hashAt(node, 1) }, vector);
    return;
  }
  const bucket = arena.path(arena.leftmost(node))[0] as number;
  copyHash(from.bytes, from.at, vector, bucket * HASH_BYTES);
}

/** SHA-256 over the bucket vector. */
export function stateRootOf(hasher: Hasher, vector: Uint8Array): Uint8Array {
  assert(vector.length === BUCKET_VECTOR_BYTES, 'a bucket vector has 256 hashes');
  const out = new Uint8Array(HASH_BYTES);
  hasher.digest(vector, 0, vector.length, out, 0);
  return out;
}

/** Folds the bucket vector: pairs at bit 7, then 6 … 0; an EMPTY side yields its sibling. It is the trie's own root hash. */
export function treeRootOf(hasher: Hasher, vector: Uint8Array): Uint8Array {
  assert(vector.length === BUCKET_VECTOR_BYTES, 'a bucket vector has 256 hashes');
  const empty = emptyHash(hasher);
  const level = vector.slice();
  const preimage = new Uint8Array(INNER_PREIMAGE_BYTES);
  preimage[0] = 1;
  for (let bit = 7; bit >= 0; bit -= 1) {
    preimage[3] = bit;
    for (let pair = 0; pair < 1 << bit; pair += 1) {
      const left = 2 * pair * HASH_BYTES;
      const right = left + HASH_BYTES;
      const out = pair * HASH_BYTES;
      if (sameHash(level, left, empty, 0)) copyHash(level, right, level, out);
      else if (sameHash(level, right, empty, 0)) copyHash(level, left, level, out);
      else {
        copyHash(level, left, preimage, LEFT_HASH_AT);
        copyHash(level, right, preimage, RIGHT_HASH_AT);
        hasher.digest(preimage, 0, INNER_PREIMAGE_BYTES, level, out);
      }
    }
  }
  return level.slice(0, HASH_BYTES);
}
