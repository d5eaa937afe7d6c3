/** What every strict decoder must survive: cut bytes, flipped bits, and noise. */
import { expect } from 'vitest';
import type { Decoded } from '../../core/errors.ts';

type Decode = (bytes: Uint8Array) => Decoded<unknown>;

/** No proper prefix of a valid encoding decodes, and none throws. */
export function refusesEveryPrefix(decode: Decode, encoded: Uint8Array): void {
  for (let length = 0; length < encoded.length; length += 1) {
    expect(decode(encoded.subarray(0, length)).ok).toBe(false);
  }
}

/** One byte more than a valid encoding does not decode. */
export function refusesTrailingByte(decode: Decode, encoded: Uint8Array): void {
  const longer = new Uint8Array(encoded.length + 1);
  longer.set(encoded);
  expect(decode(longer).ok).toBe(false);
}

/** A copy with one bit changed. @param at any number; taken modulo the bits there are. */
export function flipBit(encoded: Uint8Array, at: number): Uint8Array {
  const flipped = encoded.slice();
  const bit = at % (encoded.length * 8);
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
  return flipped;
}
