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

interface Vectors {
  /** 256 times the hash of nothing. */
  readonly empty: Uint8Array;
  /** For vectors that are hashed and forgotten. Why: 8 KiB from the allocator cost more than filling them. */
  readonly scratch: Uint8Array;
}
const vectorsOf: WeakMap<Hasher, Vectors> = new WeakMap();

function vectors(hasher: Hasher): Vectors {
  let known = vectorsOf.get(hasher);
  if (known === undefined) {
    known = { empty: new Uint8Array(BUCKET_VECTOR_BYTES), scratch: new Uint8Array(BUCKET_VECTOR_BYTES) };
    const hash = emptyHash(hasher);
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) known.empty.set(hash, bucket * HASH_BYTES);
    vectorsOf.set(hasher, known);
  }
  return known;
}

/** Puts the hashes of the buckets beneath a node where they belong. @param at where the hash of the node stands in bytes. */
function placeBuckets(arena: NodeArena, node: NodeRef, bytes: Uint8Array, at: number, vector: Uint8Array): void {
  if (node > 0 && arena.bit(node) < 8) {
    placeBuckets(arena, arena.child(node, 0), arena.hashBytes(node), arena.hashAt(node, 0), vector);
    placeBuckets(arena, arena.child(node, 1), arena.hashBytes(node), arena.hashAt(node, 1), vector);
    return;
  }
  copyHash(bytes, at, vector, arena.bucketOf(node) * HASH_BYTES);
}

function fill(arena: NodeArena, root: NodeRef, rootHash: Uint8Array, vector: Uint8Array): void {
  vector.set(vectors(arena.hasher).empty);
  if (root !== NO_NODE) placeBuckets(arena, root, rootHash, 0, vector);
}

/** The bucket vector of a root whose hashes are up to date. */
export function bucketVector(arena: NodeArena, root: NodeRef, rootHash: Uint8Array): Uint8Array {
  const vector = new Uint8Array(BUCKET_VECTOR_BYTES);
  fill(arena, root, rootHash, vector);
  return vector;
}

/** SHA-256 over the bucket vector of a root whose hashes are up to date, without keeping the vector. */
export function stateRootBeneath(arena: NodeArena, root: NodeRef, rootHash: Uint8Array): Uint8Array {
  const { scratch } = vectors(arena.hasher);
  fill(arena, root, rootHash, scratch);
  return stateRootOf(arena.hasher, scratch);
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
