/** How people write what a vault keeps: every retention has one text, and that text is read back. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Retention } from '../../../core/state/transaction.ts';
import { retentionFrom, retentionText } from '../../../node/http/retention-text.ts';
import { propertyRuns } from '../../support/property.ts';

const retention: fc.Arbitrary<Retention> = fc.oneof(
  fc.constant<Retention>({ kind: 'all' }),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map((heights): Retention => ({ kind: 'heights', heights })),
  fc.integer({ min: 1, max: 2 ** 52 }).map((micros): Retention => ({ kind: 'duration', micros })),
  fc.integer({ min: 1, max: 50_000 }).map((days): Retention => ({ kind: 'duration', micros: days * 86_400_000_000 })),
);

propertyRuns(300, 'every retention has one text, and that text is read back', retention, (value) => {
  expect(retentionFrom(retentionText(value))).toEqual(value);
});

test('the unit is the longest that is exact', () => {
  const again = (text: string): string => retentionText(retentionFrom(text));
  expect(['48h', '90m', '1000ms', '86400s', '1us', '1000', 'all'].map(again)).toEqual([
    '2d',
    '90m',
    '1s',
    '1d',
    '1us',
    '1000',
    'all',
  ]);
});
