/**
 * The seeded generator of everything random in core and sim (C2): sfc32 with its whole state in four words, saveable,
 * split into named streams so that a new draw in one place never shifts another.
 * Source: Chris Doty-Humphrey, PractRand (sfc32). Not for secrets: those come from the Entropy capability.
 */
import { assert } from './assert.ts';

/** Four 32-bit words. `seedrandom` turns a seed text into them; a node's come from Entropy. */
export type SeedWords = readonly [number, number, number, number];

/** Mixes a name into seed words. Source: MurmurHash3 fmix32 over a running FNV-1a state. */
function mixName(seed: SeedWords, name: string): SeedWords {
  const words: [number, number, number, number] = [seed[0] | 0, seed[1] | 0, seed[2] | 0, seed[3] | 0];
  let hash = 0x811c9dc5 ^ name.length;
  for (let i = 0; i < name.length; i += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    const k = i & 3;
    words[k] = Math.imul((words[k] as number) ^ hash, 0x85ebca6b) ^ ((words[(k + 1) & 3] as number) >>> 13);
  }
  for (let k = 0; k < 4; k += 1) {
    let word = (words[k] as number) ^ Math.imul(hash, 0x9e3779b1 + k);
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    words[k] = word ^ (word >>> 16);
  }
  return words;
}

export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  private constructor(words: SeedWords) {
    this.a = words[0] | 0;
    this.b = words[1] | 0;
    this.c = words[2] | 0;
    this.counter = words[3] | 0;
  }

  /** The stream of that name under a seed; equal arguments give equal streams. */
  static stream(seed: SeedWords, name: string): Random {
    const random = new Random(mixName(seed, name));
    for (let i = 0; i < 12; i += 1) random.u32(); // PractRand's warm-up: spreads the seed over all words
    return random;
  }

  /** Continues where `save` was called. */
  static restore(words: SeedWords): Random {
    return new Random(words);
  }

  save(): SeedWords {
    return [this.a, this.b, this.c, this.counter];
  }

  /** Uniform in [0, 2^32). */
  u32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform integer in [0, bound). @param bound 1 to 2^53. Multiply-shift; the bias below 2^21 is under 2^-32 a value. */
  below(bound: number): number {
    assert(bound >= 1, 'a bound is at least 1');
    if (bound <= 0x1_0000_0000) return Math.floor((this.u32() * bound) / 0x1_0000_0000);
    return Math.floor(((this.u32() & 0x1f_ffff) * 0x1_0000_0000 + this.u32()) % bound);
  }

  /** Uniform integer in [low, high], both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** Uniform in [0, 1), a multiple of 2^-32. */
  unit(): number {
    return this.u32() / 0x1_0000_0000;
  }

  /** True with the given probability. Always draws once, so that a changed weight shifts nothing behind it. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** Fills out[offset, offset + length). */
  fill(out: Uint8Array, offset: number, length: number): void {
    for (let i = 0; i < length; i += 4) {
      const word = this.u32();
      for (let k = 0; k < 4 && i + k < length; k += 1) out[offset + i + k] = word >>> (8 * k);
    }
  }
}
