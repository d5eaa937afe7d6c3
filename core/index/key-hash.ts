/**
 * Keyed hash of a byte string, 32 bits, for tables whose hits are confirmed by comparing keys.
 * NH over 16-bit halves: the sum of (a_i + k_i mod 2^16) * (b_i + l_i mod 2^16), mod 2^32, then a bijection that spreads it.
 * Source: Black, Halevi, Krawczyk, Krovetz, Rogaway: UMAC (1999), NH; MurmurHash3 fmix32. Two keys of one length collide with
 * probability 2^-16 at most over the secret words, so who chooses keys without knowing the seed cannot make probes long.
 * Equal seeds give equal hashes on every machine.
 */
import { assert } from '../assert.ts';
import { Random, type SeedWords } from '../random.ts';

/** Longest key hashed, bytes. */
export const HASHED_BYTES_MAX: number = 4096 + 512;
const WORDS_MAX = HASHED_BYTES_MAX >>> 2;

export class KeyHash {
  /** The last loaded key, four bytes a word, little-endian, zero-padded. */
  readonly words: Int32Array = new Int32Array(WORDS_MAX);
  /** Two 16-bit secrets a word of the key; then one for the space and one for the length. */
  private readonly secrets: Int32Array = new Int32Array(WORDS_MAX + 2);

  constructor(seed: SeedWords) {
    const random = Random.stream(seed, 'key-hash');
    for (let i = 0; i < this.secrets.length; i += 1) this.secrets[i] = random.u32();
  }

  /** Copies the key into `words` and hashes it. @param space keeps equal keys of different owners apart, u32 */
  load(space: number, key: Uint8Array): number {
    const { length } = key;
    assert(length <= HASHED_BYTES_MAX, 'a hashed key is not longer than a key may be');
    const { words, secrets } = this;
    const whole = length >>> 2;
    let sum = 0;
    for (let i = 0, at = 0; i < whole; i += 1, at += 4) {
      const low = (key[at] as number) | ((key[at + 1] as number) << 8);
      const high = (key[at + 2] as number) | ((key[at + 3] as number) << 8);
      const secret = secrets[i] as number;
      words[i] = low | (high << 16);
      sum = (sum + Math.imul((low + secret) & 0xffff, (high + (secret >>> 16)) & 0xffff)) | 0;
    }
    if ((length & 3) !== 0) {
      let word = 0;
      for (let i = length - 1; i >= whole << 2; i -= 1) word = (word << 8) | (key[i] as number);
      words[whole] = word;
      sum = (sum + product(word, secrets[whole] as number)) | 0;
    }
    return this.finish(sum, space, length);
  }

  /** Hash of a key that stands as words at `at`. @param length of the key, bytes */
  ofWords(space: number, from: Int32Array, at: number, length: number): number {
    const count = (length + 3) >>> 2;
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum = (sum + product(from[at + i] as number, this.secrets[i] as number)) | 0;
    return this.finish(sum, space, length);
  }

  private finish(sum: number, space: number, length: number): number {
    const { secrets } = this;
    const framed = sum + product(space, secrets[WORDS_MAX] as number) + product(length, secrets[WORDS_MAX + 1] as number);
    let hash = framed ^ (framed >>> 16);
    hash = Math.imul(hash, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }
}

function product(word: number, secret: number): number {
  return Math.imul((word + secret) & 0xffff, ((word >>> 16) + (secret >>> 16)) & 0xffff);
}
