/** Carries out what a scenario tells, on a world. */
import type { GroupId } from '../core/ids.ts';
import { BUILDS, type Build, THIS_BUILD } from './build.ts';
import type { RaftWatch } from './check/raft/watch.ts';
import type { FaultKind } from './faults/counts.ts';
import { blockAll, type FaultTarget } from './faults/fault.ts';
import { FAULTS } from './faults/registry.ts';
import type { StoryTeller } from './scenario.ts';
import { inScenario, ScenarioError } from './scenario-error.ts';
import { type Choices, type Draws, Fate } from './tape.ts';

const FIRST_DATA_GROUP = 1 as GroupId;

/** Label under which each cut and crash of a story has its fate. */
export const ACTS: string = 'story/acts';

/** Shortest period of a story: time must go on. */
const PERIOD_MS_MIN = 0.001;

/** Who leads: what the oracles see of a world, or what nodes say of themselves. */
export type Leaders = Pick<RaftWatch, 'leaderOf' | 'busiest'>;

export interface StoryOptions {
  readonly target: FaultTarget;
  readonly watch: Leaders;
  readonly choices: Choices;
  /** Nodes that faults begun by the story may take down at once. */
  readonly downMax: number;
  /** Sends the request to wherever the group's leader is. @param to index of a node; undefined = the leader chooses. */
  readonly askForTransfer: (group: GroupId, to: number | undefined) => void;
}

export class StoryBook implements StoryTeller {
  readonly draws: Draws;
  private readonly fates: Draws;
  private readonly choices: Choices;
  private readonly downMax: number;
  private readonly target: FaultTarget;
  private readonly watch: Leaders;
  private readonly askForTransfer: StoryOptions['askForTransfer'];
  private readonly mending: Set<() => void> = new Set();
  /** Nodes with another build. */
  private readonly exchanged: Set<number> = new Set();
  private isOpen: boolean = true;
  /** What the world threw last: a story that met a defect is not to blame for it. */
  private foreign: unknown = undefined;

  constructor({ target, watch, choices, downMax, askForTransfer }: StoryOptions) {
    this.target = target;
    this.choices = choices;
    this.downMax = downMax;
    this.watch = watch;
    this.askForTransfer = askForTransfer;
    this.draws = choices.under('story');
    this.fates = choices.under(ACTS);
  }

  get nodeCount(): number {
    return this.target.nodeCount;
  }

  /** Runs the scenario's own code. @param part how it is called in a sentence. */
  perform(part: string, act: () => unknown): void {
    inScenario(part, act, (error) => error !== undefined && error === this.foreign);
  }

  after(milliseconds: number, act: () => void): void {
    demandTime('after', milliseconds, 0);
    demandCallback('after', act);
    this.later(milliseconds, act);
  }

  every(milliseconds: number, act: () => void): void {
    demandTime('every', milliseconds, PERIOD_MS_MIN);
    demandCallback('every', act);
    this.again(milliseconds, act);
  }

  private later(milliseconds: number, act: () => void): void {
    this.target.at(this.target.now + milliseconds * 1000, () => {
      if (this.isOpen) this.perform('a callback of the story', act);
    });
  }

  private again(milliseconds: number, act: () => void): void {
    this.later(milliseconds, () => {
      act();
      this.again(milliseconds, act);
    });
  }

  leader(): number {
    return this.watch.leaderOf(FIRST_DATA_GROUP);
  }

  busiest(): number {
    return this.watch.busiest();
  }

  isRunning(node: number): boolean {
    this.demandNodes('isRunning', [node]);
    return this.target.isRunning(node);
  }

  split(side: readonly number[], other: readonly number[]): () => void {
    this.demandNodes('split', side);
    this.demandNodes('split', other);
    return this.cut(
      'partition',
      side.flatMap((a) => other.flatMap((b) => [[a, b] as const, [b, a] as const])),
    );
  }

  private cut(kind: FaultKind, directions: readonly (readonly [number, number])[]): () => void {
    if (!this.happens()) return () => undefined;
    this.target.counts.add(kind);
    const open = blockAll(this.target, directions);
    const since = this.target.now;
    this.target.counts.watch?.began(kind, since);
    const mend = (): void => {
      if (!this.mending.delete(mend)) return;
      open();
      this.target.counts.watch?.ended(kind, since);
    };
    this.mending.add(mend);
    return mend;
  }

  crash(node: number, how: 'crash' | 'powerLoss'): void {
    this.demandCrash('crash', node, how);
    if (this.happens()) this.inWorld(() => this.target.crash(node, how));
  }

  crashAfter(node: number, effects: number, how: 'crash' | 'powerLoss'): void {
    this.demandCrash('crashAfter', node, how, effects);
    if (this.happens()) this.inWorld(() => this.target.planCrash(node, { effects, fromNextPersist: false, how }));
  }

  crashWhileWriting(node: number, effects: number, how: 'crash' | 'powerLoss'): void {
    this.demandCrash('crashWhileWriting', node, how, effects);
    if (this.happens()) this.inWorld(() => this.target.planCrash(node, { effects, fromNextPersist: true, how }));
  }

