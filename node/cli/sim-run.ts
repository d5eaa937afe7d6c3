/** `vouch sim run` and `vouch sim replay`: one seed, told in a few lines or as one JSON object. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Knobs } from '../../sim/knobs.ts';
import { type Summaries, summaries } from '../../sim/measure/measures.ts';
import { exitCodeOf, type RunReport, type RunResult } from '../../sim/result.ts';
import { GENERIC, runSeed } from '../../sim/run.ts';
import type { Tape } from '../../sim/tape.ts';
import { usageFailure } from './failure.ts';
import { csvRows, printTable, writeCsv } from './measure-output.ts';
import { print, printJson, say } from './output.ts';
import { findScenario } from './scenario-lookup.ts';
import {
  addMeasureOptions,
  addSharedOptions,
  planFlags,
  planOf,
  type RunPlan,
  runPlan,
  type SharedFlags,
  setOf,
} from './sim-options.ts';
import { writeStoryPage } from './story-page.ts';

interface ReplayFlags extends SharedFlags {
  readonly html?: string;
}

interface RunFlags extends ReplayFlags {
  readonly seed: string;
  readonly tape?: string;
}

const HTML_HELP = 'write the story of the run to one offline page';

export function addSimRunCommands(sim: Command): void {
  addMeasureOptions(addSharedOptions(sim.command('run').description('run one seed')))
    .option('--seed <text>', 'the seed', '1')
    .option('--tape <file>', 'write every choice of the run to a file that `replay` takes')
    .option('--html <file>', HTML_HELP)
    .addHelpText('after', '\nExample:\n  vouch sim run split-brain --seed 7 --json')
    .action(run);
  addSharedOptions(sim.command('replay').description('run a seed or a tape again'))
    .argument('[seed-or-tape]', 'a seed, or a file written by run --tape')
    .option('--html <file>', HTML_HELP)
    .action(replay);
}

async function run(name: string | undefined, flags: RunFlags): Promise<void> {
  await execute(planOf(name, flags), flags.seed, flags);
}

/** One argument is a seed or tape of the generic run; two are a scenario and a seed. */
async function replay(first: string | undefined, second: string | undefined, flags: ReplayFlags): Promise<void> {
  const what = second ?? first;
  if (what === undefined) throw usageFailure('replay wants a seed or the file of a tape.');
  const plan = planOf(second === undefined ? undefined : first, flags);
  if (/^[\w-]+$/.test(what)) return execute(plan, what, flags);
  const result = replayTape(what, flags.html !== undefined);
  await writeStory(flags.html, result, `vouch sim replay ${what}`);
  tell(result.report, planFlags(plan), flags);
}

async function execute(plan: RunPlan, seed: string, flags: ReplayFlags & { readonly tape?: string }): Promise<void> {
  const result = runPlan(plan, seed, {
    record: flags.tape !== undefined,
    story: flags.html !== undefined,
    onKnobs: (knobs) => {
      if (flags.json !== true) print(describeKnobs(knobs));
    },
  });
  if (flags.tape !== undefined) writeFileSync(flags.tape, JSON.stringify(result.tape));
  await writeStory(flags.html, result, `vouch sim replay${planFlags(plan)} ${seed}`);
  const { samples } = result;
  if (samples === undefined) return tell(result.report, planFlags(plan), flags);
  if (flags.csv !== undefined)
    writeCsv(flags.csv, csvRows({ scenario: result.report.scenario, set: setOf(plan), seed, samples }, plan.measure));
  tell({ ...result.report, measures: summaries(samples, plan.measure) }, planFlags(plan), flags);
}

async function writeStory(file: string | undefined, { story }: RunResult, command: string): Promise<void> {
  if (file === undefined) return;
  if (story === undefined) throw usageFailure('--html tells runs of Vouch; this is one of another protocol.');
  await writeStoryPage(file, story, command);
}

/** Runs a tape again. @param story whether what happens is kept for a person. */
export function replayTape(file: string, story: boolean): RunResult {
  const tape = readTape(file);
  const scenario = findScenario(tape.scenario);
  if (scenario === undefined && tape.scenario !== GENERIC)
    throw usageFailure(`The tape is of scenario "${tape.scenario}", which does not exist here.`);
  return runSeed({ seed: tape.seed, profile: tape.profile, scenario, tape, story, stopwatch: () => performance.now() });
}

function readTape(file: string): Tape {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw usageFailure(code === undefined ? `${file} is not a tape: it is not JSON.` : `${file} cannot be read: ${code}.`);
  }
  const tape = parsed as Partial<Tape> | null;
  if (tape?.version !== 1 || !Array.isArray(tape.draws)) throw usageFailure(`${file} is not a tape of version 1.`);
  return tape as Tape;
}

/** A report with what was measured. */
interface Measured extends RunReport {
  readonly measures?: Summaries;
}

function tell(report: Measured, flags: string, { json }: SharedFlags): void {
  process.exitCode = exitCodeOf(report.verdict);
  if (json === true) return printJson(report);
  const { ops, faults } = report;
  print(`${report.scenario} seed ${report.seed}: ${report.verdict.toUpperCase()}`);
  print(
    `  ${report.events} events in ${report.virtualMs} ms of virtual time, ${report.elections} elections, hasher ${report.hasher}`,
  );
  print(`  operations: ${ops.ok} ok, ${ops.fail} failed, ${ops.info} unknown`);
  print(
    `  faults: ${
      Object.entries(faults)
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', ') || 'none'
    }`,
  );
  print(`  trace ${report.traceHash}, ${report.eventsPerSecond} events a second`);
  if (report.measures !== undefined) printTable(report.measures);
  if (report.violation === null) return;
  say(`  ${report.violation.oracle}: ${report.violation.message}`);
  print(`vouch sim replay${flags} ${report.seed}`);
}

/** The resolved knobs on one line. */
function describeKnobs(knobs: Knobs): string {
  const faults = Object.entries(knobs.faults).map(([kind, weight]) => `${kind}=${weight === 0 ? 'off' : weight}`);
  const { faults: _, ...others } = knobs;
  return `knobs ${JSON.stringify(others)} faults ${faults.join(',') || 'none'}`;
}
