/**
 * One run of one seed: set up, work under faults, calm down, lose all power, read everything again, judge.
 * Pure: the caller gives a stopwatch, and what it prints is the caller's business too.
 */
import type { Hasher } from '../core/capability.ts';
import type { GroupId } from '../core/ids.ts';
import type { Replica } from '../core/replica/replica.ts';
import { type Failure, failureOf } from './failure.ts';
import type { FaultKind } from './faults/counts.ts';
import { Nemesis } from './faults/nemesis.ts';
import { drawKnobs, type Knobs, nemesisKnobs, possibleFaults, withFaults } from './knobs.ts';
import { Liveness } from './liveness.ts';
import { Violation } from './observer.ts';
import { Oracles } from './oracles.ts';
import { assemble } from './record/assemble.ts';
import { Recorder } from './record/recorder.ts';
import type { Recording } from './record/recording.ts';
import type { RunReport, RunResult } from './result.ts';
import type { Scenario } from './scenario.ts';
import { seedWords } from './seed.ts';
import { StoryBook } from './story.ts';
import { Choices, type Profile, type Tape } from './tape.ts';
import { drawSeed, VouchProtocol, type VouchShape } from './vouch.ts';
import { type Behaviour, type Plan, SimClient } from './workload/client.ts';
import { History } from './workload/history.ts';
import { Housekeeper } from './workload/housekeeper.ts';
import { LedgerBehaviour, type LedgerContext } from './workload/ledger.ts';
import type { World } from './world.ts';
import { worldOf } from './world-of.ts';

export interface RunOptions {
  readonly seed: string;
  readonly profile: Profile;
  /** Undefined = the generic run under the nemesis. */
  readonly scenario: Scenario | undefined;
  /** Last word on the knobs. */
  readonly adjust?: (knobs: Knobs) => Knobs;
  /** Keeps every draw for a tape. */
  readonly record?: boolean;
  /** Keeps what happened, for a person to read. Changes nothing of the run. */
  readonly story?: boolean;
  /** Repeats a tape instead of drawing. */
  readonly tape?: Tape;
  /** Oracles to switch off. */
  readonly without?: readonly string[];
  /** Called with the resolved knobs before anything runs. */
  readonly onKnobs?: (knobs: Knobs) => void;
  /** SHA-256 for the seeds that draw it; the portable one unless given. Changes the speed and nothing else. */
  readonly sha256?: Hasher;
  /** Milliseconds of real time, for the rates in the report. */
  readonly stopwatch: () => number;
}

const FIRST_DATA_GROUP = 1 as GroupId;
/** Name of a run without a scenario. */
export const GENERIC: string = 'generic';

/** Virtual microseconds that phases may take before the run is stuck. */
const SETUP_MICROS = 60_000_000;
const CALM_MICROS = 120_000_000;
const EVENTS_MAX = 5_000_000;
/** Operations that must succeed after the faults stopped. */
const CALM_OPERATIONS = 40;
/** Vacuity floors: fewer ok operations than this, or a smaller share of what was invoked, prove nothing. */
const OK_MIN = 200;
const OK_SHARE_MIN = 0.3;

/** Where a run's choices come from: its seed, or a tape. */
export function choicesOf(options: RunOptions): Choices {
  const words = seedWords(options.seed);
  if (options.tape !== undefined) return Choices.replaying(words, options.tape);
  return options.record === true ? Choices.recording(words) : Choices.fromSeed(words);
}

export function runSeed(options: RunOptions): RunResult {
  if (options.scenario?.onProtocol !== undefined) return options.scenario.onProtocol(options);
  const choices = choicesOf(options);
  const drawn = drawKnobs(options.profile, choices);
  const staged = options.scenario === undefined ? drawn : options.scenario.world(withFaults(drawn, {}));
  const knobs = options.adjust === undefined ? staged : options.adjust(staged);
  options.onKnobs?.(knobs);
  const started = options.stopwatch();
  const run = new Run(options, knobs, choices);
  const failure = run.execute();
  const wallMs = Math.max(options.stopwatch() - started, 0.001);
  const name = { scenario: options.scenario?.name ?? GENERIC, seed: options.seed };
  const report = run.report(name, failure, wallMs);
  const tape = options.record === true ? choices.tape({ ...name, profile: options.profile }) : undefined;
  return { report, knobs, marks: run.marks(), tape, story: run.story(report, failure) };
}

