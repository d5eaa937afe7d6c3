/**
 * One scenario on real processes: the phases of a simulated run (sim/run.ts) with a cluster instead of a world. Set up, work under faults, calm
 * down with a quorum alone, lose all power, read everything again, judge. The seed draws what it draws there; how long things take, it does not.
 */
import { ELECTION_TIMEOUT_MIN_MICROS } from '../../../core/limits.ts';
import { demandSubstance } from '../../../sim/check/substance.ts';
import { type Failure, failureOf } from '../../../sim/failure.ts';
import { FaultCounts, type FaultKind } from '../../../sim/faults/counts.ts';
import { drawOrder } from '../../../sim/faults/fault.ts';
import { Nemesis } from '../../../sim/faults/nemesis.ts';
import { actorCountOf, type Knobs, nemesisKnobs, possibleFaults } from '../../../sim/knobs.ts';
import { Violation } from '../../../sim/observer.ts';
import type { Scenario } from '../../../sim/scenario.ts';
import { StoryBook } from '../../../sim/story.ts';
import type { Choices } from '../../../sim/tape.ts';
import { BriefVaults } from '../../../sim/workload/brief-vaults.ts';
import type { Behaviour } from '../../../sim/workload/client.ts';
import { History } from '../../../sim/workload/history.ts';
import { Housekeeper } from '../../../sim/workload/housekeeper.ts';
import type { Layout } from '../../../sim/workload/layout.ts';
import { LedgerBehaviour, type LedgerContext } from '../../../sim/workload/ledger.ts';
import { nativeHasher } from '../../hasher.ts';
import { NotThere, RealCluster } from '../../real/real-cluster.ts';
import type { RealNode } from '../../real/real-node.ts';
import { Wires } from '../../real/wires.ts';
import { readChains } from './chains.ts';
import { isPlayed, NotPlayed, withCounterparts } from './counterparts.ts';
import { RealClient } from './real-client.ts';
import { NO_FATAL, RealOracles } from './real-oracles.ts';
import { realStory } from './real-story.ts';
import { RealTarget } from './real-target.ts';

export interface RealRunOptions {
  readonly scenario: Scenario | undefined;
  /** As realKnobs left them. */
  readonly knobs: Knobs;
  readonly choices: Choices;
  readonly without: readonly string[];
  /** How long clients work under faults, milliseconds. */
  readonly workMs: number;
  readonly directory: string;
  /** What runs as a node. */
  readonly binary: string;
  readonly commands: string;
  /** Called with each phase as it begins. */
  readonly onPhase: (phase: string) => void;
}

/** Ctrl-C. */
export class Interrupted extends Error {
  override readonly name: string = 'Interrupted';
}

const SETUP_MS = 60_000;
/** Generous: a busy machine takes ten times as long as an idle one to start five nodes. */
const CALM_MS = 90_000;
const LOOK_MS = 20;
const SEEDS = 2 ** 31;

export class RealRun {
  readonly history: History = new History();
  readonly counts: FaultCounts = new FaultCounts();
  readonly notPlayed: NotPlayed = new NotPlayed();
  readonly oracles: RealOracles;
  /** Real milliseconds in a millisecond of the story. */
  readonly pace: number;
  /** Blocks of all vaults, as node 0 serves them. */
  blocks: number = 0;
  private readonly options: RealRunOptions;
  private readonly startedAt: number = performance.now();
  private readonly wallAtStart: number = Date.now() * 1000;
  private readonly wires: Wires;
  private readonly housekeeper: Housekeeper;
  private readonly broken: Promise<never>;
  private breakOff: (error: unknown) => void = () => undefined;
  private cluster: RealCluster | undefined = undefined;
  private target: RealTarget | undefined = undefined;
  private clients: readonly RealClient[] = [];
  private keeper: RealClient | undefined = undefined;
  private isOpen: () => boolean = () => false;
  private isWorking: boolean = false;
  private isCalm: boolean = false;
  private readonly worked: { from: number; until: number } = { from: 0, until: 0 };
  private calmSince: number = 0;

