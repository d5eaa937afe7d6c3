/** When something ends to be there: `expires_at`, a time of RFC 3339, or `expires_in`, a time from now such as `30d`. */
import { WALL_MICROS_MAX } from '../../core/limits.ts';
import { sampleClocks } from '../clock.ts';
import { durationMicros } from './duration.ts';
import { HttpError } from './errors.ts';
import { microsOf } from './read-options.ts';

export interface ExpiryFields {
  readonly expires_at?: unknown;
  readonly expires_in?: unknown;
}

/**
 * Microseconds since 1970; 0 = never. A time from now is counted by this node's clock, once: what is stored and hashed is a time.
 * @param name what holds the fields, as refusals call it
 */
export function expiryOf({ expires_at: at, expires_in: within }: ExpiryFields, name: string): number {
  if (at !== undefined && at !== null && within !== undefined && within !== null) {
    throw refusal(`${name} has both expires_at and expires_in: give one of them.`);
  }
  if (at !== undefined && at !== null) {
    const time = typeof at === 'string' ? microsOf(at) : undefined;
    if (time !== undefined && time > 0) return time;
    throw refusal(`${name}.expires_at is a time like "2026-01-31T12:00:00Z", not ${JSON.stringify(at)}.`);
  }
  if (within === undefined || within === null) return 0;
  const micros = typeof within === 'string' ? durationMicros(within) : undefined;
  const end = micros === undefined ? Number.NaN : sampleClocks().wall + micros;
  if (end <= WALL_MICROS_MAX) return end;
  throw refusal(`${name}.expires_in is a time such as "30d" (units d, h, m, s, ms, us), not ${JSON.stringify(within)}.`);
}

/** Undefined for never. */
export function expiryText(micros: number): string | undefined {
  return micros === 0 ? undefined : exactTime(micros);
}

/** RFC 3339 in UTC, with as many digits as the time has: no microsecond is lost. */
export function exactTime(micros: number): string {
  const milliseconds = new Date(Math.floor(micros / 1000)).toISOString();
  const rest = micros % 1000;
  return rest === 0 ? milliseconds : `${milliseconds.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

function refusal(message: string): HttpError {
  return new HttpError(400, 'validation_error', message);
}
