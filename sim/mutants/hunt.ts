/** Runs generic seeds against mutated code until a named oracle finds the bug, and shrinks the story. The entry of a mutant's bundle. */
import { faultless, type Knobs } from '../knobs.ts';
import type { RunReport } from '../result.ts';
import { type RunOptions, runSeed } from '../run.ts';
import type { Scenario } from '../scenario.ts';
import { claimOf, isSameClaim } from '../shrink/claim.ts';
import { type Shrunk, shrink } from '../shrink/shrinker.ts';
import type { Tape } from '../tape.ts';

export interface HuntOrder {
  readonly from: number;
  readonly seeds: number;
  readonly profile: 'lite' | 'swarm';
  /** Undefined: generic seeds. */
  readonly scenario?: Scenario | undefined;
  readonly without: readonly string[];
  /** Time for shrinking what was found; 0 = it is not shrunk. */
  readonly shrinkMs: number;
  /** Seeds in which another oracle may find the bug once the one that found it is off; 0 = that is not asked. */
  readonly substituteSeeds: number;
  /** Seeds without any fault to run; 0 = none. */
  readonly faultlessSeeds: number;
}

/** What it runs on: the stopwatch tells processor time, so that a busy machine shrinks no worse. */
export type HuntMachine = Pick<RunOptions, 'stopwatch' | 'primitives'>;

export interface HuntResult {
  /** The oracle that found it; null where none did. */
  readonly oracle: string | null;
  /** Seeds run until then, or in all. */
  readonly seeds: number;
  readonly message: string;
  /** Seeds that ended in a crash or a broken assertion: listed apart, no kill by an oracle. */
  readonly crashes: number;
  readonly crashMessage: string;
  /** Who finds it where the oracle that found it is off; undefined where that was not asked. */
  readonly substitute?: Substitute;
  /** Of so many seeds without faults, how many pass; undefined where none was run. */
  readonly faultless?: { readonly seeds: number; readonly passed: number };
  /** Story events of the shrunk run; null where nothing was found or shrunk. */
  readonly shrunkEvents: number | null;
  readonly shrinkMs: number;
}

export interface Substitute {
  /** null: nobody, so that without its oracle the bug lives. */
  readonly oracle: string | null;
  /** Seeds run, from the one in which it was found. */
  readonly seeds: number;
}

interface Found {
  readonly oracle: string | null;
  readonly seeds: number;
  readonly message: string;
  readonly crashes: number;
  readonly crashMessage: string;
}

/** Share of the time for shrinking after which it ends where the story did not become shorter; one of more events than this has all of it. */
const PATIENCE = 0.2;
const LONG_EVENTS = 40;
/** Events of a story that need not become shorter. */
export const SHORT_EVENTS: number = 2;
/** Operations of a seed without faults. */
export const FAULTLESS_OPERATIONS: number = 60;
/** Verdicts that say that something broke, not which property. */
const CRASH_ORACLES: readonly string[] = ['crash', 'core-invariant'];

export function hunt(order: HuntOrder, machine: HuntMachine): HuntResult {
  const found = search(order, order.from, order.seeds, order.without, machine);
  const faultlessRuns = order.faultlessSeeds === 0 ? {} : { faultless: runFaultless(order, machine) };
  if (found.oracle === null) return { ...found, ...faultlessRuns, shrunkEvents: null, shrinkMs: 0 };
  const place = order.from + found.seeds - 1;
  const substitutes = order.substituteSeeds === 0 ? {} : { substitute: findSubstitute(order, place, found.oracle, machine) };
  return { ...found, ...substitutes, ...faultlessRuns, ...shorten(order, String(place), machine) };
}

/** The first of so many seeds that a named oracle objects to. */
function search(order: HuntOrder, from: number, count: number, without: readonly string[], machine: HuntMachine): Found {
  let crashes = 0;
  let crashMessage = '';
  for (let seeds = 1; seeds <= count; seeds += 1) {
    const seed = String(from + seeds - 1);
    const { report } = runSeed({ seed, profile: order.profile, scenario: order.scenario, without, ...machine });
    const violation = violationOf(report);
    if (violation === null) continue;
    const { oracle, message } = violation;
    if (!CRASH_ORACLES.includes(oracle)) return { oracle, seeds, message, crashes, crashMessage };
    crashes += 1;
    if (crashMessage === '') crashMessage = message;
  }
  return { oracle: null, seeds: count, message: '', crashes, crashMessage };
}

/** What says that the code is wrong; a run that shows nothing does not. */
function violationOf({ verdict, violation }: RunReport): RunReport['violation'] {
  return verdict === 'vacuous' || verdict === 'unknown' ? null : violation;
}

/** Earlier seeds passed with the oracle, so they pass without it. */
function findSubstitute(order: HuntOrder, place: number, oracle: string, machine: HuntMachine): Substitute {
  const found = search(order, place, order.substituteSeeds, [...order.without, oracle], machine);
  return { oracle: found.oracle, seeds: found.seeds };
}

/** Short: what a machine without faults shows, it shows soon. */
function healthy(knobs: Knobs): Knobs {
  return { ...faultless(knobs), operations: Math.min(knobs.operations, FAULTLESS_OPERATIONS) };
}

function runFaultless(order: HuntOrder, machine: HuntMachine): { readonly seeds: number; readonly passed: number } {
  let passed = 0;
  for (let seeds = 0; seeds < order.faultlessSeeds; seeds += 1) {
    const seed = String(order.from + seeds);
    const options = { seed, profile: order.profile, scenario: undefined, without: order.without, ...machine };
    if (violationOf(runSeed({ ...options, adjust: healthy }).report) === null) passed += 1;
  }
  return { seeds: order.faultlessSeeds, passed };
}

function shorten(order: HuntOrder, seed: string, machine: HuntMachine): Pick<HuntResult, 'shrunkEvents' | 'shrinkMs'> {
  if (order.shrinkMs === 0) return { shrunkEvents: null, shrinkMs: 0 };
  const started = machine.stopwatch();
  const options = { scenario: order.scenario, ...machine };
  const { tape } = runSeed({ ...options, seed, profile: order.profile, without: order.without, record: true });
  const steps = shrink({ ...options, tape: tape as Tape, budgetMs: order.shrinkMs, redraws: true });
  let shrunk: Shrunk | undefined;
  let improvedAt = started;
  for (const { best } of steps) {
    if (shrunk === undefined || best.story.total < shrunk.story.total) improvedAt = machine.stopwatch();
    shrunk = best;
    const { total } = best.story;
    if (total <= SHORT_EVENTS) break;
    if (total <= LONG_EVENTS && machine.stopwatch() - improvedAt > order.shrinkMs * PATIENCE) break;
  }
  const shrinkMs = Math.round(machine.stopwatch() - started);
  return { shrunkEvents: shrunk !== undefined && isRepeatable(order, shrunk, machine) ? shrunk.story.total : null, shrinkMs };
}

/** Whether the tape, as a file would hold it, ends with the same violation after the same events. */
function isRepeatable(order: HuntOrder, { tape, claim, report }: Shrunk, machine: HuntMachine): boolean {
  const copy = JSON.parse(JSON.stringify(tape)) as Tape;
  const again = runSeed({ seed: copy.seed, profile: copy.profile, scenario: order.scenario, tape: copy, ...machine }).report;
  return isSameClaim(claimOf(again), claim) && again.traceHash === report.traceHash;
}