  constructor(options: RealRunOptions) {
    this.options = options;
    const { knobs, choices, without } = options;
    this.pace = paceOf(knobs);
    this.broken = new Promise((_, reject) => {
      this.breakOff = reject;
    });
    this.broken.catch(() => undefined); // whoever waits hears of it
    this.oracles = new RealOracles(choices.under('proof/mutation'), without);
    this.wires = new Wires({
      endpoints: knobs.nodes + actorCountOf(knobs),
      traits: knobs.link,
      pace: this.pace,
      dice: (from, to) => choices.under(`net/${from}>${to}/relay`),
      happened: (what) => this.counts.add(what),
    });
    this.housekeeper = new Housekeeper({
      vaults: knobs.vaults,
      placed: [],
      keys: knobs.keys,
      history: this.history,
      brief: new BriefVaults({ count: knobs.briefVaults, isOpen: () => this.isWorking }),
      thinkMicros: knobs.thinkMeanMicros,
    });
  }

  get elections(): number {
    return this.cluster?.watch.elections ?? 0;
  }

  /** How long clients worked under faults, milliseconds. */
  get workedMs(): number {
    const { from, until } = this.worked;
    return from === 0 ? 0 : Math.round((until === 0 ? performance.now() : until) - from);
  }

  /** Names of the vaults, in the order of the history's. */
  get vaults(): readonly string[] {
    return this.housekeeper.layout?.vaults.map(({ name }) => name) ?? [];
  }

  /** What was injected, of the kinds that could be. */
  faults(): Readonly<Record<string, number>> {
    const { knobs, scenario } = this.options;
    const kinds = [...possibleFaults(knobs), ...((scenario?.faults ?? []) as readonly FaultKind[])];
    return this.counts.report(kinds.filter(isPlayed));
  }

  interrupt(): void {
    this.breakOff(new Interrupted());
  }

  /** Runs all phases and takes everything down. @returns what went wrong first, if anything did. @throws Interrupted, ScenarioError */
  async execute(): Promise<Failure | undefined> {
    try {
      await this.phases();
      return undefined;
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      const told = error instanceof NotThere ? new Violation('liveness', error.message, 'liveness') : error;
      return failureOf(told);
    } finally {
      await this.takeDown();
    }
  }

  private async phases(): Promise<void> {
    this.enter('the cluster starts');
    const cluster = await this.setUp();
    this.enter('work under faults');
    await this.work(cluster);
    this.enter('the faults stop');
    await this.calmDown(cluster);
    this.enter('power fails everywhere');
    await this.surviveBlackout(cluster);
    this.enter('at rest');
    await this.judge(cluster);
  }

  private async setUp(): Promise<RealCluster> {
    const { knobs, directory, binary, commands, choices } = this.options;
    const lives = choices.under('real/lives');
    const cluster = await RealCluster.make({
      ...{ binary, commands, directory, wires: this.wires },
      nodes: knobs.nodes,
      groups: knobs.dataGroups,
      flags: ['--leases', String(knobs.leases), '--batch-max', String(Math.min(knobs.batchMax, 100))],
      syncMs: Math.round((knobs.diskDelayMeanMicros * this.pace) / 1000),
      drawSeed: () => lives.below(SEEDS),
      events: {
        died: (_node, how) => {
          if (this.isWorking) this.counts.add(how);
        },
        restarted: () => {
          if (this.isWorking) this.counts.add('restart');
        },
        endedByItself: (node, how) => this.objectTo(`node ${node} ended by itself: ${how}`),
        quarantined: (node, group) => this.objectTo(`node ${node} has taken group ${group} out of service; its log says why`),
      },
    });
    this.cluster = cluster;
    await this.during(cluster.up());
    this.keeper = this.client(cluster, 0, 1, this.housekeeper);
    const isDone = this.doneOf(() => this.keeper?.start());
    await this.within(SETUP_MS, 'the vaults were not created', isDone);
    return cluster;
  }

