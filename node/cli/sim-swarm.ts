/** `vouch sim swarm`: many seeds on all cores. Ctrl-C keeps what was done so far. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { type SwarmReport, SwarmTally } from '../../sim/swarm.ts';
import { usageFailure } from './failure.ts';
import { print, printJson, say } from './output.ts';
import { addSharedOptions, durationMs, planFlags, planOf, type SharedFlags, wholeNumber } from './sim-options.ts';
import { SeedPool } from './sim-pool.ts';

interface SwarmFlags extends SharedFlags {
  readonly from: string;
  readonly seeds?: string;
  readonly budget?: string;
  readonly jobs?: string;
  readonly shard?: string;
  readonly rows?: boolean;
}

const SEEDS_MAX = 100_000_000;
const SEEDS_DEFAULT = 100;
const JOBS_MAX = 256;
const PROGRESS_MS = 500;
/** More missed marks than this are counted only; `--json` names all. */
const MISSED_SHOWN_MAX = 20;

export function addSimSwarmCommand(sim: Command): void {
  addSharedOptions(sim.command('swarm').description('run many seeds: --from, --from + 1, …'))
    .option('--from <seed>', 'the first seed, a number', '1')
    .option('--seeds <n>', `how many seeds (default: ${SEEDS_DEFAULT}, or as many as the budget allows)`)
    .option('--budget <duration>', 'start no new seed after this much real time: 10m')
    .option('--jobs <n>', 'seeds run at the same time (default: one per core)')
    .option('--shard <i/n>', 'only every n-th seed, beginning with the i-th: for CI matrices')
    .option('--rows', 'list the trace hash of every seed in the JSON')
    .addHelpText('after', '\nExample:\n  vouch sim swarm --seeds 300 --json')
    .action(swarm);
}

async function swarm(name: string | undefined, flags: SwarmFlags): Promise<void> {
  const plan = planOf(name, flags);
  const from = flags.from === '0' ? 0 : wholeNumber(flags.from, '--from', SEEDS_MAX);
  const budgetMs = flags.budget === undefined ? Number.POSITIVE_INFINITY : durationMs(flags.budget, '--budget');
  const unlimited = flags.budget === undefined ? SEEDS_DEFAULT : SEEDS_MAX;
  const count = flags.seeds === undefined ? unlimited : wholeNumber(flags.seeds, '--seeds', SEEDS_MAX);
  const jobs = flags.jobs === undefined ? availableParallelism() : wholeNumber(flags.jobs, '--jobs', JOBS_MAX);
  const shard = shardOf(flags.shard);
  const started = performance.now();
  const tally = new SwarmTally((seed) => `vouch sim replay${planFlags(plan)} ${seed}`);
  const progress = new Progress(tally, count);
  let next = from + shard.index - 1;
  let interrupted = false;
  const pool = new SeedPool(plan, jobs, {
    next: () => {
      if (interrupted || next >= from + count || performance.now() - started > budgetMs) return undefined;
      const seed = String(next);
      next += shard.count;
      return seed;
    },
    done: (report, marks) => {
      tally.add(report, marks);
      progress.show();
    },
  });
  const interrupt = (): void => {
    if (interrupted) process.exit(130);
    interrupted = true;
    say('stopping: seeds under way are finished first; Ctrl-C again to leave at once');
  };
  process.on('SIGINT', interrupt);
  await pool.run();
  process.off('SIGINT', interrupt);
  progress.end();
  process.exitCode = tally.exitCode;
  const report = tally.report(performance.now() - started, { rows: flags.rows === true });
  if (flags.json === true) printJson(report);
  else tell(report);
}

function shardOf(text: string | undefined): { readonly index: number; readonly count: number } {
  if (text === undefined) return { index: 1, count: 1 };
  const match = /^([0-9]{1,6})\/([0-9]{1,6})$/.exec(text);
  const index = Number(match?.[1]);
  const count = Number(match?.[2]);
  if (match === null || index < 1 || index > count) throw usageFailure(`--shard is i/n with 1 <= i <= n, not "${text}".`);
  return { index, count };
}

function tell(report: SwarmReport): void {
  const { ops, faults } = report;
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
  print(
    `  marks: ${hit} of ${total}${missed.length > 0 && missed.length <= MISSED_SHOWN_MAX ? `, missed: ${missed.join(', ')}` : ''}`,
  );
  print(`  ${report.eventsPerSecond} events a second, ${report.seedsPerMinute} seeds a minute`);
  for (const { seed, violation } of report.failed) say(`  seed ${seed}: ${violation.oracle}: ${violation.message}`);
  const first = report.failed[0];
  if (first !== undefined) print(first.replay);
}

/** One line that is written over again; nothing at all where stderr is not a terminal. */
class Progress {
  private readonly tally: SwarmTally;
  private readonly count: number;
  private readonly started: number = performance.now();
  private shownAt: number = 0;

  constructor(tally: SwarmTally, count: number) {
    this.tally = tally;
    this.count = count;
  }

  show(): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.shownAt < PROGRESS_MS) return;
    this.shownAt = now;
    const { seeds, failures, faultCount } = this.tally;
    const rate = (seeds * 1000) / (now - this.started);
    const left = this.count < SEEDS_MAX ? `, ${Math.ceil((this.count - seeds) / rate)} s left` : '';
    process.stderr.write(
      `\r\u001b[K${seeds} seeds, ${failures} failed, ${faultCount} faults, ${Math.round(rate * 60)} seeds a minute${left}`,
    );
  }

  end(): void {
    if (process.stderr.isTTY && this.shownAt > 0) process.stderr.write('\r\u001b[K');
  }
}
