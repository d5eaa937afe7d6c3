/** `vouch sim run`: one seed, told in a few lines or as one JSON object. */
import { Worker } from 'node:worker_threads';
import type { Command } from 'commander';
import type { Knobs } from '../../sim/knobs.ts';
import { type Summaries, summaries } from '../../sim/measure/measures.ts';
import { exitCodeOf, type RunReport, type RunResult } from '../../sim/result.ts';
import { GENERIC } from '../../sim/run.ts';
import { CliFailure, EXIT_INTERRUPTED, usageFailure } from './failure.ts';
import { csvRows, printTable, writeCsv } from './measure-output.ts';
import { print, printJson, say } from './output.ts';
import { Afterwards, demandWritable } from './output-file.ts';
import {
  addMeasureOptions,
  addSharedOptions,
  demandVouch,
  planFlags,
  planOf,
  planOptions,
  type RunPlan,
  type SharedFlags,
  setOf,
} from './sim-options.ts';
import { writeStoryPage } from './story-page.ts';
import { runLogged, scenarioFileOf, writeTapeFile } from './tape-source.ts';

export interface RunFlags extends SharedFlags {
  readonly dir?: string;
  readonly html?: string;
  readonly mutant?: string;
  readonly real?: boolean;
  readonly seed: string;
  readonly tape?: string;
}

/** What the worker thread is given. */
export interface RunOrder {
  readonly plan: RunPlan;
  readonly seed: string;
  readonly flags: RunFlags;
}

/** What it ends with; everything else it has printed itself. */
export interface RunEnd {
  readonly status: number;
  /** '' = none. */
  readonly failure: string;
}

export const HTML_HELP: string = 'write the story of the run to one offline page';

export function addSimRunCommand(sim: Command): void {
  addMeasureOptions(addSharedOptions(sim.command('run').description('run one seed')))
    .option('--seed <text>', 'the seed', '1')
    .option('--tape <file>', 'write every choice of the run to a file that `replay` takes')
    .option('--html <file>', HTML_HELP)
    .option('--real', 'tell the story to a real cluster on this machine: --for is real time then, 20s unless given')
    .option('--dir <dir>', 'with --real: where data, logs and history.jsonl go, and stay (default: removed after a pass)')
    .option('--mutant <id>', 'with --real: the nodes run with this known bug of `mutants`; wants the sources')
    .addHelpText(
      'after',
      '\nExamples:\n  vouch sim run split-brain --seed 7 --json\n  vouch sim run split-brain --seed 7 --real --for 30s',
    )
    .action(run);
}

async function run(name: string | undefined, flags: RunFlags): Promise<void> {
  const plan = planOf(name, flags);
  if (flags.real === true) {
    const { runOnProcesses } = await import('./real/run-on-processes.ts');
    return runOnProcesses(plan, flags);
  }
  const only = (['dir', 'mutant'] as const).find((flag) => flags[flag] !== undefined);
  if (only !== undefined) throw usageFailure(`--${only} goes with --real: the simulator keeps and plants nothing in processes.`);
  if (flags.html !== undefined) demandVouch(plan.scenario, '--html');
  demandWritable(flags.tape, flags.html, flags.csv);
  const started = performance.now();
  const worker = new Worker(new URL('./sim-run-worker.js', import.meta.url), {
    workerData: { plan, seed: flags.seed, flags } satisfies RunOrder,
  });
  let end: RunEnd | undefined;
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    void worker.terminate();
  };
  process.on('SIGINT', interrupt);
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: RunEnd) => {
        end = message;
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
    });
  } finally {
    process.off('SIGINT', interrupt);
  }
  if (end !== undefined) finish(end);
  else if (isInterrupted) tellInterrupted(plan, flags, Math.round(performance.now() - started));
  else throw new CliFailure('The run ended without a result.');
}

function finish({ status, failure }: RunEnd): void {
  process.exitCode = status;
  if (failure !== '') say(`vouch: ${failure}`);
}

/** Nothing was found until then, and the seed says what would have come. */
function tellInterrupted(plan: RunPlan, { seed, json }: RunFlags, wallMs: number): void {
  process.exitCode = EXIT_INTERRUPTED;
  const scenario = plan.scenario === '' ? GENERIC : plan.scenario;
  if (json === true) return printJson({ scenario, seed, verdict: 'interrupted', violation: null, wallMs });
  print(`${scenario} seed ${seed}: INTERRUPTED after ${(wallMs / 1000).toFixed(1)} s; nothing was found until then`);
  print(`vouch sim replay${planFlags(plan)} ${seed}`);
}

/** What the worker thread does. */
export async function execute(plan: RunPlan, seed: string, flags: RunFlags): Promise<void> {
  const { result, log } = runLogged({
    ...planOptions(plan, seed),
    record: flags.tape !== undefined,
    story: flags.html !== undefined,
    onKnobs: (knobs) => {
      if (flags.json !== true) print(describeKnobs(knobs));
    },
  });
  const afterwards = new Afterwards();
  const { tape, csv } = flags;
  const isOnTape = tape !== undefined && afterwards.try(() => writeTapeFile(tape, result, log));
  await writeStory(flags.html, result, `vouch sim replay${planFlags(plan)} ${seed}`).catch((error) => afterwards.add(error));
  const argument = isOnTape ? `${scenarioFileOf(plan)} ${tape}` : `${planFlags(plan)} ${seed}`;
  const { samples, report } = result;
  if (samples !== undefined && csv !== undefined) {
    const rows = csvRows({ scenario: report.scenario, set: setOf(plan), seed, samples }, plan.measure);
    afterwards.try(() => writeCsv(csv, rows));
  }
  const measured = samples === undefined ? report : { ...report, measures: summaries(samples, plan.measure) };
  tell(measured, argument, flags.json === true);
  afterwards.tell();
}

export async function writeStory(file: string | undefined, { story }: RunResult, command: string): Promise<void> {
  if (file === undefined) return;
  if (story === undefined) throw usageFailure('--html tells runs of Vouch; this is one of another protocol.');
  await writeStoryPage(file, story, command);
}

/** A report with what was measured. */
interface Measured extends RunReport {
  readonly measures?: Summaries;
}

/** @param argument what names the run behind the name of a command. */
export function tell(report: Measured, argument: string, json: boolean): void {
  process.exitCode = exitCodeOf(report.verdict);
  if (json) return printJson(report);
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
  if (report.reach !== undefined) print(`  ${report.reach.words}: ${report.reach.reached ? 'yes' : 'no'}`);
  print(`  trace ${report.traceHash}, ${report.eventsPerSecond} events a second`);
  if (report.measures !== undefined) printTable(report.measures);
  if (report.violation === null) return;
  say(`  ${report.violation.oracle}: ${report.violation.message}`);
  if (report.verdict === 'violation' || report.verdict === 'liveness') say(`  a shorter story: vouch sim shrink${argument}`);
  print(`vouch sim replay${argument}`);
}

/** The resolved knobs on one line. */
function describeKnobs(knobs: Knobs): string {
  const faults = Object.entries(knobs.faults).map(([kind, weight]) => `${kind}=${weight === 0 ? 'off' : weight}`);
  const { faults: _, ...others } = knobs;
  return `knobs ${JSON.stringify(others)} faults ${faults.join(',') || 'none drawn'}`;
}
