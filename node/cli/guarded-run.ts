/** A run that may ask nothing but its seed: whoever reads a clock or a die in it fails it, with status 4. */
import type { RunResult } from '../../sim/result.ts';
import { type RunOptions, runSeed } from '../../sim/run.ts';
import { guarded } from './determinism-guard.ts';
import { orScenarioFailure } from './scenario-failure.ts';

/** Name of the guard where oracles have theirs. */
const DETERMINISM = 'determinism';

/** @param options its stopwatch must hold the clock itself, not look it up. @throws CliFailure where its scenario is wrong. */
export function runGuarded(options: RunOptions): RunResult {
  const { value, escaped } = orScenarioFailure(options, () => guarded(() => runSeed(options)));
  if (escaped === undefined) return value;
  const report = { ...value.report, verdict: 'nondeterminism', violation: { oracle: DETERMINISM, message: escaped } } as const;
  return { ...value, report };
}