  restart(node: number): void {
    this.demandNodes('restart', [node]);
    this.inWorld(() => this.target.restart(node));
  }

  install(node: number, build: Build): void {
    this.demandNodes('install', [node]);
    if (!BUILDS.includes(build)) throw new ScenarioError(`story.install takes ${BUILDS.join(', ')}, not ${String(build)}`);
    if (!this.happens()) return;
    this.exchange(node, build);
    if (build === THIS_BUILD) {
      this.exchanged.delete(node);
      return;
    }
    this.target.counts.add(build === 'otherWire' ? 'mixedWire' : 'mixedCore');
    this.exchanged.add(node);
  }

  private exchange(node: number, build: Build): void {
    this.inWorld(() => {
      this.target.crash(node, 'crash');
      this.target.install(node, build);
    });
  }

  silence(from: readonly number[], to: readonly number[]): () => void {
    this.demandNodes('silence', from);
    this.demandNodes('silence', to);
    const directions = from.flatMap((a) => to.flatMap((b) => (a === b ? [] : [[a, b] as const])));
    return this.cut('oneWay', directions);
  }

  pause(node: number, milliseconds: number): void {
    this.demandNodes('pause', [node]);
    demandTime('pause', milliseconds, 0);
    if (!this.target.isRunning(node) || !this.happens()) return;
    this.target.counts.add('pause');
    this.target.pause(node, milliseconds * 1000);
  }

  transfer(to?: number): void {
    if (to !== undefined) this.demandNodes('transfer', [to]);
    if (this.happens()) this.inWorld(() => this.askForTransfer(FIRST_DATA_GROUP, to));
  }

  tamper(node: number): void {
    this.demandNodes('tamper', [node]);
    if (!this.happens()) return;
    const draws = this.choices.under('fault/tamperedState');
    if (this.inWorld(() => this.target.hostility.tamper(node, draws))) this.target.counts.add('tamperedState');
  }

  begin(kind: FaultKind, milliseconds: number): void {
    const fault = FAULTS.find((known) => known.kind === kind);
    if (fault === undefined)
      throw new ScenarioError(
        `story.begin knows no fault "${String(kind)}"; there are ${FAULTS.map((known) => known.kind).join(', ')}`,
      );
    demandTime('begin', milliseconds, 0);
    if (!this.happens()) return;
    const draws = this.choices.under(`fault/${kind}`);
    const request = { target: this.target, draws, durationMicros: milliseconds * 1000, downMax: this.downMax };
    const end = this.inWorld(() => fault.inject(request));
    if (end === undefined) return;
    const mend = (): void => {
      if (this.mending.delete(mend)) end();
    };
    this.mending.add(mend);
    this.target.at(this.target.now + milliseconds * 1000, mend);
  }

  /** What is thrown in there is a finding, whatever it is. */
  private inWorld<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      this.foreign = error;
      throw error;
    }
  }

  private demandNodes(method: string, nodes: readonly number[]): void {
    if (!Array.isArray(nodes)) throw new ScenarioError(`story.${method} takes lists of nodes, not ${String(nodes)}`);
    const stranger: unknown = nodes.find((node) => !Number.isInteger(node) || node < 0 || node >= this.nodeCount);
    if (stranger === undefined && !nodes.includes(undefined as never)) return;
    const range = this.nodeCount === 1 ? 'there is node 0 alone' : `nodes are 0 to ${this.nodeCount - 1}`;
    throw new ScenarioError(`story.${method} of node ${String(stranger)}, but ${range}`);
  }

  private demandCrash(method: string, node: number, how: string, effects: number = 0): void {
    this.demandNodes(method, [node]);
    if (how !== 'crash' && how !== 'powerLoss')
      throw new ScenarioError(`story.${method} takes 'crash' or 'powerLoss', not ${String(how)}`);
    if (!Number.isInteger(effects) || effects < 0)
      throw new ScenarioError(`story.${method} takes a whole number of effects from 0, not ${String(effects)}`);
  }

  private happens(): boolean {
    return this.fates.fate() === Fate.happens;
  }

  /** The story ends: what is cut is mended, nothing planned happens any more. */
  close(): void {
    this.isOpen = false;
    for (const mend of [...this.mending]) mend();
    for (const node of this.exchanged) {
      this.exchange(node, THIS_BUILD);
      this.inWorld(() => this.target.restart(node));
    }
  }
}

function demandTime(method: string, milliseconds: number, min: number): void {
  if (typeof milliseconds === 'number' && Number.isFinite(milliseconds) && milliseconds >= min) return;
  const wanted = min > 0 ? 'more than 0' : '0 or more';
  throw new ScenarioError(`story.${method} takes milliseconds, ${wanted}, not ${JSON.stringify(milliseconds) ?? 'undefined'}`);
}

function demandCallback(method: string, act: unknown): void {
  if (typeof act !== 'function')
    throw new ScenarioError(`story.${method} takes what to do as a function: story.${method}(300, () => …)`);
}
