/** ULIDs: one text per id. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeUlid, encodeUlid, ulidFrom } from '../../core/chain/ulid.ts';
import { property } from '../support/property.ts';

const id = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe('ULID', () => {
  property('every id is read back from its text', id, (bytes) => {
    expect(decodeUlid(encodeUlid(bytes))).toEqual(bytes);
  });

  property('texts sort as the ids do, by time first', fc.nat(), fc.nat(), id, (a, b, bits) => {
    const [first, second] = [ulidFrom(Math.min(a, b), bits), ulidFrom(Math.max(a, b) + 1, bits)];
    expect(first < second).toBe(true);
  });

  property('any text that is read is the text of its id', fc.string({ minLength: 25, maxLength: 27 }), (text) => {
    const bytes = decodeUlid(text);
    if (bytes !== undefined) expect(encodeUlid(bytes)).toBe(text);
  });

  test('known ids have their known texts', () => {
    expect(encodeUlid(new Uint8Array(16))).toBe('00000000000000000000000000');
    expect(encodeUlid(new Uint8Array(16).fill(255))).toBe('7ZZZZZZZZZZZZZZZZZZZZZZZZZ');
    expect(ulidFrom(1469918176385, new Uint8Array(10)).slice(0, 10)).toBe('01ARYZ6S41');
  });

  test('lower case, excluded letters, a first character above 7 and other lengths are refused', () => {
    const good = '01ARYZ6S41TSV4RRFFQ69G5FAV';
    expect(decodeUlid(good)).toBeDefined();
    for (const bad of [
      good.toLowerCase(),
      `I${good.slice(1)}`,
      `8${good.slice(1)}`,
      `0U${good.slice(2)}`,
      good.slice(1),
      `${good}0`,
      '',
    ]) {
      expect([bad, decodeUlid(bad)]).toEqual([bad, undefined]);
    }
  });
});
