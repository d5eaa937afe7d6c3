/**
 * Linearizable reads of one group: a read joins the next ReadIndex round, which begins after it arrived; when the round
 * is confirmed the read waits until its index is applied, then answers from the local state.
 * One round at a time: reads that arrive meanwhile share the next one, so a busy node costs one quorum round for all.
 * Source: Ongaro 2014, 6.4.
 */
import type { LogIndex, RequestId } from '../ids.ts';
import type { StateQuery } from '../state/group-state.ts';

export interface PendingRead {
  readonly request: RequestId;
  readonly body: StateQuery;
}

interface ConfirmedRound {
  readonly index: LogIndex;
  readonly reads: readonly PendingRead[];
}

const NO_READS: readonly PendingRead[] = [];

export class PendingReads {
  private waiting: PendingRead[] = [];
  private round: readonly PendingRead[] = NO_READS;
  private roundContext: number = 0;
  private confirmed: ConfirmedRound[] = [];
  private count: number = 0;
  private readonly countMax: number;

  /** @param countMax reads that wait for a read index or for apply at most. */
  constructor(countMax: number) {
    this.countMax = countMax;
  }

  /** @returns false = overloaded. */
  enqueue(read: PendingRead): boolean {
    if (this.count >= this.countMax) return false;
    this.count += 1;
    this.waiting.push(read);
    return true;
  }

  /** Whether a new round should be asked for: somebody waits and none is under way. */
  get wantsRound(): boolean {
    return this.waiting.length > 0 && this.round.length === 0;
  }

  /** Moves everybody who waits into a round. @returns its context, never used before by this group on this node. */
  beginRound(): number {
    this.round = this.waiting;
    this.waiting = [];
    this.roundContext += 1;
    return this.roundContext;
  }

  /** A round ended. Contexts of rounds given up are ignored. @returns reads that failed. */
  endRound(context: number, ok: boolean, index: LogIndex): readonly PendingRead[] {
    if (context !== this.roundContext || this.round.length === 0) return NO_READS;
    const reads = this.round;
    this.round = NO_READS;
    if (ok) {
      this.confirmed.push({ index, reads });
      return NO_READS;
    }
    this.count -= reads.length;
    return reads;
  }

  /** Removes the reads that a state at `applied` may answer. */
  takeReady(applied: LogIndex): readonly PendingRead[] {
    if (this.confirmed.length === 0) return NO_READS;
    const ready: PendingRead[] = [];
    const kept: ConfirmedRound[] = [];
    for (const round of this.confirmed) {
      if (round.index <= applied) ready.push(...round.reads);
      else kept.push(round);
    }
    this.confirmed = kept;
    this.count -= ready.length;
    return ready;
  }

  /** Gives up everything; for a quarantined group. */
  drain(): readonly PendingRead[] {
    const all = [...this.waiting, ...this.round, ...this.confirmed.flatMap((round) => round.reads)];
    this.waiting = [];
    this.round = NO_READS;
    this.confirmed = [];
    this.count = 0;
    return all;
  }
}
