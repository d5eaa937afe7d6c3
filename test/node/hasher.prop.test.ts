/** The native SHA-256 and the portable one are the same function, wherever input and output lie. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { portableHasher } from '../../core/hasher.ts';
import { nativeHasher, streamingHasher } from '../../node/hasher.ts';
import { property } from '../support/property.ts';

property(
  'native, streaming and portable SHA-256 agree on every range, and write nothing but the 32 bytes',
  fc.uint8Array({ maxLength: 300 }),
  fc.nat(300),
  fc.nat(300),
  fc.nat(40),
  (input, a, b, outOffset) => {
    const start = Math.min(a, b, input.length);
    const end = Math.min(Math.max(a, b), input.length);
    const images = [portableHasher, nativeHasher, streamingHasher].map((hasher) => {
      const out = new Uint8Array(outOffset + 32 + 8).fill(0xaa);
      hasher.digest(input, start, end, out, outOffset);
      return out;
    });
    expect(images[1]).toEqual(images[0]);
    expect(images[2]).toEqual(images[0]);
  },
);

property(
  'hashing in place gives the digest of what was there before',
  fc.uint8Array({ minLength: 32, maxLength: 128 }),
  (input) => {
    const expected = new Uint8Array(32);
    portableHasher.digest(input, 0, input.length, expected, 0);
    const shared = input.slice();
    nativeHasher.digest(shared, 0, shared.length, shared, 0);
    expect(shared.subarray(0, 32)).toEqual(expected);
  },
);
