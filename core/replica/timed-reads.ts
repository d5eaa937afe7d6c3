/**
 * Reads at a time that wait on the leader until an entry behind that time is applied: then no entry to come can have a time
 * at or before it, because entry times grow along the log (state/group-state.ts). That, and nothing beside the log, is the
 * closed timestamp. What is in flight is not applied yet, so it cannot be overlooked.
 */
import type { Micros } from '../ids.ts';
import { maxOf } from '../ids.ts';
import type { PendingRead } from './pending-reads.ts';

interface TimedRead {
  readonly time: Micros;
  readonly read: PendingRead;
}

const NO_READS: readonly PendingRead[] = [];

export class TimedReads {
  private waiting: TimedRead[] = [];
  private readonly waitingMax: number;

  /** @param waitingMax reads that wait at most. */
  constructor(waitingMax: number) {
    this.waitingMax = waitingMax;
  }

  /** @returns false = overloaded. */
  enqueue(time: Micros, read: PendingRead): boolean {
    if (this.waiting.length >= this.waitingMax) return false;
    this.waiting.push({ time, read });
    return true;
  }

  /** The latest time that somebody waits for. */
  get latest(): Micros | undefined {
    let latest: Micros | undefined;
    for (const { time } of this.waiting) latest = latest === undefined ? time : maxOf(latest, time);
    return latest;
  }

  /** Removes the reads that a state may answer whose newest entry has this time. */
  takeReady(applied: Micros): readonly PendingRead[] {
    if (this.waiting.length === 0) return NO_READS;
    const ready = this.waiting.filter(({ time }) => time < applied);
    if (ready.length > 0) this.waiting = this.waiting.filter(({ time }) => time >= applied);
    return ready.map(({ read }) => read);
  }

  /** Gives up everything: leadership is lost, or the group quarantined. */
  drain(): readonly PendingRead[] {
    const all = this.waiting.map(({ read }) => read);
    this.waiting = [];
    return all;
  }
}
