/** `npm run torture`: see USAGE in plan.ts. Loaded by node/launch/torture.mjs, which builds first. */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../core/random.ts';
import { connect } from '../../net/client/client.ts';
import type { Vault } from '../../net/client/vault.ts';
import { blockOf } from '../demo/audit.ts';
import type { ChildNode } from '../local/child-node.ts';
import { LocalCluster, LocalClusterError } from '../local/local-cluster.ts';
import { Damages } from './damages.ts';
import { Journal } from './journal.ts';
import { BINARY, lag, Nodes, pause, Stuck } from './nodes.ts';
import { Exit, type Plan, planOf, USAGE } from './plan.ts';
import { recordingTo, replayTapes } from './tapes.ts';
import { Writers } from './writers.ts';

const NODES = 3;
const VAULTS = 3;
const DATA_GROUPS = 2;
const PORT_MIN = 20_000;
const PORTS = 10_000;
/** Rounds of one cycle, in an order that is drawn anew for each. */
const ROUNDS = ['all', 'all', 'all', 'two', 'one', 'one', 'one', 'damage', 'damage', 'damage', 'damage'] as const;
/** Between two rounds at most: what is killed then works, or still comes up. */
const GAP_MS = 400;
const AGAIN_MS = 1_200;
/** Writes over the floor, spread evenly over the time. */
const WRITES_MARGIN = 1.2;
const SERVED_ALWAYS = 500;
/** At least: so that what waits for writes does not wait long. */
const WRITES_A_MINUTE = 6_000;

interface Verdict {
  readonly lost: readonly string[];
  readonly unequal: readonly string[];
}

class Torture {
  private readonly plan: Plan;
  private readonly journal: Journal;
  private readonly random: Random;
  private readonly cluster: LocalCluster;
  private nodes: Nodes | undefined = undefined;
  private damages: Damages | undefined = undefined;
  private writers: Writers | undefined = undefined;
  private clusterKills: number = 0;

  constructor(plan: Plan, directory: string) {
    this.plan = plan;
    this.journal = new Journal(plan.journal ?? join(directory, 'torture.jsonl'));
    const { seed } = plan;
    this.random = Random.stream([seed, seed, seed, seed], 'torture');
    const port = plan.port ?? PORT_MIN + randomInt(PORTS);
    const environment = recordingTo(plan.record);
    this.cluster = new LocalCluster({ binary: BINARY, directory, nodes: NODES, port, groups: DATA_GROUPS, environment });
  }

  async run(): Promise<Verdict> {
    await this.cluster.up();
    const nodes = new Nodes(this.cluster.nodes, this.random, this.journal);
    const damages = new Damages(nodes, this.random, this.journal);
    this.nodes = nodes;
    this.damages = damages;
    const client = await connect({ endpoints: nodes.all.map((node) => node.options.address), organization: 'default' });
    const vaults: Vault[] = [];
    for (let i = 0; i < VAULTS; i += 1) vaults.push(await client.createVault(`torture-${i}`));
    const since = performance.now();
    const millis = this.plan.minutes * 60_000;
    const until = since + millis;
    const wanted = Math.max(this.plan.floors.writes * WRITES_MARGIN, this.plan.minutes * WRITES_A_MINUTE);
    const isAhead = (): boolean =>
      writers.acknowledged > SERVED_ALWAYS + wanted * Math.min((performance.now() - since) / millis, 1);
    const writers = new Writers(vaults, isAhead);
    this.writers = writers;
    writers.start();
    let cycle: (typeof ROUNDS)[number][] = [];
    while (performance.now() < until && !(this.plan.stopsAtFloors && this.short().length === 0)) {
      if (cycle.length === 0) cycle = this.shuffled();
      await this.round(cycle.pop() as (typeof ROUNDS)[number], nodes, damages);
      await pause(this.random.below(GAP_MS));
    }
    await nodes.back();
    await writers.stop();
    this.journal.note('writes are over', { acknowledged: writers.acknowledged });
    const verdict = await this.judge(nodes, writers, vaults);
    await client.close();
    return verdict;
  }

  private shuffled(): (typeof ROUNDS)[number][] {
    const rounds = [...ROUNDS];
    for (let i = rounds.length - 1; i > 0; i -= 1) {
      const j = this.random.below(i + 1);
      [rounds[i], rounds[j]] = [rounds[j] as (typeof ROUNDS)[number], rounds[i] as (typeof ROUNDS)[number]];
    }
    return rounds;
  }

  private async round(kind: (typeof ROUNDS)[number], nodes: Nodes, damages: Damages): Promise<void> {
    const first = this.random.below(NODES);
    if (kind === 'damage') return damages.inflict(nodes.all[first] as ChildNode);
    const count = kind === 'all' ? NODES : kind === 'two' ? 2 : 1;
    const victims = nodes.all.map((_, i) => nodes.all[(first + i) % NODES] as ChildNode).slice(0, count);
    // In a third of the rounds they die again before they are up: recovery is interrupted, too.
    for (let deaths = this.random.below(3) === 0 ? 2 : 1; deaths > 0; deaths -= 1) {
      if (count === NODES && victims.every((node) => node.running)) this.clusterKills += 1;
      await nodes.kill(victims);
      for (const node of victims) nodes.start(node);
      if (deaths > 1) await pause(this.random.below(AGAIN_MS));
    }
    await nodes.serves(() => this.writers?.acknowledged ?? 0);
  }