  private async work(cluster: RealCluster): Promise<void> {
    const { knobs, choices, scenario, workMs } = this.options;
    const target = this.targetOf(cluster);
    this.target = target;
    const nemesis = new Nemesis(target, withCounterparts(nemesisKnobs(knobs), this.notPlayed), choices);
    const { watch } = cluster;
    const askForTransfer = (group: Parameters<Housekeeper['planTransfer']>[0], to: number | undefined): void => {
      this.housekeeper.planTransfer(group, to === undefined ? undefined : watch.status(to)?.node);
      this.keeper?.poke();
    };
    const book = new StoryBook({ target, watch, choices, downMax: knobs.downMax, askForTransfer });
    this.openClients(cluster);
    this.worked.from = performance.now();
    const until = this.worked.from + workMs;
    this.isOpen = () => performance.now() < until;
    this.isWorking = true;
    for (const client of this.clients) client.start();
    this.keeper?.poke();
    nemesis.start();
    if (scenario !== undefined) target.perform(() => book.perform('tell', () => scenario.tell(realStory(book, this.notPlayed))));
    await this.during(new Promise((resolve) => setTimeout(resolve, workMs)));
    this.isWorking = false;
    this.worked.until = performance.now();
    target.perform(() => {
      nemesis.stop();
      book.close();
    });
    target.stop();
  }

  /** Faults stop within a quorum and become permanent outside it: now the cluster must work. */
  private async calmDown(cluster: RealCluster): Promise<void> {
    const { knobs, choices } = this.options;
    const { nodes } = cluster;
    this.wires.knobs = { ...knobs.link, loss: 0, duplicate: 0, reorder: 0 };
    const draws = choices.under('liveness/core');
    const order = drawOrder(nodes.length, draws);
    const outside = draws.below(nodes.length - Math.floor(nodes.length / 2));
    const ranked = order.map((index) => nodes[index] as RealNode);
    const core = ranked.slice(outside);
    for (const node of ranked) node.resume();
    for (const node of ranked.slice(0, outside)) node.crash('powerLoss');
    this.calmSince = this.now();
    this.isCalm = true;
    const wanted = this.history.ok + knobs.calmOperations;
    this.isOpen = () => this.history.ok < wanted;
    for (const client of this.clients) client.poke();
    const isDone = (): boolean => {
      // Again and again: a disk's refusal may still have been under way to a node, which then stops after the fault is over.
      for (const node of core) node.restart();
      return !this.isOpen() && this.clients.every((client) => client.idle);
    };
    await this.within(CALM_MS, 'operations did not succeed after the faults stopped', isDone);
  }

  private async surviveBlackout(cluster: RealCluster): Promise<void> {
    for (const node of cluster.nodes) node.crash('powerLoss');
    for (const node of cluster.nodes) node.restart();
    this.housekeeper.planScan();
    const isDone = this.doneOf(() => this.keeper?.poke());
    await this.within(CALM_MS, 'the cluster did not serve reads after the power came back', isDone);
    await this.during(cluster.converged('replicas converge after the power came back', CALM_MS));
  }

  private async judge(cluster: RealCluster): Promise<void> {
    await this.during(Promise.all(this.clients.map((client) => client.stop())));
    this.history.close();
    const { vaults } = this.housekeeper.layout as Layout;
    const chains = await this.during(readChains(cluster.endpoints, vaults));
    this.blocks = (chains[0] ?? []).reduce((sum, blocks) => sum + blocks.length, 0);
    this.oracles.judge(this.history, vaults, chains);
    demandSubstance(this.history, this.calmSince);
    const { scenario } = this.options;
    const injected = Object.values(this.faults()).reduce((sum, count) => sum + count, 0);
    if (scenario !== undefined && scenario.faults.length > 0 && injected === 0)
      throw new Violation('vacuous', 'none of the scenario’s faults happened', 'vacuous');
  }

  private async takeDown(): Promise<void> {
    this.target?.stop(); // else a story that was broken off starts nodes again
    if (this.worked.from > 0 && this.worked.until === 0) this.worked.until = performance.now();
    this.isWorking = false;
    this.isOpen = () => false;
    await Promise.all([...this.clients, ...(this.keeper === undefined ? [] : [this.keeper])].map((client) => client.stop()));
    await this.cluster?.down();
    this.history.close();
  }

  private targetOf(cluster: RealCluster): RealTarget {
    const { knobs } = this.options;
    return new RealTarget({
      cluster,
      wires: this.wires,
      counts: this.counts,
      endpoints: knobs.nodes + actorCountOf(knobs),
      pace: this.pace,
      diskDelayMeanMicros: knobs.diskDelayMeanMicros,
      focus: () => cluster.watch.leaderOf(1 as Parameters<typeof cluster.watch.leaderOf>[0]),
      failed: (error) => this.breakOff(error),
    });
  }

