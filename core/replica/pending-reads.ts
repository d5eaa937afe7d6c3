/**
 * Linearizable reads of one group: a read joins the next ReadIndex round, which begins after it arrived; when the round
 * is confirmed the read waits until its index is applied, then answers from the local state.
 * One round at a time: reads that arrive meanwhile share the next one, so a busy node costs one quorum round for all.
 * The newest confirmed round is remembered with the time at which it was asked for: bounded reads live on it.
 * Source: Ongaro 2014, 6.4.
 */
import type { LogIndex, Micros, RequestId } from '../ids.ts';
import type { StateQuery } from '../state/group-state.ts';
import type { FittedWrite } from './write-admission.ts';

export interface PendingRead {
  readonly request: RequestId;
  /** A write waits here, too, until it is known that this node may judge it. */
  readonly body: StateQuery | FittedWrite;
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
  private roundAskedAt: Micros = 0 as Micros;
  /** Asked at this time, a round found this index; undefined before the first. */
  private newest: { readonly askedAt: Micros; readonly index: LogIndex } | undefined = undefined;
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

  get isEmpty(): boolean {
    return this.count === 0;
  }

  /** Whether a new round should be asked for: somebody waits and none is under way. */
  get wantsRound(): boolean {
    return this.waiting.length > 0 && this.round.length === 0;
  }

  /** Moves everybody who waits into a round. @returns its context, never used before by this group on this node. */
  beginRound(now: Micros): number {
    this.round = this.waiting;
    this.waiting = [];
    this.roundContext += 1;
    this.roundAskedAt = now;
    return this.roundContext;
  }

  /** A round ended. Contexts of rounds given up are ignored. @returns reads that failed. */
  endRound(context: number, ok: boolean, index: LogIndex): readonly PendingRead[] {
    if (context !== this.roundContext || this.round.length === 0) return NO_READS;
    const reads = this.round;
    this.round = NO_READS;
    if (ok) {
      this.newest = { askedAt: this.roundAskedAt, index };
      this.confirmed.push({ index, reads });
      return NO_READS;
    }
    this.count -= reads.length;
    return reads;
  }

  /** The index of the newest confirmed round if it was asked for at `since` or later. */
  confirmedSince(since: Micros): LogIndex | undefined {
    return this.newest !== undefined && this.newest.askedAt >= since ? this.newest.index : undefined;
  }

  /** Lets a read wait until an index that a round found is applied. @returns false = overloaded. */
  waitFor(read: PendingRead, index: LogIndex): boolean {
    if (this.count >= this.countMax) return false;
    this.count += 1;
    this.confirmed.push({ index, reads: [read] });
    return true;
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
