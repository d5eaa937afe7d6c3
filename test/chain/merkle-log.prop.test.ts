/** The log against the recursive definition of RFC 6962, its proofs for every size, and what is no proof. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { verifyConsistency, verifyInclusion } from '../../core/chain/log-proof.ts';
import { leafHash, MerkleLog, nodeHash } from '../../core/chain/merkle-log.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { propertyRuns } from '../support/property.ts';

function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0] as Uint8Array;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(nativeHasher, naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

const leafOf = (i: number): Uint8Array => leafHash(nativeHasher, new Uint8Array([i >> 8, i]));

function logOf(size: number): { readonly log: MerkleLog; readonly leaves: readonly Uint8Array[] } {
  const leaves = Array.from({ length: size }, (_, i) => leafOf(i));
  const log = new MerkleLog(nativeHasher);
  for (const leaf of leaves) log.append(leaf);
  return { log, leaves };
}

const sizes = fc.integer({ min: 1, max: 300 });
const sizeAndPart = sizes.chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 1, max: size })));

/** The path with one bit of one hash flipped, one hash dropped and one hash added. */
function spoilt(path: readonly Uint8Array[], at: number): readonly (readonly Uint8Array[])[] {
  const flipped = path.map((hash, i) => {
    const copy = hash.slice();
    if (i === at % path.length) copy[at % 32] = (copy[at % 32] as number) ^ (1 << (at % 8));
    return copy;
  });
  return [...(path.length > 0 ? [flipped, path.slice(1), path.slice(0, -1)] : []), [...path, leafOf(at)], [leafOf(at), ...path]];
}

describe('RFC 6962 log', () => {
  propertyRuns(60, 'the root of every past size is that of the definition', sizeAndPart, ([size, part]) => {
    const { log, leaves } = logOf(size);
    expect(toHex(log.root(part))).toBe(toHex(naiveRoot(leaves.slice(0, part))));
  });

  propertyRuns(
    100,
    'inclusion proofs verify for their leaf, index, size and root alone',
    sizeAndPart,
    fc.nat({ max: 1000 }),
    ([size, part], at) => {
      const { log } = logOf(size);
      const index = part - 1;
      const path = log.inclusion(index);
      const claim = { index, size, leafHash: log.leaf(index), root: log.root(), path };
      expect(verifyInclusion(nativeHasher, claim)).toBe(true);
      for (const other of spoilt(path, at)) expect(verifyInclusion(nativeHasher, { ...claim, path: other })).toBe(false);
      expect(verifyInclusion(nativeHasher, { ...claim, leafHash: leafOf(index + 1) })).toBe(false);
      if (size > 1) expect(verifyInclusion(nativeHasher, { ...claim, index: (index + 1) % size })).toBe(false);
      expect(verifyInclusion(nativeHasher, { ...claim, root: leafOf(at) })).toBe(false);
    },
  );

  propertyRuns(
    100,
    'consistency proofs verify for their two sizes and roots alone',
    sizeAndPart,
    fc.nat({ max: 1000 }),
    ([size, part], at) => {
      const { log } = logOf(size);
      const path = log.consistency(part);
      const claim = { olderSize: part, newerSize: size, olderRoot: log.root(part), newerRoot: log.root(), path };
      expect(verifyConsistency(nativeHasher, claim)).toBe(true);
      for (const other of spoilt(path, at)) expect(verifyConsistency(nativeHasher, { ...claim, path: other })).toBe(false);
      expect(verifyConsistency(nativeHasher, { ...claim, olderRoot: leafOf(at + 301) })).toBe(false);
      expect(verifyConsistency(nativeHasher, { ...claim, newerRoot: leafOf(at + 301) })).toBe(false);
    },
  );

  test('a log across several chunks keeps every root', () => {
    const { log, leaves } = logOf(2100);
    for (const size of [1023, 1024, 1025, 2047, 2048, 2049, 2100]) {
      expect(toHex(log.root(size))).toBe(toHex(naiveRoot(leaves.slice(0, size))));
    }
  });

  test('sizes and indices that are no counts are refused', () => {
    const claim = { leafHash: leafOf(0), root: leafOf(0), path: [] };
    for (const [index, size] of [
      [-1, 1],
      [0.5, 1],
      [0, Number.NaN],
      [0, 2 ** 60],
      [0, 0],
    ] as const) {
      expect(verifyInclusion(nativeHasher, { ...claim, index, size })).toBe(false);
    }
    const roots = { olderRoot: leafOf(0), newerRoot: leafOf(0), path: [] };
    expect(verifyConsistency(nativeHasher, { olderSize: 0, newerSize: 0, ...roots })).toBe(false);
    expect(verifyConsistency(nativeHasher, { olderSize: 1, newerSize: 1, ...roots, olderRoot: new Uint8Array(31) })).toBe(false);
  });
});
