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

/** Four bytes as one little-endian word. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

const IS_LITTLE_ENDIAN: boolean = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** Below this a view costs more than it saves. */
const VIEW_BYTES_MIN = 1024;

/** The same bytes as little-endian words, where the machine can read them so: two thirds of the time for 8 KiB. */
function wordsOf(bytes: Uint8Array, start: number, end: number): Int32Array | undefined {
  const offset = bytes.byteOffset + start;
  if (end - start < VIEW_BYTES_MIN || offset % 4 !== 0 || !IS_LITTLE_ENDIAN) return undefined;
  return new Int32Array(bytes.buffer, offset, (end - start) >> 2);
}

export const fastHasher: Hasher = {
  name: 'fast',
  digest(input: Uint8Array, start: number, end: number, out: Uint8Array, outOffset: number): void {
    let a = 0x6a09e667 ^ (end - start);
    let b = 0xbb67ae85 | 0;
    let c = 0x3c6ef372;
    let d = 0xa54ff53a | 0;
    let at = start;
    const words = wordsOf(input, start, end);
    // Four lanes that do not wait for each other: a bucket vector of 8 KiB is what most of the time goes to.
    for (; at + 16 <= end; at += 16) {
      const word = (at - start) >> 2;
      a = Math.imul(a ^ (words === undefined ? wordAt(input, at) : (words[word] as number)), 0xcc9e2d51);
      b = Math.imul(b ^ (words === undefined ? wordAt(input, at + 4) : (words[word + 1] as number)), 0x1b873593);
      c = Math.imul(c ^ (words === undefined ? wordAt(input, at + 8) : (words[word + 2] as number)), 0x9e3779b1);
      d = Math.imul(d ^ (words === undefined ? wordAt(input, at + 12) : (words[word + 3] as number)), 0x85ebca6b);
      a ^= a >>> 15;
      b ^= b >>> 14;
      c ^= c >>> 13;
      d ^= d >>> 16;
    }
    for (; at < end; at += 1) {
      a = Math.imul(a ^ (input[at] as number), 0xcc9e2d51) + d;
      d = Math.imul(d ^ a, 0x85ebca6b);
    }
    b ^= a;
    c ^= b;
    d ^= c;
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
