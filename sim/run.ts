/**
 * One run of one seed: set up, work under faults, calm down, lose all power, read everything again, judge.
 * Pure: the caller gives a stopwatch, and what it prints is the caller's business too.
 */
import { GLOBAL_GROUP, type GroupId } from '../core/ids.ts';
import type { Replica } from '../core/replica/replica.ts';
import { demandSubstance } from './check/substance.ts';
import { WALL_ORIGIN } from './clock.ts';
import { isExpendable } from './expendable-nodes.ts';
import { type Failure, failureOf } from './failure.ts';
import { Nemesis } from './faults/nemesis.ts';
import { guestListOf } from './guest-lists.ts';
import type { Guests } from './guests.ts';
import { Introductions } from './introductions.ts';
import { INVARIANTS } from './invariants.ts';
import { actorCountOf, groupCountOf, isFaultless, isSigning, isSteady, type Knobs, nemesisKnobs, replicasOf } from './knobs.ts';
import { Liveness } from './liveness.ts';
import type { Samples } from './measure/measures.ts';
import { Meter } from './measure/meter.ts';
import { nodeStates } from './node-states.ts';
import { Violation } from './observer.ts';
import { Oracles } from './oracles.ts';
import type { Primitives } from './primitives.ts';
import { assemble } from './record/assemble.ts';
import { Recorder } from './record/recorder.ts';
import type { Recording } from './record/recording.ts';
import type { RunReport, RunResult } from './result.ts';
import type { RunLimits } from './run-limits.ts';
import { reportOf } from './run-report.ts';
import { choicesOf, resolveKnobs, tapeOf, withoutOf } from './run-tape.ts';
import type { Scenario } from './scenario.ts';
import { inScenario } from './scenario-error.ts';
import { StoryBook } from './story.ts';
import { type StoryEvents, storyEvents } from './story-events.ts';
import type { Choices, Profile, Tape } from './tape.ts';
import type { TraceListener } from './trace.ts';
import { VouchProtocol, type VouchShape } from './vouch.ts';
import { Auditor } from './workload/auditor.ts';
import { BriefVaults } from './workload/brief-vaults.ts';
import type { Behaviour, Plan, SimClient } from './workload/client.ts';
import { History } from './workload/history.ts';
import { Housekeeper } from './workload/housekeeper.ts';
import type { Layout } from './workload/layout.ts';
import { LedgerBehaviour, type LedgerContext } from './workload/ledger.ts';
import { Operator } from './workload/operator.ts';
import { simClient } from './workload/sim-client.ts';
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
  /** Measures (measure/measures.ts). Changes nothing of the run. */
  readonly measure?: boolean;
  /** Repeats a tape instead of drawing; its knobs and its oracles are the last word then. */
  readonly tape?: Tape;
  /** True time at which the run ends and the history is judged as it stands. */
  readonly cutMicros?: number;
  /** When to give up on a run that would tell too long a story. */
  readonly limits?: RunLimits;
  readonly onEvent?: TraceListener;
  /** Oracles to switch off. */
  readonly without?: readonly string[];
  /** Called with the names of all oracles that there are, before anything runs. */
  readonly onOracles?: (names: readonly string[]) => void;
  /** Called with the resolved knobs before anything runs. */
  readonly onKnobs?: (knobs: Knobs) => void;
  /** For the seeds that draw real cryptography; portable unless given. Changes the speed and nothing else. */
  readonly primitives?: Primitives;
  /** Milliseconds of real time, for the rates in the report. */
  readonly stopwatch: () => number;
}

/** Oracle of a run that was abandoned. */
export const ABANDONED: string = 'abandoned';
const FIRST_DATA_GROUP = 1 as GroupId;
/** Name of a run without a scenario. */
export const GENERIC: string = 'generic';

/** Virtual microseconds that phases may take before the run is stuck. */
const SETUP_MICROS = 60_000_000;
const CALM_MICROS = 120_000_000;
const EVENTS_MAX = 5_000_000;
/** Events between two looks at the limits. */
const LIMITS_EVERY = 32;

export function runSeed(options: RunOptions): RunResult {
  if (options.scenario?.onProtocol !== undefined) return options.scenario.onProtocol(options);
  const knobs = resolveKnobs(options);
  const choices = choicesOf(options);
  options.onKnobs?.(knobs);
  const started = options.stopwatch();
  const run = new Run(options, knobs, choices);
  const failure = run.execute();
  const wallMs = Math.max(options.stopwatch() - started, 0.001);
  const name = { scenario: options.scenario?.name ?? GENERIC, seed: options.tape?.seed ?? options.seed };
  const report = run.report(name, failure, wallMs);
  return {
    report,
    knobs,
    marks: run.marks(),
    samples: run.samples(),
    tape: tapeOf(options, name.scenario, knobs, choices),
    drift: choices.drift(),
    story: run.story(report, failure),
    storyEvents: run.storyEvents(failure),
    endMicros: run.endMicros,
    states: nodeStates(run.world),
  };
}

