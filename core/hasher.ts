/** The portable SHA-256 (any JavaScript engine). Source: FIPS 180-4 through @noble/hashes. */
import { sha256 } from '@noble/hashes/sha2.js';
import type { Hasher } from './capability.ts';

export const portableHasher: Hasher = {
  name: 'portable',
  digest(input: Uint8Array, start: number, end: number, out: Uint8Array, outOffset: number): void {
    out.set(sha256(input.subarray(start, end)), outOffset);
  },
};

/** The 32-byte digest of a whole array, as a new array. For cold paths. */
export function hashOf(hasher: Hasher, input: Uint8Array): Uint8Array {
  const out = new Uint8Array(32);
  hasher.digest(input, 0, input.length, out, 0);
  return out;
}
