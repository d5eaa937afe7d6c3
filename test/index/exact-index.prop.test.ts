/**
 * The exact index against maps, under budgets from almost nothing to plenty: what it says is true, what it does not know it says,
 * and it never holds more than its budget. Every read is repeated after `learn`, as a vault does it.
 */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { ABSENT, ExactIndex, INDEX_BYTES_MIN, UNKNOWN } from '../../core/index/exact-index.ts';
import { propertyRuns } from '../support/property.ts';

type Step =
  | { readonly kind: 'write'; readonly space: number; readonly key: Uint8Array; readonly expiresAt: number }
  | { readonly kind: 'remove' | 'read'; readonly space: number; readonly key: Uint8Array };

/** Few enough to meet again, of every length modulo 4, some too long for a small budget. */
const keys: fc.Arbitrary<Uint8Array> = fc
  .record({
    length: fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 1, max: 60 }) }, { weight: 1, arbitrary: fc.constant(900) }),
    n: fc.nat(40),
  })
  .map(({ length, n }) => new Uint8Array(length).fill(n, length >> 1));
const expiries: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 ** 52 }) },
);
const space: fc.Arbitrary<number> = fc.nat(2);
const script: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('write' as const), space, key: keys, expiresAt: expiries }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), space, key: keys }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('read' as const), space, key: keys }) },
  ),
  { maxLength: 600, size: 'max' },
);
const budgets: fc.Arbitrary<number> = fc.oneof(fc.integer({ min: INDEX_BYTES_MIN, max: 6000 }), fc.constant(1 << 20));

class Bench {
  private readonly index: ExactIndex;
  private readonly rows: readonly Map<string, number>[] = [new Map(), new Map(), new Map()];
  private readonly budgetBytes: number;

  constructor(budgetBytes: number) {
    this.budgetBytes = budgetBytes;
    this.index = new ExactIndex({ budgetBytes, seed: [1, 2, 3, budgetBytes] });
    // The last one opens with rows that the index has not seen.
    for (const number of [0, 1, 2]) expect(this.index.openSpace(number < 2)).toBe(number);
    for (let n = 0; n < 40; n += 1) this.rows[2]?.set(toHex(new Uint8Array(8).fill(n, 4)), n);
  }

  run(step: Step): void {
    const rows = this.rows[step.space] as Map<string, number>;
    if (step.kind === 'write') {
      rows.set(toHex(step.key), step.expiresAt);
      this.index.written(step.space, step.key, step.expiresAt);
    } else if (step.kind === 'remove') {
      rows.delete(toHex(step.key));
      this.index.removed(step.space, step.key);
    } else this.read(step.space, step.key);
    expect(this.index.bytes).toBeLessThanOrEqual(this.budgetBytes);
  }

  finish(): void {
    this.rows.forEach((rows, number) => {
      for (const key of [...rows.keys(), 'ff00ff']) this.read(number, Uint8Array.from(Buffer.from(key, 'hex')));
    });
  }

  private read(number: number, key: Uint8Array): void {
    const expected = this.rows[number]?.get(toHex(key)) ?? ABSENT;
    const found = this.index.find(number, key);
    if (found !== UNKNOWN) {
      expect(found).toBe(expected);
      return;
    }
    expect(this.index.isComplete(number)).toBe(false);
    this.index.learn(number, key, expected);
    if (key.length < 100) expect(this.index.find(number, key)).toBe(expected);
  }
}

propertyRuns(300, 'an exact index says what maps say, or that it does not know', budgets, script, (budgetBytes, steps) => {
  const bench = new Bench(budgetBytes);
  for (const step of steps) bench.run(step);
  bench.finish();
});

propertyRuns(100, 'with room for everything, an index knows everything', script, (steps) => {
  const index = new ExactIndex({ budgetBytes: 1 << 20, seed: [1, 2, 3, 4] });
  const number = index.openSpace(true);
  const rows = new Map<string, number>();
  for (const step of steps) {
    if (step.kind === 'write') {
      rows.set(toHex(step.key), step.expiresAt);
      index.written(number, step.key, step.expiresAt);
    } else if (step.kind === 'remove') {
      rows.delete(toHex(step.key));
      index.removed(number, step.key);
    } else expect(index.find(number, step.key)).toBe(rows.get(toHex(step.key)) ?? ABSENT);
  }
  expect(index.isComplete(number)).toBe(true);
  expect(index.count).toBe(rows.size);
});