  private openClients(cluster: RealCluster): void {
    const { knobs, choices } = this.options;
    const context: LedgerContext = {
      knobs,
      layout: this.housekeeper.layout as Layout,
      history: this.history,
      hasher: nativeHasher,
      wallAt: (time) => this.wallAtStart + time,
      isOpen: () => this.isOpen(),
      isCalm: () => this.isCalm,
      onAnswer: (asked, vault, answer, when) => this.oracles.answered(asked, vault, answer, when),
      onPruned: (vault) => {
        throw new Violation('retention-kept', `vault ${vault.name} keeps everything, but said that it does not`);
      },
    };
    this.clients = Array.from({ length: knobs.clients }, (_, at) => {
      const behaviour = new LedgerBehaviour(context, at + 1, choices);
      return this.client(cluster, at + 1, knobs.lanes, behaviour);
    });
  }

  /** @param client names its streams of choices; 0 does not die */
  private client(cluster: RealCluster, client: number, lanes: number, behaviour: Behaviour): RealClient {
    const { knobs, choices } = this.options;
    const death = choices.under(`client/${client}/death`);
    return new RealClient({
      endpoint: knobs.nodes + client,
      nodes: cluster.endpoints,
      lanes,
      behaviour,
      now: () => this.now(),
      dies: () => client > 0 && this.isWorking && knobs.clientDeathShare > 0 && death.chance(knobs.clientDeathShare),
      failed: (error) => this.breakOff(error),
    });
  }

  /** Microseconds since the run began, by the clock that never steps. */
  private now(): number {
    return Math.floor((performance.now() - this.startedAt) * 1000);
  }

  private objectTo(fatal: string): void {
    if (!this.options.without.includes(NO_FATAL)) this.breakOff(new Violation(NO_FATAL, fatal));
  }

  private enter(phase: string): void {
    this.options.onPhase(phase);
  }

  /** @returns whether the housekeeper has done what it is now asked for. */
  private doneOf(begin: () => void): () => boolean {
    let isDone = false;
    this.housekeeper.onDone = () => {
      isDone = true;
    };
    begin();
    return () => isDone;
  }

  /** Waits for something, unless the run breaks off before. */
  private during<T>(wait: Promise<T>): Promise<T> {
    return Promise.race([wait, this.broken]);
  }

  private async within(timeoutMs: number, stuck: string, isDone: () => boolean): Promise<void> {
    const until = performance.now() + timeoutMs;
    while (!isDone()) {
      if (performance.now() > until)
        throw new Violation('liveness', `${stuck} within ${timeoutMs / 1000} s: ${this.whatIsMissing()}`, 'liveness');
      await this.during(new Promise((resolve) => setTimeout(resolve, LOOK_MS)));
    }
  }

  private whatIsMissing(): string {
    const open = this.history.invocations.filter(({ outcome }) => outcome === 'open').length;
    const nodes = this.cluster?.nodes ?? [];
    const down = nodes.filter((node) => !node.running).map((node) => node.child.options.name);
    return `${open} operations wait; ${down.length === 0 ? 'all nodes run' : `${down.join(', ')} does not run`}`;
  }
}

/** How much slower the story is told: its elections, and those of production, take one timeout each. */
function paceOf({ timing }: Knobs): number {
  return Math.max(Math.round((10 * ELECTION_TIMEOUT_MIN_MICROS) / timing.electionTimeoutMinMicros) / 10, 1);
}

/**
 * Clients of a real run think a quarter as long: it has seconds where the simulator has minutes, and what it finds it finds in answers.
 * Before the flags have their say.
 */
export function busierClients(knobs: Knobs): Knobs {
  return { ...knobs, thinkMeanMicros: Math.floor(knobs.thinkMeanMicros / 4) };
}

/** The world of a real run: members stay, vaults keep their past (it is the witness), and what is hashed is hashed for good. */
export function realKnobs(knobs: Knobs): Knobs {
  return {
    ...knobs,
    ...{
      spares: 0,
      placedGroups: 0,
      authorizationClients: 0,
      retentionShare: 0,
      hasher: 'sha256' as const,
      signing: 'none' as const,
    },
  };
}