  /** Everything runs, nothing is written: what is there? */
  private async judge(nodes: Nodes, writers: Writers, vaults: readonly Vault[]): Promise<Verdict> {
    const ends = await nodes.ends(nodes.all);
    for (const node of nodes.all) {
      await nodes.until(`${node.options.name} has applied everything`, async () => lag(await nodes.status(node), ends));
    }
    const lost = [...(await writers.lost())];
    if (writers.refused !== undefined) lost.push(`a write was refused: ${writers.refused}`);
    const unequal: string[] = [];
    for (const { entry } of vaults) {
      const blocks = await Promise.all(nodes.all.map((node) => blockOf(node.url, entry.id, 'latest')));
      const texts = blocks.map(
        ({ height, block_hash, state_root, tree_root }) => `${height} ${block_hash} ${state_root} ${tree_root}`,
      );
      if (new Set(texts).size !== 1) unequal.push(`${entry.name}: ${texts.join(' | ')}`);
    }
    for (const each of lost) this.journal.note('lost', { what: each });
    for (const each of unequal) this.journal.note('unequal', { what: each });
    return { lost, unequal };
  }

  async end(): Promise<void> {
    await this.writers?.stop().catch(() => undefined);
    await this.cluster.down();
  }

  figures(): Record<string, number> {
    const { nodes, damages, writers } = this;
    return {
      seconds: Math.round(this.journal.milliseconds / 1000),
      kills: nodes?.kills ?? 0,
      powerCuts: nodes?.powerCuts ?? 0,
      clusterKills: this.clusterKills,
      acknowledgedWrites: writers?.acknowledged ?? 0,
      unansweredWrites: writers?.unanswered ?? 0,
      keys: writers?.keys ?? 0,
      damages: damages?.total ?? 0,
      repaired: damages?.repaired ?? 0,
      refused: damages?.refused ?? 0,
      absorbed: damages?.absorbed ?? 0,
    };
  }

  /** Floors that were not reached, in words. */
  short(): readonly string[] {
    const { floors } = this.plan;
    const { kills = 0, clusterKills = 0, acknowledgedWrites = 0, damages = 0 } = this.figures();
    const pairs: readonly [string, number, number][] = [
      ['kills', kills, floors.kills],
      ['kills of the whole cluster', clusterKills, floors.clusterKills],
      ['acknowledged writes', acknowledgedWrites, floors.writes],
      ['damages', damages, floors.damages],
    ];
    return pairs.filter(([, has, floor]) => has < floor).map(([what, has, floor]) => `${has} ${what} of at least ${floor}`);
  }
}

async function main(): Promise<number> {
  const plan = planOf(process.argv.slice(2), randomInt(2 ** 31));
  if (plan === undefined) {
    console.log(USAGE);
    return Exit.pass;
  }
  if (typeof plan === 'string') {
    console.error(`${plan}\n${USAGE}`);
    return Exit.usage;
  }
  const directory = plan.directory ?? mkdtempSync(join(tmpdir(), 'vouch-torture-'));
  console.log(`seed ${plan.seed}, ${plan.minutes} minutes, data in ${directory}`);
  const torture = new Torture(plan, directory);
  let status: number = Exit.stuck;
  let words = '';
  try {
    const { lost, unequal } = await torture.run();
    const short = torture.short();
    for (const line of [...lost, ...unequal, ...short]) console.log(line);
    status = lost.length + unequal.length > 0 ? Exit.lost : short.length > 0 ? Exit.short : Exit.pass;
    words = `lost ${lost.length}, unequal vaults ${unequal.length}, `;
  } catch (error) {
    if (!(error instanceof Stuck || error instanceof LocalClusterError)) throw error;
    console.log(error.message);
  } finally {
    await torture.end();
  }
  if (plan.record !== undefined) {
    const { tapes, equal, inputs, complaints } = replayTapes(plan.record);
    for (const line of complaints) console.log(line);
    words += `tapes ${tapes}, of them equal ${equal}, recorded inputs ${inputs}, `;
    if (equal !== tapes || tapes === 0) status = Exit.lost;
  }
  if (status === Exit.pass && plan.directory === undefined) rmSync(directory, { recursive: true, force: true });
  const figures = Object.entries(torture.figures()).map(([name, count]) => `${name} ${count}`);
  console.log(`${status === Exit.pass ? 'passed' : 'FAILED'}: ${words}${figures.join(', ')}, seed ${plan.seed}`);
  return status;
}

process.exit(await main());
