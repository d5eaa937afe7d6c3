/** `vouch sim swarm`: many seeds on all cores. Ctrl-C keeps what was done so far. */
import type { Command } from 'commander';
import { pool, summaries } from '../../sim/measure/measures.ts';
import { GENERIC } from '../../sim/run.ts';
import type { SwarmPlan, SwarmReport } from '../../sim/swarm.ts';
import { packageVersion } from '../version.ts';
import { Corpus } from './corpus.ts';
import { csvRows, printTable, writeCsv } from './measure-output.ts';
import { print, printJson, say } from './output.ts';
import { Afterwards, demandRegular, demandWritable } from './output-file.ts';
import { exitCodeOfCampaign, runCampaign, type SeedFlags, type SeedOrder, seedOrder } from './seed-campaign.ts';
import { addMeasureOptions, addSharedOptions, planFlags, planOf, type RunPlan, type SharedFlags, setOf } from './sim-options.ts';

interface SwarmFlags extends SharedFlags, SeedFlags {
  readonly corpus?: string;
  readonly rows?: boolean;
}

const SEEDS_DEFAULT = 100;
/** More missed marks than this are counted only; `--json` names all. */
const MISSED_SHOWN_MAX = 20;

export function addSimSwarmCommand(sim: Command): void {
  const command = addSharedOptions(sim.command('swarm').description('run many seeds: --from, --from + 1, …'));
  addMeasureOptions(command)
    .option('--from <seed>', 'the first seed, a number', '1')
    .option('--seeds <n>', `how many seeds (default: ${SEEDS_DEFAULT}, or as many as the budget allows)`)
    .option('--budget <duration>', 'start no new seed after this much real time: 10m')
    .option('--jobs <n>', 'seeds run at the same time (default: one per core)')
    .option('--shard <i/n>', 'only every n-th seed, beginning with the i-th: for CI matrices; see `vouch sim merge`')
    .option('--corpus <file>', 'run the seeds that failed before first, and add those that fail now')
    .option('--rows', 'list the trace hash of every seed in the JSON')
    .addHelpText('after', '\nExample:\n  vouch sim swarm --seeds 300 --json')
    .action(swarm);
}

async function swarm(name: string | undefined, flags: SwarmFlags): Promise<void> {
  const plan = planOf(name, flags);
  const order = seedOrder(flags, SEEDS_DEFAULT);
  demandWritable(flags.csv, flags.corpus);
  demandRegular(flags.corpus);
  const corpus = flags.corpus === undefined ? undefined : new Corpus(flags.corpus, planFlags(plan).trim());
  const afterwards = new Afterwards();
  let keeps = corpus !== undefined;
  const result = await runCampaign(plan, order, {
    label: '',
    first: corpus?.seeds(order.shard, order.shards) ?? [],
    onDone: (done) => {
      if (keeps) keeps = afterwards.try(() => corpus?.note(done));
    },
  });
  process.exitCode = exitCodeOfCampaign(result);
  if (result.failure !== undefined && result.tally.seeds === 0) throw result.failure;
  const samples = pool(result.measured.map((row) => row.samples));
  const report = result.tally.report(result.wallMs, {
    plan: swarmPlan(plan, order),
    rows: flags.rows === true,
    interrupted: result.interrupted,
    ...(plan.measure.length > 0 ? { measures: summaries(samples, plan.measure) } : {}),
  });
  if (result.failure !== undefined) afterwards.add(result.failure);
  if (flags.csv !== undefined) {
    const { csv } = flags;
    const set = setOf(plan);
    const rows = result.measured.flatMap((row) => csvRows({ scenario: plan.scenario || GENERIC, set, ...row }, plan.measure));
    afterwards.try(() => writeCsv(csv, rows));
  }
  tellAll(report, flags.json === true);
  afterwards.tell();
}

function tellAll(report: SwarmReport, json: boolean): void {
  if (json) return printJson(report);
  tell(report);
  if (report.measures !== undefined) printTable(report.measures);
  const first = report.failed[0];
  if (first !== undefined) print(first.replay);
}

function swarmPlan(plan: RunPlan, order: SeedOrder): SwarmPlan {
  return {
    version: packageVersion(),
    command: planFlags(plan).trim(),
    from: order.from,
    seeds: Number.isFinite(order.count) ? order.count : null,
    shard: order.shard,
    shards: order.shards,
  };
}

/** All but the command that replays the first failure, which comes last. */
export function tell(report: SwarmReport): void {
  const { ops, faults } = report;
  if (report.interrupted === true) print(`interrupted after ${report.seeds} seeds; this is what they say`);
  print(`${report.seeds} seeds: ${report.passed} passed, ${report.failed.length} failed`);
  print(
    `  ${report.events} events, ${report.elections} elections, operations ${ops.ok} ok, ${ops.fail} failed, ${ops.info} unknown`,
  );
  print(
    `  faults: ${
      Object.entries(faults)
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', ') || 'none'
    }`,
  );
  const { hit, total, missed } = report.marks;
  if (total > 0)
    print(
      `  marks: ${hit} of ${total}${missed.length > 0 && missed.length <= MISSED_SHOWN_MAX ? `, missed: ${missed.join(', ')}` : ''}`,
    );
  if (report.reach !== undefined) print(`  ${report.reach.words} in ${shareOf(report.reach.seeds, report.seeds)}`);
  print(`  ${report.eventsPerSecond} events a second, ${report.seedsPerMinute} seeds a minute`);
  for (const { seed, violation } of report.failed) say(`  seed ${seed}: ${violation.oracle}: ${violation.message}`);
}

function shareOf(part: number, whole: number): string {
  return `${part} of ${whole} seeds (${Math.round((100 * part) / Math.max(whole, 1))}%)`;
}
