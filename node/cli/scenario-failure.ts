/** What is wrong with a scenario, as one sentence with the line of the user's own file; status 2, whatever the command. */
import { fileURLToPath } from 'node:url';
import type { RunOptions } from '../../sim/run.ts';
import { EscapeError, ScenarioError } from '../../sim/scenario-error.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { titleOf } from './scenario-lookup.ts';

/** Where this program itself lies: compiled, or its sources. */
const OWN_ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** path:line:column of a frame, behind a parenthesis or `at`. */
const FRAME = /(?:\(|at )((?:file:\/\/)?[^()\s][^()]*?\.(?:ts|mts|mjs|js)):(\d+):\d+\)?$/;

/** Runs a seed. @throws CliFailure where its scenario is wrong. */
export function orScenarioFailure<T>(options: Pick<RunOptions, 'scenario' | 'seed'>, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const { scenario, seed } = options;
    const title = `${scenario === undefined ? '' : `${titleOf(scenario)}, `}seed ${seed}`;
    if (error instanceof ScenarioError) throw usageFailure(`${title}: scenario error: ${error.message}${placeOf(error)}.`);
    // In a story it is a verdict; in `world` there is no run yet that could have one.
    if (error instanceof EscapeError) throw new CliFailure(`${title}: NOT DETERMINISTIC: ${error.message}${placeOf(error)}.`, 4);
    throw error;
  }
}

/** ` (mine.ts:12)`: the first frame outside this program, of what was thrown first; '' where there is none. */
export function placeOf(error: unknown): string {
  const { stack, cause } = error instanceof Error ? error : { stack: undefined, cause: undefined };
  const inner = cause === undefined ? '' : placeOf(cause);
  if (inner !== '') return inner;
  for (const line of (stack ?? '').split('\n')) {
    const [, file, number] = FRAME.exec(line.trim()) ?? [];
    if (file === undefined || file.startsWith('node:')) continue;
    const path = file.startsWith('file://') ? fileURLToPath(file) : file;
    if (!path.startsWith(OWN_ROOT)) return ` (${path.split(/[\\/]/).at(-1)}:${number})`;
  }
  return '';
}
