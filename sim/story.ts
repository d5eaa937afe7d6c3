/** Carries out what a scenario tells, on a world. */
import { assert } from '../core/assert.ts';
import type { GroupId } from '../core/ids.ts';
import type { RaftWatch } from './check/raft/watch.ts';
import type { FaultKind } from './faults/counts.ts';
import { blockAll, type FaultTarget } from './faults/fault.ts';
import { FAULTS } from './faults/registry.ts';
import type { StoryTeller } from './scenario.ts';
import { type Choices, type Draws, Fate } from './tape.ts';

const FIRST_DATA_GROUP = 1 as GroupId;

/** Label under which each cut and crash of a story has its fate. */
export const ACTS: string = 'story/acts';

export interface StoryOptions {
  readonly target: FaultTarget;
  readonly watch: RaftWatch;
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
  private readonly watch: RaftWatch;
  private readonly askForTransfer: StoryOptions['askForTransfer'];
  private readonly mending: Set<() => void> = new Set();
  private isOpen: boolean = true;

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

  after(milliseconds: number, act: () => void): void {
    this.target.at(this.target.now + milliseconds * 1000, () => {
      if (this.isOpen) act();
    });
  }

  every(milliseconds: number, act: () => void): void {
    this.after(milliseconds, () => {
      act();
      this.every(milliseconds, act);
    });
  }

  leader(): number {
    return this.watch.leaderOf(FIRST_DATA_GROUP);
  }

  busiest(): number {
    return this.watch.busiest();
  }

  isRunning(node: number): boolean {
    return this.target.isRunning(node);
  }

  split(side: readonly number[], other: readonly number[]): () => void {
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
    if (this.happens()) this.target.crash(node, how);
  }

  crashAfter(node: number, effects: number, how: 'crash' | 'powerLoss'): void {
    if (this.happens()) this.target.planCrash(node, { effects, fromNextPersist: false, how });
  }

  crashWhileWriting(node: number, effects: number, how: 'crash' | 'powerLoss'): void {
    if (this.happens()) this.target.planCrash(node, { effects, fromNextPersist: true, how });
  }

  restart(node: number): void {
    this.target.restart(node);
  }

  silence(from: readonly number[], to: readonly number[]): () => void {
    const directions = from.flatMap((a) => to.flatMap((b) => (a === b ? [] : [[a, b] as const])));
    return this.cut('oneWay', directions);
  }

  pause(node: number, milliseconds: number): void {
    if (!this.target.isRunning(node) || !this.happens()) return;
    this.target.counts.add('pause');
    this.target.pause(node, milliseconds * 1000);
  }

  transfer(to?: number): void {
    if (this.happens()) this.askForTransfer(FIRST_DATA_GROUP, to);
  }

  begin(kind: FaultKind, milliseconds: number): void {
    const fault = FAULTS.find((known) => known.kind === kind);
    assert(fault !== undefined, 'a story begins faults that the nemesis knows');
    if (!this.happens()) return;
    const draws = this.choices.under(`fault/${kind}`);
    const end = fault.inject({ target: this.target, draws, durationMicros: milliseconds * 1000, downMax: this.downMax });
    if (end === undefined) return;
    const mend = (): void => {
      if (this.mending.delete(mend)) end();
    };
    this.mending.add(mend);
    this.target.at(this.target.now + milliseconds * 1000, mend);
  }

  private happens(): boolean {
    return this.fates.fate() === Fate.happens;
  }

  /** The story ends: what is cut is mended, nothing planned happens any more. */
  close(): void {
    this.isOpen = false;
    for (const mend of [...this.mending]) mend();
  }
}
