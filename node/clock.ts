/**
 * The two clocks of a real node. `now` never goes back and survives a stepped wall clock; `wall` may be wrong and decides
 * no safety property. Source: 10-sans-io, C3.
 */
import type { Clocks } from '../core/effect.ts';
import type { Micros } from '../core/ids.ts';

/** Microseconds on the monotonic clock. */
export function monotonicMicros(): Micros {
  return Math.floor(performance.now() * 1000) as Micros;
}

/** Both clocks. Call it after the last byte of the batch it is for was read, never before. */
export function sampleClocks(): Clocks {
  return { now: monotonicMicros(), wall: (Date.now() * 1000) as Micros };
}
