/** The portable SHA-256 (any JavaScript engine). Source: FIPS 180-4 through @noble/hashes. */
import { sha256 } from '@noble/hashes/sha2.js';
import type { Hasher } from './capability.ts';

/** A hash that has begun, and one that is begun anew as a copy of it. Why: two thirds of the time of a new one a digest, at 68 bytes. @__PURE__: a page without the hasher drops both. */
const begun = /* @__PURE__ */ sha256.create();
const working = /* @__PURE__ */ sha256.create();

export const portableHasher: Hasher = {
  name: 'portable',
  digest(input: Uint8Array, start: number, end: number, out: Uint8Array, outOffset: number): void {
    begun
      ._cloneInto(working)
      .update(input.subarray(start, end))
      .digestInto(out.subarray(outOffset, outOffset + 32));
  },
};

/** The 32-byte digest of a whole array, as a new array. For cold paths. */
export function hashOf(hasher: Hasher, input: Uint8Array): Uint8Array {
  const out = new Uint8Array(32);
  hasher.digest(input, 0, input.length, out, 0);
  return out;
}
