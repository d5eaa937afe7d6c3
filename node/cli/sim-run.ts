/** `vouch sim run`: one seed, told in a few lines or as one JSON object. */
import type { Command } from 'commander';
import type { Knobs } from '../../sim/knobs.ts';
import { type Summaries, summaries } from '../../sim/measure/measures.ts';
import { exitCodeOf, type RunReport, type RunResult } from '../../sim/result.ts';
import { usageFailure } from './failure.ts';
import { csvRows, printTable, writeCsv } from './measure-output.ts';
import { print, printJson, say } from './output.ts';
import {
  addMeasureOptions,
  addSharedOptions,
  planFlags,
  planOf,
  planOptions,
  type RunPlan,
  type SharedFlags,
  setOf,
} from './sim-options.ts';
import { writeStoryPage } from './story-page.ts';
import { runLogged, scenarioFileOf, writeTapeFile } from './tape-source.ts';

interface RunFlags extends SharedFlags {
  readonly html?: string;
  readonly seed: string;
  readonly tape?: string;
}

export const HTML_HELP: string = 'write the story of the run to one offline page';

export function addSimRunCommand(sim: Command): void {
  addMeasureOptions(addSharedOptions(sim.command('run').description('run one seed')))
    .option('--seed <text>', 'the seed', '1')
    .option('--tape <file>', 'write every choice of the run to a file that `replay` takes')
    .option('--html <file>', HTML_HELP)
    .addHelpText('after', '\nExample:\n  vouch sim run split-brain --seed 7 --json')
    .action(run);
}

async function run(name: string | undefined, flags: RunFlags): Promise<void> {
  await execute(planOf(name, flags), flags.seed, flags);
}

async function execute(plan: RunPlan, seed: string, flags: RunFlags): Promise<void> {
  const { result, log } = runLogged({
    ...planOptions(plan, seed),
    record: flags.tape !== undefined,
    story: flags.html !== undefined,
    onKnobs: (knobs) => {
      if (flags.json !== true) print(describeKnobs(knobs));
    },
  });
  if (flags.tape !== undefined) writeTapeFile(flags.tape, result, log);
  await writeStory(flags.html, result, `vouch sim replay${planFlags(plan)} ${seed}`);
  const argument = flags.tape === undefined ? `${planFlags(plan)} ${seed}` : `${scenarioFileOf(plan)} ${flags.tape}`;
  const { samples } = result;
  if (samples === undefined) return tell(result.report, argument, flags.json === true);
  if (flags.csv !== undefined)
    writeCsv(flags.csv, csvRows({ scenario: result.report.scenario, set: setOf(plan), seed, samples }, plan.measure));
  tell({ ...result.report, measures: summaries(samples, plan.measure) }, argument, flags.json === true);
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
  return `knobs ${JSON.stringify(others)} faults ${faults.join(',') || 'none'}`;
}