/** The time of a run is up before its phases are. */
class CutShort extends Error {}

class Run {
  readonly knobs: Knobs;
  readonly choices: Choices;
  private readonly scenario: Scenario | undefined;
  readonly world: World<VouchShape, Replica>;
  private readonly protocol: VouchProtocol;
  private readonly oracles: Oracles;
  private readonly recorder: Recorder | undefined;
  private readonly meter: Meter | undefined;
  private readonly liveness: Liveness;
  private readonly history: History = new History();
  private readonly guests: Guests | undefined;
  private readonly housekeeper: Housekeeper;
  private readonly keeperClient: SimClient;
  private readonly groups: readonly GroupId[];
  private clients: SimClient[] = [];
  /** Where the members change. */
  private readonly operator: Operator | undefined;
  /** Whether clients start another operation. */
  private isOpen: () => boolean = () => false;
  /** Whether the present phase ends when the clients have nothing left to do. */
  private clientsMatter: boolean = false;
  private calmSince: number = 0;
  private isCalm: boolean = false;
  private isWaiting: boolean = false;
  private readonly cutMicros: number;
  private readonly judgesEarly: boolean;
  /** Oracles that are off. What the world itself checks ends the run all the same, and is no failure then. */
  private readonly without: readonly string[];
  /** The story when the present wait for a sign of life began. */
  private toldBefore: StoryEvents;

  constructor(options: RunOptions, knobs: Knobs, choices: Choices) {
    this.knobs = knobs;
    this.choices = choices;
    this.scenario = options.scenario;
    this.without = withoutOf(options);
    const protocol = new VouchProtocol(choices, knobs, options.primitives);
    this.protocol = protocol;
    const list = guestListOf(options.scenario, knobs);
    this.world = worldOf(protocol, { knobs, choices, actors: actorCountOf(knobs) + (list?.clientsMax ?? 0) });
    const guestStage = { world: this.world, protocol, knobs, choices, without: this.without, isOpen: () => !this.isCalm };
    this.guests = inScenario('guests', () => list?.invite(guestStage));
    this.groups = Array.from({ length: groupCountOf(knobs) }, (_, group) => group as GroupId);
    // First among the observers: it has seen the step that an oracle objects to.
    this.recorder =
      options.story === true
        ? new Recorder(this.world, this.groups, (node, group) => this.oracles.watch.durableLast(node, group))
        : undefined;
    const members = isSteady(knobs) ? 'stay' : 'change';
    this.oracles = new Oracles(this.world, protocol, { groups: this.groups, without: this.without, members });
    this.observeOwn(options);
    if (options.measure === true) {
      this.meter = this.createMeter();
      this.world.observe(this.meter);
    }
    this.recorder?.watchBlocks(protocol);
    this.operator = knobs.spares > 0 ? this.createOperator() : undefined;
    this.liveness = new Liveness({
      world: this.world,
      groups: this.groups,
      history: this.history,
      draws: choices.under('liveness/core'),
      members,
      unreplaced: () => this.operator?.missing,
    });
    this.world.mayLose = (index): boolean =>
      this.operator?.isAsking === false && isExpendable(this.world.nodes, this.groups, this.oracles.watch, index);
    this.housekeeper = new Housekeeper({
      vaults: knobs.vaults,
      placed: replicasOf(knobs),
      keys: knobs.keys,
      history: this.history,
      brief: new BriefVaults({ count: knobs.briefVaults ?? 0, isOpen: () => this.clientsMatter && !this.isCalm }),
      thinkMicros: knobs.thinkMeanMicros,
    });
    this.keeperClient = this.createClient(0, 1, this.housekeeper);
    this.cutMicros = Math.min(options.cutMicros ?? Number.POSITIVE_INFINITY, options.tape?.cutMicros ?? Number.POSITIVE_INFINITY);
    this.judgesEarly = options.limits?.claim === 'history';
    this.toldBefore = this.told(0);
    this.world.trace.listener = options.onEvent;
    if (options.limits !== undefined) this.giveUpAt(options.limits);
  }