class Run {
  private readonly knobs: Knobs;
  private readonly choices: Choices;
  private readonly scenario: Scenario | undefined;
  private readonly world: World<VouchShape, Replica>;
  private readonly protocol: VouchProtocol;
  private readonly oracles: Oracles;
  private readonly recorder: Recorder | undefined;
  private readonly liveness: Liveness;
  private readonly history: History = new History();
  private readonly housekeeper: Housekeeper;
  private readonly keeperClient: SimClient;
  private readonly groups: readonly GroupId[];
  private clients: SimClient[] = [];
  /** Whether clients start another operation. */
  private isOpen: () => boolean = () => false;
  /** Whether the present phase ends when the clients have nothing left to do. */
  private clientsMatter: boolean = false;
  private calmSince: number = 0;

  constructor(options: RunOptions, knobs: Knobs, choices: Choices) {
    this.knobs = knobs;
    this.choices = choices;
    this.scenario = options.scenario;
    const protocol = new VouchProtocol(choices, knobs, options.sha256);
    this.protocol = protocol;
    this.world = worldOf(protocol, { knobs, choices, actors: knobs.clients + 1 });
    this.groups = Array.from({ length: knobs.dataGroups + 1 }, (_, group) => group as GroupId);
    // First among the observers: it has seen the step that an oracle objects to.
    this.recorder =
      options.story === true
        ? new Recorder(this.world, this.groups, (node, group) => this.oracles.watch.durableLast(node, group))
        : undefined;
    this.oracles = new Oracles(this.world, protocol, this.groups, options.without ?? []);
    const own = options.scenario?.oracles?.({ nodes: this.world.nodes, groups: this.groups, history: this.history }) ?? [];
    for (const oracle of own) if (options.without?.includes(oracle.name) !== true) this.world.observe(oracle);
    this.recorder?.watchBlocks(protocol);
    this.liveness = new Liveness(this.world, this.groups, this.history, choices.under('liveness/core'));
    this.housekeeper = new Housekeeper({ vaults: knobs.vaults, keys: knobs.keys, history: this.history });
    this.keeperClient = this.createClient(0, 1, this.housekeeper);
  }

  /** Runs all phases. @returns what went wrong first, if anything did. */
  execute(): Failure | undefined {
    try {
      this.enter('the cluster starts');
      this.setUp();
      this.enter('work under faults');
      this.work();
      this.enter('the faults stop');
      this.calmDown();
      if (this.knobs.profile !== 'perf') this.surviveBlackout(); // `perf` has no faults
      this.enter('at rest');
      this.world.finish();
      this.history.close();
      this.oracles.judge(this.history);
      this.demandSubstance();
      return undefined;
    } catch (error) {
      return failureOf(error);
    }
  }

  report(name: { readonly scenario: string; readonly seed: string }, failure: Failure | undefined, wallMs: number): RunReport {
    const { world, history, knobs } = this;
    const kinds = [...possibleFaults(knobs), ...((this.scenario?.faults ?? []) as readonly FaultKind[])];
    return {
      scenario: name.scenario,
      seed: name.seed,
      verdict: failure?.verdict ?? 'pass',
      violation: failure?.violation ?? null,
      events: world.events,
      ops: { ok: history.ok, fail: history.fail, info: history.info },
      elections: this.oracles.watch.elections,
      virtualMs: Math.floor(world.now / 1000),
      wallMs: Math.round(wallMs),
      eventsPerSecond: Math.round((world.events * 1000) / wallMs),
      faults: world.counts.report(kinds),
      hasher: knobs.hasher,
      traceHash: world.trace.digest(),
    };
  }

  /** What a person is told; undefined where the run was not recorded for one. */
  story(report: RunReport, failure: Failure | undefined): Recording | undefined {
    const { recorder, knobs, groups, history, world } = this;
    if (recorder === undefined) return undefined;
    recorder.close();
    history.close();
    const summary = this.scenario?.summary ?? '';
    return assemble(recorder, { report, knobs, groups, history, end: world.now, evidence: failure?.evidence ?? {}, summary });
  }

  marks(): readonly string[] {
    return this.protocol.marks.hit();
  }

  private enter(phase: string): void {
    this.recorder?.phase(phase);
  }

  private setUp(): void {
    this.housekeeper.onDone = () => this.world.stop();
    this.world.addActor(this.keeperClient);
    this.world.boot();
    this.runFor(SETUP_MICROS, 'the cluster never elected leaders and created its vaults');
  }

