/** What `replay`, `shrink`, `explain` and `bisect` work on: a seed with the flags of `run`, or the file of a tape. */
import { readFileSync } from 'node:fs';
import { PrefixLog } from '../../sim/prefix-log.ts';
import type { RunResult } from '../../sim/result.ts';
import { GENERIC, type RunOptions } from '../../sim/run.ts';
import type { Scenario } from '../../sim/scenario.ts';
import type { Tape } from '../../sim/tape.ts';
import { formatTape, readTape, type TapeFile } from '../../sim/tape-file.ts';
import { packageVersion } from '../version.ts';
import { buildId } from './build-id.ts';
import { usageFailure } from './failure.ts';
import { runGuarded } from './guarded-run.ts';
import { nativePrimitives } from './native-primitives.ts';
import { say } from './output.ts';
import { writeText } from './output-file.ts';
import { demandSimulated } from './recorded-tape.ts';
import { findScenario, requireScenario } from './scenario-lookup.ts';
import { planFlags, planOf, planOptions, type RunPlan, type SharedFlags } from './sim-options.ts';

export interface Source {
  /** As the user named it, for sentences. */
  readonly title: string;
  readonly options: RunOptions;
  readonly scenario: Scenario | undefined;
  /** Undefined where it is a seed. */
  readonly file: TapeFile | undefined;
  /** The flags again, with the seed or tape, behind the name of a command. */
  readonly argument: string;
  /** What must stand before a tape of the same scenario: the user's own file. */
  readonly scenarioFile: string;
}

/** One argument is a seed or tape; of two, one is a scenario. The scenario may stand first or last. */
export function sourceOf(first: string | undefined, second: string | undefined, flags: SharedFlags): Source {
  if (first === undefined) throw usageFailure('A seed or the file of a tape is missing.');
  const isScenarioFirst = second !== undefined && standsForScenario(first, second);
  const what = isScenarioFirst ? second : first;
  const name = isScenarioFirst ? first : second;
  if (isSeed(what)) return seedSource(what, name, flags);
  demandNoFlags(what, flags);
  return tapeSource(what, name);
}

/** A name that is not known stands for a scenario too where the other argument can be nothing but a seed. */
function standsForScenario(first: string, second: string): boolean {
  if (findScenario(first) !== undefined) return true;
  return /^[0-9]+$/.test(second) && !/^[0-9]+$/.test(first);
}

/** A tape is the last word on its world. */
export function demandNoFlags(path: string, flags: SharedFlags): void {
  const given = (['nodes', 'for', 'profile', 'fault', 'set', 'without'] as const).find((flag) => flags[flag] !== undefined);
  if (given !== undefined)
    throw usageFailure(`--${given} does not go with a tape: ${path} holds the whole world of its run. Run its seed instead.`);
}

function isSeed(what: string): boolean {
  return /^[\w-]+$/.test(what);
}

function seedSource(seed: string, name: string | undefined, flags: SharedFlags): Source {
  const plan = planOf(name, flags);
  const options = planOptions(plan, seed);
  return {
    title: `seed ${seed}`,
    options,
    scenario: options.scenario,
    file: undefined,
    argument: `${planFlags(plan)} ${seed}`,
    scenarioFile: scenarioFileOf(plan),
  };
}

function tapeSource(path: string, name: string | undefined): Source {
  const file = readTapeFile(path);
  const { tape } = file;
  const scenario = name === undefined ? findScenario(tape.scenario) : requireScenario(name);
  if (name !== undefined && scenario !== undefined && scenario.name !== tape.scenario)
    throw usageFailure(`${path} is of ${kindOf(tape)}, not of ${name}: leave ${name} out, or name the scenario that it is of.`);
  if (scenario?.name !== tape.scenario && tape.scenario !== GENERIC)
    throw usageFailure(
      `${path} is of scenario "${tape.scenario}", which is not known here; if it is in a file of yours, name that file first.`,
    );
  const options = { seed: tape.seed, profile: tape.profile, scenario, tape, primitives: nativePrimitives, stopwatch };
  return {
    title: path,
    options,
    scenario,
    file,
    argument: name === undefined ? ` ${path}` : ` ${name} ${path}`,
    scenarioFile: name === undefined ? '' : ` ${name}`,
  };
}

function kindOf({ scenario }: Tape): string {
  return scenario === GENERIC ? 'the generic workload' : `scenario "${scenario}"`;
}

/** A tape names its scenario, but not the file of a user's own. */
export function scenarioFileOf({ bundle, scenario }: RunPlan): string {
  return bundle === '' ? '' : ` ${scenario}`;
}

const stopwatch = performance.now.bind(performance);

function readTapeFile(path: string): TapeFile {
  demandSimulated(path);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw usageFailure(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
  const read = readTape(text);
  if (!read.ok) throw usageFailure(`${path} ${read.reason}.`);
  if (read.newKnobs.length > 0) say(`${path} is older than ${read.newKnobs.join(', ')}: as in a run without faults.`);
  return read.file;
}

/** Runs a tape again. @param story whether what happens is kept for a person. */
export function replayTape(path: string, name: string | undefined, story: boolean): RunResult {
  return runGuarded({ ...tapeSource(path, name).options, story });
}

/** Writes a run that was recorded. @param log of the same run. */
export function writeTapeFile(path: string, result: RunResult, log: PrefixLog): void {
  const { report, tape, storyEvents } = result;
  if (tape === undefined) throw usageFailure('This run keeps no tape.');
  const { verdict, violation, traceHash } = report;
  const end = { verdict, violation, traceHash, storyEvents: storyEvents.total, samples: log.samples() };
  writeText(path, formatTape({ writtenBy: `vouch ${packageVersion()}`, build: buildId(), tape, end }));
}

/** Runs something with a log of its events. */
export function runLogged(options: RunOptions): { readonly result: RunResult; readonly log: PrefixLog } {
  const log = new PrefixLog();
  const result = runGuarded({ ...options, onEvent: log.listener });
  log.close(Number.parseInt(result.report.traceHash.slice(0, 8), 16));
  return { result, log };
}