  /** The scenario's own oracles watch together with the built-in ones. */
  private observeOwn(options: RunOptions): void {
    const stage = { nodes: this.world.nodes, groups: this.groups, history: this.history };
    const told = inScenario('oracles', () => this.scenario?.oracles?.(stage) ?? []);
    const own = [...told, ...(this.guests?.oracles ?? [])];
    options.onOracles?.([...own, ...INVARIANTS].map((oracle) => oracle.name));
    for (const oracle of own) if (!this.without.includes(oracle.name)) this.world.observe(oracle);
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
      if (!isFaultless(this.knobs)) this.surviveBlackout();
      if (this.guests !== undefined) this.part(this.guests);
      this.enter('at rest');
      this.world.finish();
      this.history.close();
      this.oracles.judge(this.history);
      demandSubstance(this.history, this.calmSince);
      return undefined;
    } catch (error) {
      if (error instanceof CutShort) return this.judgeAsItStands();
      const failure = failureOf(error);
      return this.without.includes(failure.violation.oracle) ? this.judgeAsItStands() : failure;
    }
  }

  get endMicros(): number {
    return this.world.now;
  }

  /** How long a story it was, up to the violation if there is one. */
  storyEvents(failure: Failure | undefined): StoryEvents {
    const { toldBefore } = this;
    return failure?.verdict === 'liveness' ? { ...toldBefore, total: toldBefore.total + 1 } : this.told(0);
  }

  private told(waiting: number): StoryEvents {
    const operations = this.history.invocations.length + this.housekeeper.operations + (this.operator?.wishes ?? 0);
    return storyEvents(this.world.counts, { operations, elections: this.oracles.watch.elections, waiting });
  }

  private judgeAsItStands(): Failure | undefined {
    try {
      this.history.close();
      this.oracles.judge(this.history);
      return undefined;
    } catch (error) {
      return failureOf(error);
    }
  }

  private giveUpAt({ storyMax, eventsMax, claim }: RunLimits): void {
    const { world } = this;
    const stepped = (): void => {
      if (world.events % LIMITS_EVERY !== 0 || (claim === 'liveness' && this.isWaiting)) return;
      if (this.told(0).total <= storyMax && world.events <= eventsMax) return;
      throw new Violation(ABANDONED, 'the story became too long', 'unknown');
    };
    world.observe({ name: ABANDONED, claim: 'the run is short', stepped });
  }

  report(name: { readonly scenario: string; readonly seed: string }, failure: Failure | undefined, wallMs: number): RunReport {
    const { world, history, knobs, scenario } = this;
    const ran = { world, history, knobs, scenario, elections: this.oracles.watch.elections, marks: this.marks() };
    return reportOf(name, ran, { failure, wallMs });
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

  samples(): Samples | undefined {
    return this.meter?.samples();
  }

  private createMeter(): Meter {
    const { world, groups, history } = this;
    return new Meter({
      now: () => world.now,
      ids: world.nodes.map((node) => node.id),
      groups: groups.slice(FIRST_DATA_GROUP),
      history,
      groupOf: (vault) => (this.housekeeper.layout as Layout).vaults[vault]?.group ?? GLOBAL_GROUP,
    });
  }

  private enter(phase: string): void {
    this.recorder?.phase(phase);
  }

  private setUp(): void {
    this.housekeeper.onDone = () => this.world.stop();
    this.world.addActor(this.keeperClient);
    this.world.boot();
    if (this.operator !== undefined) this.createIntroductions().start();
    this.runFor(SETUP_MICROS, 'the cluster never elected leaders and created its vaults');
  }

  private work(): void {
    const { knobs, world } = this;
    this.openClients();
    this.isOpen = () => this.history.invocations.length < knobs.operations;
    const nemesis = new Nemesis(world, nemesisKnobs(knobs), this.choices);
    world.focus = (): number => this.oracles.watch.leaderOf(FIRST_DATA_GROUP);
    const book = this.createStoryBook();
    this.meter?.begin();
    nemesis.start();
    const { scenario } = this;
    if (scenario !== undefined) book.perform('tell', () => scenario.tell(book));
    this.clientsMatter = true;
    this.wakeKeeper();
    // Not a failure when time runs out: what was done by then is judged for substance at the end.
    this.advance(world.now + knobs.workMicrosMax);
    this.meter?.end();
    nemesis.stop();
    book.close();
  }

  /** Faults stop within a quorum and become permanent outside it: now the cluster must work. */
  private calmDown(): void {
    const { world } = this;
    world.network.knobs = { ...this.knobs.link, loss: 0, duplicate: 0, reorder: 0 };
    if (!isFaultless(this.knobs)) this.liveness.begin();
    this.protocol.settle();
    this.calmSince = world.now;
    this.isCalm = true;
    const ok = this.history.ok;
    this.isOpen = () => this.history.ok < ok + this.knobs.calmOperations;
    for (const client of this.clients) client.poke(world.now);
    world.wakeActors();
    if (this.knobs.calmOperations > 0) this.runFor(CALM_MICROS, 'operations did not succeed after the faults stopped');
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
    this.wakeKeeper();
    this.runFor(CALM_MICROS, 'the cluster did not serve reads after the power came back');
    this.converge('replicas did not converge after the power came back');
  }

  private part(guests: Guests): void {
    this.enter('the guests compare what they were told');
    guests.part(() => this.world.stop());
    this.runFor(CALM_MICROS, 'the guests could not compare what they were told');
  }

  /** Runs until `stop`, else a liveness violation. */
  private runFor(micros: number, stuck: string): void {
    this.toldBefore = this.told(0);
    this.isWaiting = true;
    const ended = this.advance(this.world.now + micros);
    this.isWaiting = false;
    if (ended !== 'stopped') throw new Violation('liveness', `${stuck}: ${this.liveness.whatIsMissing()}`, 'liveness');
  }

  /** Lets the world run; the run is over where its time is. */
  private advance(until: number): ReturnType<World<VouchShape, Replica>['run']> {
    const ended = this.world.run({ until: Math.min(until, this.cutMicros), eventsMax: EVENTS_MAX });
    if (ended !== 'stopped' && this.cutMicros <= until) throw new CutShort();
    return ended;
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

  private openClients(): void {
    const { knobs, world, housekeeper, history } = this;
    const { layout } = housekeeper;
    if (layout === undefined) throw new Violation('liveness', 'the vaults were not created', 'liveness');
    const context: LedgerContext = {
      knobs,
      layout,
      history,
      isOpen: () => this.isOpen(),
      isCalm: () => this.isCalm,
      onAnswer: (asked, vault, answer, when) => {
        this.oracles.answered(asked, vault, answer, when);
        if (this.judgesEarly) this.oracles.judge(this.history);
      },
      hasher: this.protocol.hasher,
      wallAt: (time) => WALL_ORIGIN + time,
      onPruned: (vault, at, oldest) => this.oracles.refused(vault, at, oldest),
    };
    for (let client = 1; client <= knobs.clients; client += 1) {
      const behaviour = new LedgerBehaviour(context, client, this.choices);
      const idle = (): void => {
        if (this.clientsMatter && this.clients.every((other) => other.idle)) world.stop();
      };
      const next = (lane: number, time: number): Plan | 'skipped' | undefined => {
        const plan = behaviour.next(lane, time);
        if (plan === undefined) idle();
        return plan;
      };
      const actor = this.createClient(client, knobs.lanes, { think: () => behaviour.think(), next });
      this.clients.push(actor);
      world.addActor(actor);
    }
    if (this.operator !== undefined) world.addActor(this.createClient(knobs.clients + 1, 1, this.operator));
    if (isSigning(knobs.signing)) world.addActor(this.createClient(knobs.clients + 2, 1, this.createAuditor(layout)));
    this.guests?.come(layout);
  }

  private createStoryBook(): StoryBook {
    const { world, choices, knobs, housekeeper } = this;
    const askForTransfer = (group: GroupId, to: number | undefined): void => {
      housekeeper.planTransfer(group, to === undefined ? undefined : world.nodes[to]?.id);
      this.wakeKeeper();
    };
    return new StoryBook({ target: world, watch: this.oracles.watch, choices, downMax: knobs.downMax, askForTransfer });
  }

  private wakeKeeper(): void {
    this.keeperClient.poke(this.world.now);
    this.world.wakeActors();
  }

  private createOperator(): Operator {
    const { knobs, world, groups, choices } = this;
    return new Operator({
      nodes: world.nodes.map((node) => node.id),
      founders: knobs.nodes,
      groups,
      pauseMeanMicros: knobs.changeMeanMicros,
      draws: choices.under('operator'),
      isOpen: () => !this.isCalm,
      lost: () => world.nodes.find(({ isWiped }) => isWiped)?.index,
    });
  }

  private createAuditor(layout: Layout): Auditor {
    const { nodes, thinkMeanMicros: pauseMeanMicros } = this.knobs;
    return new Auditor({ layout, draws: this.choices.under('auditor'), pauseMeanMicros, signaturesMax: nodes });
  }

  private createIntroductions(): Introductions {
    const { knobs, world, choices } = this;
    return new Introductions({
      world,
      periodMicros: knobs.timing.electionTimeoutMaxMicros,
      delayMicros: knobs.link.delayMinMicros,
      draws: choices.under('introductions'),
    });
  }

  private createClient(client: number, lanes: number, behaviour: Behaviour): SimClient {
    return simClient(this, { client, lanes, behaviour });
  }
}