  private work(): void {
    const { knobs, world } = this;
    this.openClients();
    this.isOpen = () => this.history.invocations.length < knobs.operations;
    const nemesis = new Nemesis(world, nemesisKnobs(knobs), this.choices);
    world.focus = (): number => this.oracles.watch.leaderOf(FIRST_DATA_GROUP);
    const book = new StoryBook(world, this.oracles.watch, this.choices.under('story'));
    nemesis.start();
    this.scenario?.tell(book);
    // Not a failure when time runs out: what was done by then is judged for substance at the end.
    this.clientsMatter = true;
    world.run({ until: world.now + knobs.workMicrosMax, eventsMax: EVENTS_MAX });
    nemesis.stop();
    book.close();
  }

  /** Faults stop within a quorum and become permanent outside it: now the cluster must work. */
  private calmDown(): void {
    const { world } = this;
    world.network.knobs = { ...this.knobs.link, loss: 0, duplicate: 0, reorder: 0 };
    if (this.knobs.profile !== 'perf') this.liveness.begin(); // `perf` has no faults
    this.calmSince = world.now;
    const ok = this.history.ok;
    this.isOpen = () => this.history.ok < ok + CALM_OPERATIONS;
    for (const client of this.clients) client.poke(world.now);
    world.wakeActors();
    this.runFor(CALM_MICROS, 'operations did not succeed after the faults stopped');
    this.clientsMatter = false;
    this.converge('replicas did not converge after the faults stopped');
  }

  private surviveBlackout(): void {
    const { world } = this;
    this.enter('power fails everywhere');
    for (let node = 0; node < world.nodeCount; node += 1) {
      if (world.isRunning(node)) world.crash(node, 'powerLoss');
    }
    this.liveness.end();
    for (let node = 0; node < world.nodeCount; node += 1) world.restart(node);
    this.housekeeper.planScan();
    this.keeperClient.poke(world.now);
    world.wakeActors();
    this.runFor(CALM_MICROS, 'the cluster did not serve reads after the power came back');
    this.converge('replicas did not converge after the power came back');
  }

  /** Runs until `stop`, else a liveness violation. */
  private runFor(micros: number, stuck: string): void {
    const ended = this.world.run({ until: this.world.now + micros, eventsMax: EVENTS_MAX });
    if (ended !== 'stopped') throw new Violation('liveness', `${stuck}: ${this.liveness.whatIsMissing()}`, 'liveness');
  }

  private converge(stuck: string): void {
    const { world } = this;
    const step = 20_000;
    const look = (): void => {
      if (this.liveness.isConverged()) world.stop();
      else world.at(world.now + step, look);
    };
    world.at(world.now, look);
    this.runFor(CALM_MICROS, stuck);
  }

  /** A run that did little proves little (60-simulator, "Never vacuous"). */
  private demandSubstance(): void {
    const { ok, fail, info } = this.history;
    const invoked = ok + fail + info;
    if (ok < OK_MIN) throw new Violation('vacuous', `only ${ok} operations succeeded`, 'vacuous');
    if (ok < invoked * OK_SHARE_MIN) throw new Violation('vacuous', `only ${ok} of ${invoked} operations succeeded`, 'vacuous');
    if (this.history.lastOkReadInvokedAt < this.calmSince)
      throw new Violation('vacuous', 'no read succeeded after the last fault', 'vacuous');
  }

  private openClients(): void {
    const { knobs, world, housekeeper, history } = this;
    const { layout } = housekeeper;
    if (layout === undefined) throw new Violation('liveness', 'the vaults were not created', 'liveness');
    const context: LedgerContext = {
      knobs,
      layout,
      history,
      isOpen: () => this.isOpen(),
      onAnswer: (asked, vault, answer, times) => this.oracles.answered(asked, vault, answer, times),
    };
    for (let client = 1; client <= knobs.clients; client += 1) {
      const behaviour = new LedgerBehaviour(context, client, this.choices);
      const idle = (): void => {
        if (this.clientsMatter && this.clients.every((other) => other.idle)) world.stop();
      };
      const next = (lane: number, time: number): Plan | undefined => {
        const plan = behaviour.next(lane, time);
        if (plan === undefined) idle();
        return plan;
      };
      const actor = this.createClient(client, knobs.lanes, { think: () => behaviour.think(), next });
      this.clients.push(actor);
      world.addActor(actor);
    }
  }

  private createClient(client: number, lanes: number, behaviour: Behaviour): SimClient {
    const draws = this.choices.under(`client/${client}/seed`);
    return new SimClient({
      nodes: this.world.nodes.map((node) => node.id),
      seed: drawSeed(draws),
      link: this.knobs.link.duplicate > 0 || (this.knobs.faults.echo ?? 0) > 0 ? 'datagram' : 'stream',
      attemptTimeoutMicros: 400_000 + draws.below(600_000),
      lanes,
      behaviour,
    });
  }
}
