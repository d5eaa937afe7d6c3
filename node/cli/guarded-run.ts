/** A run that may ask nothing but its seed: whoever reads a clock or a die in it fails it, with status 4. */
import type { RunResult } from '../../sim/result.ts';
import { type RunOptions, runSeed } from '../../sim/run.ts';
import { guarded } from './determinism-guard.ts';

/** Name of the guard where oracles have theirs. */
const DETERMINISM = 'determinism';

/** @param options its stopwatch must hold the clock itself, not look it up. */
export function runGuarded(options: RunOptions): RunResult {
  const { value, escaped } = guarded(() => runSeed(options));
  if (escaped === undefined) return value;
  const report = { ...value.report, verdict: 'nondeterminism', violation: { oracle: DETERMINISM, message: escaped } } as const;
  return { ...value, report };
}
