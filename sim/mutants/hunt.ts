/** Runs generic seeds against mutated code until a named oracle finds the bug, and shrinks the story. The entry of a mutant's bundle. */
import { runSeed } from '../run.ts';
import { claimOf, isSameClaim } from '../shrink/claim.ts';
import { type Shrunk, shrink } from '../shrink/shrinker.ts';
import type { Tape } from '../tape.ts';

export interface HuntOrder {
  readonly from: number;
  readonly seeds: number;
  readonly profile: 'lite' | 'swarm';
  readonly without: readonly string[];
  /** Real time for shrinking what was found; 0 = it is not shrunk. */
  readonly shrinkMs: number;
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
  /** Story events of the shrunk run; null where nothing was found or shrunk. */
  readonly shrunkEvents: number | null;
  readonly shrinkMs: number;
}

/** Verdicts that say that something broke, not which property. */
const CRASH_ORACLES: readonly string[] = ['crash', 'core-invariant'];

export function hunt(order: HuntOrder, stopwatch: () => number): HuntResult {
  let crashes = 0;
  let crashMessage = '';
  for (let seeds = 1; seeds <= order.seeds; seeds += 1) {
    const seed = String(order.from + seeds - 1);
    const options = { seed, profile: order.profile, scenario: undefined, without: order.without, stopwatch };
    const { violation, verdict } = runSeed(options).report;
    if (violation === null || verdict === 'vacuous' || verdict === 'unknown') continue;
    if (!CRASH_ORACLES.includes(violation.oracle)) {
      const { oracle, message } = violation;
      return { oracle, seeds, message, crashes, crashMessage, ...shorten(order, seed, stopwatch) };
    }
    crashes += 1;
    if (crashMessage === '') crashMessage = violation.message;
  }
  return { oracle: null, seeds: order.seeds, message: '', crashes, crashMessage, shrunkEvents: null, shrinkMs: 0 };
}

function shorten(order: HuntOrder, seed: string, stopwatch: () => number): Pick<HuntResult, 'shrunkEvents' | 'shrinkMs'> {
  if (order.shrinkMs === 0) return { shrunkEvents: null, shrinkMs: 0 };
  const started = stopwatch();
  const options = { scenario: undefined, stopwatch };
  const { tape } = runSeed({ ...options, seed, profile: order.profile, without: order.without, record: true });
  const steps = shrink({ ...options, tape: tape as Tape, budgetMs: order.shrinkMs, redraws: true });
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const shrinkMs = Math.round(stopwatch() - started);
  const shrunk = step.value;
  return { shrunkEvents: shrunk !== undefined && isRepeatable(shrunk, stopwatch) ? shrunk.story.total : null, shrinkMs };
}

/** Whether the tape, as a file would hold it, ends with the same violation after the same events. */
function isRepeatable({ tape, claim, report }: Shrunk, stopwatch: () => number): boolean {
  const copy = JSON.parse(JSON.stringify(tape)) as Tape;
  const again = runSeed({ seed: copy.seed, profile: copy.profile, scenario: undefined, tape: copy, stopwatch }).report;
  return isSameClaim(claimOf(again), claim) && again.traceHash === report.traceHash;
}
