/** Keys: order of the fields is kept, names come back, paths equal those of the commitment tree. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { compareBytes, concatBytes, startsWith } from '../../core/bytes/compare.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { Height } from '../../core/ids.ts';
import { entityPath, reversePath, tuplePath } from '../../core/merkle/path.ts';
import { entityOfKey, expiryOfKey, prefixRange, tupleOfKey, tupleOfReverseKey } from '../../core/state/key-reader.ts';
import { KeyBuilder, STATE_KEY_BYTES_MAX } from '../../core/state/keys.ts';
import { PathCache } from '../../core/state/path-cache.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import { property } from '../support/property.ts';

const keys = new KeyBuilder(new PathCache(portableHasher));
/** Any well-formed text, bytes 00 and 01 among its characters more often than admission would let through (never). */
const text = fc.oneof(
  fc.array(fc.constantFrom('\0', '\u0001', '\u0002', 'a', 'ÿ', '￿', '𝄞'), { maxLength: 6 }).map((parts) => parts.join('')),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);
const tuple: fc.Arbitrary<TupleKey> = fc.record({ resource: text, relation: text, subject: text });
/** Few resources and relations, so that ranges hold several tuples. */
const crowded: fc.Arbitrary<TupleKey> = fc.record({
  resource: fc.constantFrom('doc:1', 'doc:10', 'doc:\0', 'doc:'),
  relation: fc.constantFrom('r', 'rr', 'r\0'),
  subject: fc.constantFrom('user:a', 'user:*', 'team:a#m', 'team:a#mm', 'user:b'),
});

function bytesOf(value: string): Uint8Array {
  return new Uint8Array(Buffer.from(value));
}

property('names come back from every kind of key', tuple, fc.nat(), (value, expiresAt) => {
  expect(tupleOfKey(keys.tuple(value).slice())).toEqual(value);
  expect(tupleOfReverseKey(keys.reverse(value).slice())).toEqual(value);
  expect(entityOfKey(keys.entity(value.subject).slice())).toBe(value.subject);
  const expiry = expiryOfKey(keys.expiry(expiresAt, keys.tuple(value)).slice());
  expect(expiry.expiresAt).toBe(expiresAt);
  expect(tupleOfKey(expiry.leafKey)).toEqual(value);
});

property('different tuples have different keys, none a prefix of another', tuple, tuple, (a, b) => {
  const same = a.resource === b.resource && a.relation === b.relation && a.subject === b.subject;
  expect(startsWith(keys.tuple(a).slice(), keys.tuple(b).slice())).toBe(same);
  expect(startsWith(keys.reverse(a).slice(), keys.reverse(b).slice())).toBe(same);
});

property('within a bucket, keys sort as their fields do', text, text, (a, b) => {
  const [left, right] = [keys.entity(a).slice(2), keys.entity(b).slice(2)];
  expect(Math.sign(compareBytes(left, right))).toBe(Math.sign(compareBytes(bytesOf(a), bytesOf(b))));
});

property('a prefix range holds exactly the tuples of that resource and relation', crowded, crowded, (a, b) => {
  const within = (range: { from: Uint8Array; to: Uint8Array }, key: Uint8Array): boolean =>
    compareBytes(key, range.from) >= 0 && compareBytes(key, range.to) < 0;
  const inRelation = a.resource === b.resource && a.relation === b.relation;
  expect(within(prefixRange(keys.tuplePrefix(a.resource, a.relation)), keys.tuple(b))).toBe(inRelation);
  expect(within(prefixRange(keys.tuplePrefix(a.resource, '')), keys.tuple(b))).toBe(a.resource === b.resource);
  expect(within(prefixRange(keys.reversePrefix(a.subject, '')), keys.reverse(b))).toBe(a.subject === b.subject);
  const prefix = concatBytes(keys.tuplePrefix(a.resource, a.relation), Uint8Array.of(1));
  expect(within(prefixRange(prefix), keys.tuple(b))).toBe(inRelation && b.subject.includes('#'));
});

property('the bucket in a key is the first byte of the leaf path, remembered or not', tuple, (value) => {
  for (let round = 0; round < 2; round += 1) {
    expect(keys.paths.tuple(value)).toEqual(tuplePath(portableHasher, value));
    expect(keys.paths.reverse(value)).toEqual(reversePath(portableHasher, value));
    expect(keys.paths.entity(value.subject)).toEqual(entityPath(portableHasher, value.subject));
    expect(keys.tuple(value)[1]).toBe(tuplePath(portableHasher, value)[0]);
    expect(keys.reverse(value)[1]).toBe(reversePath(portableHasher, value)[0]);
    expect(keys.entity(value.subject)[1]).toBe(entityPath(portableHasher, value.subject)[0]);
  }
});

const height = fc.nat({ max: Number.MAX_SAFE_INTEGER });
property('history and bucket history sort newest first, blocks and headers oldest first', height, height, (a, b) => {
  const order = Math.sign(a - b);
  const leaf = keys.entity('k').slice();
  const compare = (build: (value: Height) => Uint8Array): number =>
    Math.sign(compareBytes(build(a as Height).slice(), build(b as Height)));
  expect(compare((value) => keys.history(leaf, value))).toBe(-order || 0);
  expect(compare((value) => keys.bucketHistory(7, value))).toBe(-order || 0);
  expect(compare((value) => keys.header(value))).toBe(order);
  expect(compare((value) => keys.transaction(value, 0))).toBe(order);
  expect(compare((value) => keys.expiry(value, leaf))).toBe(order);
});

property('the longest names that are let through fit a key', fc.constantFrom('a', 'ÿ', '\0'), (unit) => {
  const fill = (bytes: number): string => unit.repeat(bytes / bytesOf(unit).length);
  const longest = { resource: fill(512), relation: fill(256), subject: fill(512) };
  expect(tupleOfKey(keys.tuple(longest).slice())).toEqual(longest);
  expect(keys.expiry(1, keys.tuple(longest)).length).toBeLessThanOrEqual(STATE_KEY_BYTES_MAX);
  expect(entityOfKey(expiryOfKey(keys.expiry(1, keys.entity(fill(1024))).slice()).leafKey)).toBe(fill(1024));
});
