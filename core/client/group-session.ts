/** The commands of one group that wait for its session to be opened, or for room in its window. */
import type { GroupId, Micros } from '../ids.ts';
import { SESSION_IDLE_MICROS } from '../limits.ts';
import type { Pending } from './pending.ts';
import type { SequenceWindow } from './session.ts';

/**
 * A session unused for this long is not used again: half the time after which a group may end it, so that a client which
 * was idle opens a new one instead of risking an unknown outcome.
 */
const RENEW_AFTER_MICROS = SESSION_IDLE_MICROS / 2;

export class GroupSession {
  readonly group: GroupId;
  /** Undefined while none is open. */
  window: SequenceWindow | undefined = undefined;
  /** The operation that opens one. */
  opener: Pending | undefined = undefined;
  /** Commands without a sequence, in order of submission; finished ones are skipped. */
  private waiting: Pending[] = [];
  private head: number = 0;

  constructor(group: GroupId) {
    this.group = group;
  }

  enqueue(pending: Pending): void {
    this.waiting.push(pending);
  }

  /** The window if it may take another command now. */
  usable(now: Micros): SequenceWindow | undefined {
    const window = this.window;
    if (window?.quiet === true && now - window.usedAt >= RENEW_AFTER_MICROS) this.window = undefined;
    return this.window;
  }

  /** The next unfinished command, left in place. */
  peek(): Pending | undefined {
    while (this.head < this.waiting.length && (this.waiting[this.head] as Pending).finished) this.head += 1;
    if (this.head > 0 && this.head * 2 >= this.waiting.length) {
      this.waiting = this.waiting.slice(this.head);
      this.head = 0;
    }
    return this.waiting[this.head];
  }

  /** Removes what peek returned. */
  shift(): void {
    this.head += 1;
  }
}
