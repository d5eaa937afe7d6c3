/** What a vault keeps of its past, as people write it: `all`, a number of heights, or a time such as `30d`. */
import { RETENTION_HEIGHTS_MAX, RETENTION_MICROS_MAX } from '../../core/limits.ts';
import type { Retention } from '../../core/state/transaction.ts';
import { DURATION_UNITS, durationMicros } from './duration.ts';
import { HttpError } from './errors.ts';

const HEIGHTS = /^[1-9][0-9]{0,15}$/;
const DAY = 86_400 * 1_000_000;

/** Throws an HttpError where the text is none. */
export function retentionFrom(text: string): Retention {
  if (text === 'all') return { kind: 'all' };
  if (HEIGHTS.test(text) && Number(text) <= RETENTION_HEIGHTS_MAX) return { kind: 'heights', heights: Number(text) };
  const micros = durationMicros(text);
  if (micros !== undefined && micros <= RETENTION_MICROS_MAX) return { kind: 'duration', micros };
  throw new HttpError(
    400,
    'validation_error',
    `A retention is "all", a number of heights such as "1000", or a time such as "30d" (units d, h, m, s, ms, us; at most ${Math.floor(RETENTION_MICROS_MAX / DAY)}d), not ${JSON.stringify(text)}.`,
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
      const [name, micros] = DURATION_UNITS.find(([, unit]) => retention.micros % unit === 0) ?? ['us', 1];
      return `${retention.micros / micros}${name}`;
    }
  }
}
