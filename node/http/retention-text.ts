/** What a vault keeps of its past, as people write it: `all`, a number of heights, or a time such as `30d`. */
import { RETENTION_HEIGHTS_MAX, RETENTION_MICROS_MAX } from '../../core/limits.ts';
import type { Retention } from '../../core/state/transaction.ts';
import { HttpError } from './errors.ts';

const SECOND = 1_000_000;
/** Microseconds of a unit, the longest first. */
const UNITS: readonly (readonly [name: string, micros: number])[] = [
  ['d', 86_400 * SECOND],
  ['h', 3600 * SECOND],
  ['m', 60 * SECOND],
  ['s', SECOND],
  ['ms', 1000],
  ['us', 1],
];
const TEXT = /^([1-9][0-9]{0,15})(d|h|m|s|ms|us)?$/;

/** Throws an HttpError where the text is none. */
export function retentionFrom(text: string): Retention {
  if (text === 'all') return { kind: 'all' };
  const [, digits, unit] = TEXT.exec(text) ?? [];
  const count = Number(digits);
  if (digits !== undefined && unit === undefined && count <= RETENTION_HEIGHTS_MAX) return { kind: 'heights', heights: count };
  const micros = count * (UNITS.find(([name]) => name === unit)?.[1] ?? Number.NaN);
  if (micros <= RETENTION_MICROS_MAX) return { kind: 'duration', micros };
  throw new HttpError(
    400,
    'validation_error',
    `A retention is "all", a number of heights such as "1000", or a time such as "30d" (units d, h, m, s, ms, us; at most ${Math.floor(RETENTION_MICROS_MAX / (86_400 * SECOND))}d), not ${JSON.stringify(text)}.`,
  );
}

/** The other direction, in the longest unit that is exact. */
export function retentionText(retention: Retention): string {
  switch (retention.kind) {
    case 'all':
      return 'all';
    case 'heights':
      return String(retention.heights);
    case 'duration': {
      const [name, micros] = UNITS.find(([, unit]) => retention.micros % unit === 0) ?? ['us', 1];
      return `${retention.micros / micros}${name}`;
    }
  }
}
