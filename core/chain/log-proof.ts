/**
 * Verification of RFC 6962 inclusion and consistency proofs, for a holder of roots who has no log.
 * Source: RFC 9162, sections 2.1.3.2 and 2.1.4.2 (the same trees, the verification spelled out).
 */
import { equalBytes } from '../bytes/compare.ts';
import type { Hasher } from '../capability.ts';
import { nodeHash } from './merkle-log.ts';

const HASH_BYTES: number = 32;

function wellFormed(path: readonly Uint8Array[], ...hashes: readonly Uint8Array[]): boolean {
  return path.every((hash) => hash.length === HASH_BYTES) && hashes.every((hash) => hash.length === HASH_BYTES);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);

/** Whether the leaf stands at index in the log of `size` leaves with this root. Never throws. */
export function verifyInclusion(
  hasher: Hasher,
  claim: {
    readonly index: number;
    readonly size: number;
    readonly leafHash: Uint8Array;
    readonly root: Uint8Array;
    readonly path: readonly Uint8Array[];
  },
): boolean {
  if (!isCount(claim.index) || !isCount(claim.size) || claim.index >= claim.size) return false;
  if (!wellFormed(claim.path, claim.leafHash, claim.root)) return false;
  let node = claim.index;
  let last = claim.size - 1;
  let hash = claim.leafHash;
  for (const sibling of claim.path) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = nodeHash(hasher, sibling, hash);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      hash = nodeHash(hasher, hash, sibling);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && equalBytes(hash, claim.root);
}

/** Whether the log of newerSize leaves extends the log of olderSize leaves. Size 0 is no statement. Never throws. */
export function verifyConsistency(
  hasher: Hasher,
  claim: {
    readonly olderSize: number;
    readonly newerSize: number;
    readonly olderRoot: Uint8Array;
    readonly newerRoot: Uint8Array;
    readonly path: readonly Uint8Array[];
  },
): boolean {
  const { olderSize, newerSize, olderRoot, newerRoot, path } = claim;
  if (!isCount(olderSize) || !isCount(newerSize) || olderSize === 0 || olderSize > newerSize) return false;
  if (!wellFormed(path, olderRoot, newerRoot)) return false;
  if (olderSize === newerSize) return path.length === 0 && equalBytes(olderRoot, newerRoot);
  if (path.length === 0) return false;
  let node = olderSize - 1;
  let last = newerSize - 1;
  while (isOdd(node)) {
    node = half(node);
    last = half(last);
  }
  // Where the older size is a power of two, its root is itself a node of the newer tree and is not sent.
  const start = node === 0 ? olderRoot : (path[0] as Uint8Array);
  let older = start;
  let newer = start;
  for (let i = node === 0 ? 0 : 1; i < path.length; i += 1) {
    const sibling = path[i] as Uint8Array;
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      older = nodeHash(hasher, sibling, older);
      newer = nodeHash(hasher, sibling, newer);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      newer = nodeHash(hasher, newer, sibling);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && equalBytes(older, olderRoot) && equalBytes(newer, newerRoot);
}
