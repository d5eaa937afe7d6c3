/** Carries out what a scenario tells, on a world. */
import type { GroupId } from '../core/ids.ts';
import type { RaftWatch } from './check/raft/watch.ts';
import { blockAll, type FaultTarget } from './faults/fault.ts';
import type { StoryTeller } from './scenario.ts';
import { type Choices, type Draws, Fate } from './tape.ts';

const FIRST_DATA_GROUP = 1 as GroupId;

/** Label under which each cut and crash of a story has its fate. */
export const ACTS: string = 'story/acts';

export class StoryBook implements StoryTeller {
  readonly draws: Draws;
  private readonly fates: Draws;
  private readonly target: FaultTarget;
  private readonly watch: RaftWatch;
  private readonly mending: Set<() => void> = new Set();
  private isOpen: boolean = true;

  constructor(target: FaultTarget, watch: RaftWatch, choices: Choices) {
    this.target = target;
    this.watch = watch;
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

  isRunning(node: number): boolean {
    return this.target.isRunning(node);
  }

  split(side: readonly number[], other: readonly number[]): () => void {
    if (!this.happens()) return () => undefined;
    this.target.counts.add('partition');
    const open = blockAll(
      this.target,
      side.flatMap((a) => other.flatMap((b) => [[a, b] as const, [b, a] as const])),
    );
    const since = this.target.now;
    this.target.counts.watch?.began('partition', since);
    const mend = (): void => {
      if (!this.mending.delete(mend)) return;
      open();
      this.target.counts.watch?.ended('partition', since);
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

  private happens(): boolean {
    return this.fates.fate() === Fate.happens;
  }

  /** The story ends: what is cut is mended, nothing planned happens any more. */
  close(): void {
    this.isOpen = false;
    for (const mend of [...this.mending]) mend();
  }
}
