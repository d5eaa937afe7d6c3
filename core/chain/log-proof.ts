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
  const roots = consistencyRoots(hasher, olderSize, newerSize, withOlderRoot(olderSize, olderRoot, path));
  return roots !== undefined && equalBytes(roots.older, olderRoot) && equalBytes(roots.newer, newerRoot);
}

/**
 * A consistency proof with nothing left out: where the older size is a power of two, its root is itself a node of the newer tree, and
 * RFC 6962 does not send it. @param olderSize at least 1 @param olderRoot of the log that the proof is out of
 */
export function withOlderRoot(olderSize: number, olderRoot: Uint8Array, path: readonly Uint8Array[]): readonly Uint8Array[] {
  let rest = olderSize;
  while (!isOdd(rest)) rest = half(rest);
  return rest === 1 ? [olderRoot, ...path] : path;
}

/**
 * The two roots that a consistency proof amounts to. Given the root of the newer log, the hashes can only be nodes of that log, so the
 * other one is the root that its first olderSize leaves have, whatever anybody says it is.
 * @param hashes see withOlderRoot
 * @returns undefined where the number of hashes is not the one for these sizes. Never throws.
 */
export function consistencyRoots(
  hasher: Hasher,
  olderSize: number,
  newerSize: number,
  hashes: readonly Uint8Array[],
): { readonly older: Uint8Array; readonly newer: Uint8Array } | undefined {
  const [start] = hashes;
  if (!isCount(olderSize) || !isCount(newerSize) || olderSize === 0 || olderSize >= newerSize) return undefined;
  if (start === undefined || !wellFormed(hashes)) return undefined;
  let node = olderSize - 1;
  let last = newerSize - 1;
  while (isOdd(node)) {
    node = half(node);
    last = half(last);
  }
  let older = start;
  let newer = start;
  for (const sibling of hashes.slice(1)) {
    if (last === 0) return undefined;
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
  return last === 0 ? { older, newer } : undefined;
}
