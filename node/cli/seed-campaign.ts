/** Many seeds of one plan, on all cores, with a budget, a shard, progress, and a Ctrl-C that keeps what was done. */
import { availableParallelism } from 'node:os';
import type { Samples } from '../../sim/measure/measures.ts';
import { SwarmTally } from '../../sim/swarm.ts';
import { type CliFailure, EXIT_INTERRUPTED, usageFailure } from './failure.ts';
import { say } from './output.ts';
import { Progress } from './progress.ts';
import { durationMs, planFlags, type RunPlan, wholeNumber } from './sim-options.ts';
import { type SeedDone, SeedPool } from './sim-pool.ts';

/** As commander parses them. */
export interface SeedFlags {
  readonly from: string;
  readonly seeds?: string;
  readonly budget?: string;
  readonly jobs?: string;
  readonly shard?: string;
}

/** Which seeds: from, from + 1, … in all shards together; this shard takes every `shards`-th. */
export interface SeedOrder {
  readonly from: number;
  /** Infinity = as many as the budget allows. */
  readonly count: number;
  readonly budgetMs: number;
  readonly jobs: number;
  readonly shard: number;
  readonly shards: number;
}

export interface CampaignResult {
  readonly tally: SwarmTally;
  /** One per seed that was measured, in order of seeds. */
  readonly measured: readonly { readonly seed: string; readonly samples: Samples }[];
  /** Not all seeds were run: Ctrl-C came, or a seed could not be run. */
  readonly interrupted: boolean;
  /** Why a seed could not be run; the caller says it after what is known. */
  readonly failure: CliFailure | undefined;
  readonly wallMs: number;
}

const SEEDS_MAX = 100_000_000;
const JOBS_MAX = 256;

export function seedOrder(flags: SeedFlags, seedsDefault: number): SeedOrder {
  const unlimited = flags.budget === undefined ? seedsDefault : Number.POSITIVE_INFINITY;
  const order = {
    from: flags.from === '0' ? 0 : wholeNumber(flags.from, '--from', SEEDS_MAX),
    count: flags.seeds === undefined ? unlimited : wholeNumber(flags.seeds, '--seeds', SEEDS_MAX),
    budgetMs: flags.budget === undefined ? Number.POSITIVE_INFINITY : durationMs(flags.budget, '--budget'),
    jobs: flags.jobs === undefined ? availableParallelism() : wholeNumber(flags.jobs, '--jobs', JOBS_MAX),
    ...shardOf(flags.shard),
  };
  if (order.shard > order.count)
    throw usageFailure(
      `--shard ${order.shard}/${order.shards} holds no seed: there are ${order.count} seeds. Use fewer shards, or raise --seeds.`,
    );
  return order;
}

function shardOf(text: string | undefined): { readonly shard: number; readonly shards: number } {
  if (text === undefined) return { shard: 1, shards: 1 };
  const match = /^([0-9]{1,6})\/([0-9]{1,6})$/.exec(text);
  const shard = Number(match?.[1]);
  const shards = Number(match?.[2]);
  if (match === null || shard < 1 || shard > shards) throw usageFailure(`--shard is i/n with 1 <= i <= n, not "${text}".`);
  return { shard, shards };
}

/** Runs the seeds. @param first seeds to run before all others, each once. @param onDone told of every seed as it ends. */
export async function runCampaign(
  plan: RunPlan,
  order: SeedOrder,
  options: { readonly label: string; readonly first: readonly string[]; readonly onDone: (done: SeedDone) => void },
): Promise<CampaignResult> {
  const started = performance.now();
  const tally = new SwarmTally((seed) => `vouch sim replay${planFlags(plan)} ${seed}`);
  const source = new Seeds(order, options.first);
  const progress = new Progress(tally, options.first.length + Math.ceil(order.count / order.shards), options.label);
  const measured: { readonly seed: string; readonly samples: Samples }[] = [];
  let interrupted = false;
  let failure: CliFailure | undefined;
  const pool = new SeedPool(plan, order.jobs, {
    next: () => (interrupted || performance.now() - started > order.budgetMs ? undefined : source.next()),
    done: (done) => {
      tally.add(done.report, done.marks);
      if (done.samples !== undefined) measured.push({ seed: done.report.seed, samples: done.samples });
      options.onDone(done);
      progress.show();
    },
    failed: (reason) => {
      failure ??= reason;
      interrupted = true;
    },
  });
  const interrupt = (): void => {
    if (interrupted) return pool.stop();
    interrupted = true;
    say('stopping: seeds under way are finished first; Ctrl-C again to give them up');
  };
  process.on('SIGINT', interrupt);
  await pool.run();
  process.off('SIGINT', interrupt);
  progress.end();
  measured.sort((a, b) => Number(a.seed) - Number(b.seed));
  return { tally, measured, interrupted, failure, wallMs: performance.now() - started };
}

/** Failures count more than the interruption: the worst of what was finished, or 130. */
export function exitCodeOfCampaign({ tally, interrupted }: CampaignResult): number {
  return tally.exitCode === 0 && interrupted ? EXIT_INTERRUPTED : tally.exitCode;
}

/** The seeds of an order, one after another. */
class Seeds {
  private readonly first: string[];
  private readonly taken: ReadonlySet<string>;
  private readonly order: SeedOrder;
  private upcoming: number;

  constructor(order: SeedOrder, first: readonly string[]) {
    this.first = [...first];
    this.taken = new Set(first);
    this.order = order;
    this.upcoming = order.from + order.shard - 1;
  }

  next(): string | undefined {
    const early = this.first.shift();
    if (early !== undefined) return early;
    while (this.upcoming < this.order.from + this.order.count) {
      const seed = String(this.upcoming);
      this.upcoming += this.order.shards;
      if (!this.taken.has(seed)) return seed;
    }
    return undefined;
  }
}
