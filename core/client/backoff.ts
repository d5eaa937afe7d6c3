/**
 * Jittered exponential back-off. Why jitter over the upper half: clients that failed together must not return together,
 * and none should hammer at once. Source: Brooker, "Exponential Backoff And Jitter" (equal jitter), AWS 2015.
 */
import type { Random } from '../random.ts';

export interface BackoffRange {
  /** Wait after the first failure, microseconds. */
  readonly minMicros: number;
  /** Longest wait. */
  readonly maxMicros: number;
}

/** @param failures 1 for the first. @returns microseconds, uniform in the upper half of min(max, min * 2^(failures - 1)). */
export function backoffMicros(range: BackoffRange, failures: number, random: Random): number {
  const doublings = Math.min(Math.max(failures - 1, 0), 30);
  const ceiling = Math.max(2, Math.min(range.maxMicros, range.minMicros * 2 ** doublings));
  const half = Math.floor(ceiling / 2);
  return half + random.below(half + 1);
}
