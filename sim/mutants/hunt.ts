/** Runs generic seeds against mutated code until a named oracle finds the bug. The entry of a mutant's bundle. */
import { runSeed } from '../run.ts';

export interface HuntOrder {
  readonly from: number;
  readonly seeds: number;
  readonly profile: 'lite' | 'swarm';
  readonly without: readonly string[];
}

export interface HuntResult {
  /** The oracle that found it; null where none did. */
  readonly oracle: string | null;
  /** Seeds run until then, or in all. */
  readonly seeds: number;
  readonly message: string;
  /** Seeds that ended in a crash or a broken assertion: listed apart, no kill by an oracle. */
  readonly crashes: number;
  readonly crashMessage: string;
}

/** Verdicts that say that something broke, not which property. */
const CRASH_ORACLES: readonly string[] = ['crash', 'core-invariant'];

export function hunt(order: HuntOrder, stopwatch: () => number): HuntResult {
  let crashes = 0;
  let crashMessage = '';
  for (let seeds = 1; seeds <= order.seeds; seeds += 1) {
    const seed = String(order.from + seeds - 1);
    const { report } = runSeed({ seed, profile: order.profile, scenario: undefined, without: order.without, stopwatch });
    const { violation, verdict } = report;
    if (violation === null || verdict === 'vacuous' || verdict === 'unknown') continue;
    if (!CRASH_ORACLES.includes(violation.oracle))
      return { oracle: violation.oracle, seeds, message: violation.message, crashes, crashMessage };
    crashes += 1;
    if (crashMessage === '') crashMessage = violation.message;
  }
  return { oracle: null, seeds: order.seeds, message: '', crashes, crashMessage };
}
