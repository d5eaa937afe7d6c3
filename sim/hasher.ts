/**
 * A fast 32-byte stand-in for SHA-256, used in part of the seeds (the choice is printed) and never where a proof is judged.
 * Why at all: with SHA-256 in JavaScript most of a simulated second is hashing; the trees only need equal input <-> equal output.
 * Source of the mixing steps: MurmurHash3 (fmix32) over four lanes. Not collision resistant against an adversary.
 */
import type { Hasher } from '../core/capability.ts';

function finalMix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

export const fastHasher: Hasher = {
  name: 'fast',
  digest(input: Uint8Array, start: number, end: number, out: Uint8Array, outOffset: number): void {
    let a = 0x6a09e667 ^ (end - start);
    let b = 0xbb67ae85 | 0;
    let c = 0x3c6ef372;
    let d = 0xa54ff53a | 0;
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const word =
        (input[at] as number) |
        ((input[at + 1] as number) << 8) |
        ((input[at + 2] as number) << 16) |
        ((input[at + 3] as number) << 24);
      a = Math.imul(a ^ word, 0xcc9e2d51);
      a = (a << 15) | (a >>> 17);
      b = (Math.imul(b ^ a, 0x1b873593) + c) | 0;
      c = (Math.imul(c + word, 0x9e3779b1) ^ (d >>> 7)) | 0;
      d = (Math.imul(d ^ b, 0x85ebca6b) + a) | 0;
    }
    let rest = 0x80;
    for (; at < end; at += 1) rest = (rest << 8) | (input[at] as number);
    a ^= rest;
    for (let k = 0; k < 8; k += 1) {
      a = (finalMix(a + k) + b) | 0;
      b = (finalMix(b) ^ c) | 0;
      c = (finalMix(c) + d) | 0;
      d = (finalMix(d ^ 0x2545f491) + a) | 0;
      const word = a ^ d;
      const target = outOffset + 4 * k;
      out[target] = word;
      out[target + 1] = word >>> 8;
      out[target + 2] = word >>> 16;
      out[target + 3] = word >>> 24;
    }
  },
};
