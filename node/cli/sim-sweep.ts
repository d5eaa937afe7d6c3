/** `vouch sim sweep`: an experiment. The same seeds under every value of a parameter, and one table per value. */
import type { Command } from 'commander';
import { MEASURES, pool, type Summaries, summaries } from '../../sim/measure/measures.ts';
import { GENERIC } from '../../sim/run.ts';
import type { SwarmFailure } from '../../sim/swarm.ts';
import { type CliFailure, usageFailure } from './failure.ts';
import { csvRows, printTable, writeCsv } from './measure-output.ts';
import { print, printJson, say } from './output.ts';
import { Afterwards, demandWritable } from './output-file.ts';
import { exitCodeOfCampaign, runCampaign, type SeedFlags, type SeedOrder, seedOrder } from './seed-campaign.ts';
import { addMeasureOptions, addSharedOptions, planOf, type RunPlan, type SharedFlags } from './sim-options.ts';

interface SweepFlags extends SharedFlags, SeedFlags {
  readonly set?: string;
}

/** What one value of the parameter gave. */
interface Row {
  readonly set: string;
  readonly seeds: number;
  readonly passed: number;
  readonly failed: readonly SwarmFailure[];
  readonly interrupted: boolean;
  readonly exitCode: number;
  readonly failure: CliFailure | undefined;
  readonly measures: Summaries;
  readonly csv: readonly string[];
}

const SEEDS_DEFAULT = 20;
/** Values of all parameters multiplied with each other. */
const POINTS_MAX = 100;

export function addSimSweepCommand(sim: Command): void {
  const command = addSharedOptions(sim.command('sweep').description('an experiment: one table per value of --set K=A,B,C'));
  addMeasureOptions(command)
    .option('--from <seed>', 'the first seed, a number', '1')
    .option('--seeds <n>', 'seeds per value', String(SEEDS_DEFAULT))
    .option('--jobs <n>', 'seeds run at the same time (default: one per core)')
    .addHelpText(
      'after',
      '\nExample:\n  vouch sim sweep leader-crash-loop --set electionTimeoutMs=100..200,300..600 --measure failover --csv out.csv',
    )
    .action(sweep);
}

async function sweep(name: string | undefined, flags: SweepFlags): Promise<void> {
  if (flags.set === undefined) throw usageFailure('sweep wants --set with the values to compare: --set batchMax=1,10,100.');
  const order = seedOrder(flags, SEEDS_DEFAULT);
  const measured = { ...flags, measure: flags.measure ?? MEASURES.join(',') };
  // All command lines are checked before the first run.
  const plans = points(flags.set).map((set) => ({ set, plan: planOf(name, { ...measured, set }) }));
  demandWritable(flags.csv);
  const afterwards = new Afterwards();
  const rows: Row[] = [];
  for (const { set, plan } of plans) {
    const row = await runPoint(set, plan, order);
    rows.push(row);
    if (row.failure !== undefined) afterwards.add(row.failure);
    if (flags.json !== true) tell(row);
    if (row.interrupted) break;
  }
  process.exitCode = worst(rows);
  const { csv: file } = flags;
  const lines = rows.flatMap(({ csv }) => csv);
  if (file !== undefined) afterwards.try(() => writeCsv(file, lines));
  if (flags.json === true) {
    const tables = rows.map(({ csv: _, exitCode: __, failure: ___, ...table }) => table);
    printJson({ scenario: name ?? GENERIC, from: order.from, seeds: order.count, tables });
  }
  afterwards.tell();
}

async function runPoint(set: string, plan: RunPlan, order: SeedOrder): Promise<Row> {
  const result = await runCampaign(plan, order, { label: `${set}: `, first: [], onDone: () => undefined });
  if (result.failure !== undefined && result.tally.seeds === 0) throw result.failure;
  const samples = pool(result.measured.map((row) => row.samples));
  const swarm = { version: '', command: '', from: order.from, seeds: order.count, shard: 1, shards: 1 };
  const report = result.tally.report(result.wallMs, { plan: swarm, rows: false, interrupted: result.interrupted });
  return {
    set,
    seeds: report.seeds,
    passed: report.passed,
    failed: report.failed,
    interrupted: result.interrupted,
    exitCode: exitCodeOfCampaign(result),
    failure: result.failure,
    measures: summaries(samples, plan.measure),
    csv: result.measured.flatMap((row) => csvRows({ scenario: plan.scenario || GENERIC, set, ...row }, plan.measure)),
  };
}

function tell(row: Row): void {
  print(`${row.set}: ${row.seeds} seeds, ${row.passed} passed${row.interrupted ? ', interrupted' : ''}`);
  printTable(row.measures);
  for (const { seed, violation, replay } of row.failed)
    say(`  seed ${seed}: ${violation.oracle}: ${violation.message}\n  ${replay}`);
}

/** Safety before liveness before what proves nothing, then the interruption. */
function worst(rows: readonly Row[]): number {
  return [1, 3, 4, 5, 130].find((code) => rows.some(({ exitCode }) => exitCode === code)) ?? 0;
}

/** a=1,2,b=3 gives a=1,b=3 and a=2,b=3: every combination of the values. */
export function points(text: string): readonly string[] {
  const knobs: { readonly name: string; readonly values: string[] }[] = [];
  for (const part of text.split(',')) {
    const [name, value] = part.split('=', 2);
    if (value !== undefined) knobs.push({ name: (name as string).trim(), values: [value.trim()] });
    else if (knobs.length === 0) throw usageFailure(`--set is K=A,B,C, not "${text}".`);
    else knobs.at(-1)?.values.push(part.trim());
  }
  const all = knobs.reduce<readonly string[]>(
    (sets, { name, values }) => sets.flatMap((set) => values.map((value) => `${set}${set === '' ? '' : ','}${name}=${value}`)),
    [''],
  );
  if (all.length > POINTS_MAX) throw usageFailure(`--set gives ${all.length} combinations; ${POINTS_MAX} are the most.`);
  return all;
}
