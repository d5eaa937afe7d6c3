/** What random scripts do not reach: many parts and segments, churn that outlasts the memory, and which records stay. */
import { expect, test } from 'vitest';
import { ABSENT, ExactIndex, UNKNOWN } from '../../core/index/exact-index.ts';
import { KeyHash } from '../../core/index/key-hash.ts';

const SEED = [1, 2, 3, 4] as const;

function keyOf(n: number): Uint8Array {
  return Uint8Array.from(Buffer.from(`document:${n}\u0000viewer\u0000user:${n % 97}`));
}

test('a hundred thousand keys in many segments are all found, and no others', () => {
  const index = new ExactIndex({ budgetBytes: 32 << 20, seed: SEED });
  const space = index.openSpace(true);
  for (let n = 0; n < 100_000; n += 1) index.written(space, keyOf(n), n % 5);
  for (let n = 0; n < 100_000; n += 3) index.removed(space, keyOf(n));
  for (let n = 0; n < 100_000; n += 1) {
    const found = index.find(space, keyOf(n));
    if (found !== (n % 3 === 0 ? ABSENT : n % 5)) expect({ n, found }).toBe('what was written');
  }
  for (let n = 100_000; n < 110_000; n += 1) expect(index.find(space, keyOf(n))).toBe(ABSENT);
  expect(index.isComplete(space)).toBe(true);
});

test('keys that come and go for ever leave no garbage that would push out what lives', () => {
  const index = new ExactIndex({ budgetBytes: 256 * 1024, seed: SEED });
  const space = index.openSpace(true);
  const alive = 1000;
  for (let n = 0; n < 100_000; n += 1) {
    index.written(space, keyOf(n), 0);
    if (n >= alive) index.removed(space, keyOf(n - alive));
  }
  expect(index.isComplete(space)).toBe(true);
  expect(index.count).toBe(alive);
  expect(index.find(space, keyOf(99_999))).toBe(0);
});

test('what is read again and again stays while a long load of other keys passes', () => {
  const index = new ExactIndex({ budgetBytes: 64 * 1024, seed: SEED });
  const space = index.openSpace(false);
  const favourites = Array.from({ length: 50 }, (_, n) => keyOf(n));
  for (const key of favourites) index.learn(space, key, 0);
  let kept = 0;
  let asked = 0;
  for (let n = 1000; n < 50_000; n += 1) {
    index.learn(space, keyOf(n), 0);
    if (n % 20 !== 0) continue;
    for (const key of favourites) {
      asked += 1;
      if (index.find(space, key) === 0) kept += 1;
      else index.learn(space, key, 0);
    }
  }
  expect(kept / asked).toBeGreaterThan(0.999);
});

test('writes to an incomplete space are not kept unless the key is known already', () => {
  const index = new ExactIndex({ budgetBytes: 64 * 1024, seed: SEED });
  const space = index.openSpace(false);
  index.written(space, keyOf(1), 0);
  expect(index.find(space, keyOf(1))).toBe(UNKNOWN);
  index.learn(space, keyOf(1), ABSENT);
  expect(index.find(space, keyOf(1))).toBe(ABSENT);
  index.written(space, keyOf(1), 77);
  expect(index.find(space, keyOf(1))).toBe(77);
  index.written(space, keyOf(1), 0);
  expect(index.find(space, keyOf(1))).toBe(0);
  index.removed(space, keyOf(1));
  expect(index.find(space, keyOf(1))).toBe(ABSENT);
});

test('equal seeds hash alike, other seeds and other spaces do not, and a loaded key hashes as its words', () => {
  const a = new KeyHash(SEED);
  const b = new KeyHash(SEED);
  const c = new KeyHash([4, 3, 2, 1]);
  let same = 0;
  for (let n = 0; n < 1000; n += 1) {
    const key = keyOf(n).subarray(0, 8 + (n % 9));
    const hash = a.load(7, key);
    expect(b.load(7, key)).toBe(hash);
    expect(a.ofWords(7, a.words.slice(), 0, key.length)).toBe(hash);
    if (c.load(7, key) === hash || a.load(8, key) === hash) same += 1;
  }
  expect(same).toBe(0);
});

test('structured keys collide about as often as random numbers would', () => {
  const hash = new KeyHash(SEED);
  const seen = new Set<number>();
  const count = 200_000;
  for (let n = 0; n < count; n += 1) seen.add(hash.load(0, keyOf(n)));
  const expected = (count * count) / 2 / 2 ** 32; // 4.7
  expect(count - seen.size).toBeLessThan(expected * 6);
});
