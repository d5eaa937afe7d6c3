/** Changes of byte strings, for properties that hold of no changed one. */
import * as fc from 'fast-check';
import { concatBytes } from '../../core/bytes/compare.ts';

/** A change of a byte string: a byte, a run cut out, doubled or moved, an end. */
export const change: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> = fc
  .tuple(
    fc.constantFrom('byte', 'byte', 'cut', 'double', 'swap', 'short', 'long'),
    fc.nat(),
    fc.nat(),
    fc.integer({ min: 1, max: 255 }),
  )
  .map(([kind, a, b, flip]) => (bytes: Uint8Array): Uint8Array => {
    if (bytes.length === 0) return Uint8Array.of(flip);
    const [from, length] = [a % bytes.length, 1 + (b % 68)];
    const run = bytes.subarray(from, from + length);
    if (kind === 'byte') return bytes.map((byte, i) => (i === from ? byte ^ flip : byte));
    if (kind === 'cut') return concatBytes(bytes.subarray(0, from), bytes.subarray(from + length));
    if (kind === 'double') return concatBytes(bytes.subarray(0, from), run, bytes.subarray(from));
    if (kind === 'swap') return concatBytes(bytes.subarray(0, from), bytes.subarray(from + length), run);
    return kind === 'short' ? bytes.subarray(0, from) : concatBytes(bytes, run);
  });
