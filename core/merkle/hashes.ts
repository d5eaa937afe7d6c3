/** The hash preimages of the commitment tree, and what an empty tree hashes to. Format: docs/reference/proof-format.md. */
import type { Hasher } from '../capability.ts';

/** Bytes of one digest. */
export const HASH_BYTES: number = 32;
/** Buckets: the cut through the tree at bit 8, one per first byte of a path. */
export const BUCKETS: number = 256;
/** 0x01 0x00 ‖ u16 bit ‖ left ‖ right */
export const INNER_PREIMAGE_BYTES: number = 68;
/** Where the left and the right child's hash stand in the preimage of an inner node. */
export const LEFT_HASH_AT: number = 4;
export const RIGHT_HASH_AT: number = 36;
/** 0x00 ‖ hash of the path ‖ hash of the value */
export const LEAF_PREIMAGE_BYTES: number = 65;

const emptyOf: WeakMap<Hasher, Uint8Array> = new WeakMap();

/** Hash of nothing: the root of an empty tree and the hash of an empty bucket. Not to be modified. */
export function emptyHash(hasher: Hasher): Uint8Array {
  let empty = emptyOf.get(hasher);
  if (empty === undefined) {
    empty = new Uint8Array(HASH_BYTES);
    hasher.digest(empty, 0, 0, empty, 0);
    emptyOf.set(hasher, empty);
  }
  return empty;
}

/** Copies the 32 bytes at from[fromOffset]. Why a loop: `set(subarray)` allocates a view, which costs more than the copy. */
export function copyHash(from: Uint8Array, fromOffset: number, to: Uint8Array, toOffset: number): void {
  for (let i = 0; i < HASH_BYTES; i += 1) to[toOffset + i] = from[fromOffset + i] as number;
}

/** Whether 32 bytes are equal. */
export function sameHash(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): boolean {
  for (let i = 0; i < HASH_BYTES; i += 1) if (a[aOffset + i] !== b[bOffset + i]) return false;
  return true;
}
