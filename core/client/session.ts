/**
 * A client's session in one group: hands out sequence numbers and knows the lowest one still unanswered.
 *
 * Invariants: 1 <= lowestUnanswered <= nextSequence <= lowestUnanswered + SESSION_RESULTS_MAX. The last bound is what makes
 * exactly-once possible with bounded memory: a group keeps at most that many results above lowestUnanswered, so every
 * command that may be repeated still finds its result. Source: Ongaro 2014, 6.3; design 20-consensus, Sessions.
 */
import { assert } from '../assert.ts';
import type { Micros } from '../ids.ts';
import { SESSION_RESULTS_MAX } from '../limits.ts';
import type { CommandRef, SessionRef } from './protocol.ts';

export class SequenceWindow {
  readonly session: SessionRef;
  private nextSequence: number = 1;
  private lowestUnanswered: number = 1;
  /** Answered sequences above lowestUnanswered, at sequence modulo the window. */
  private readonly answeredAt: Uint8Array = new Uint8Array(SESSION_RESULTS_MAX);
  /** When a command last ran under it, or when it was opened. */
  usedAt: Micros;

  constructor(session: SessionRef, openedAt: Micros) {
    this.session = session;
    this.usedAt = openedAt;
  }

  /** Whether another command must wait for an earlier one to be answered. */
  get full(): boolean {
    return this.nextSequence - this.lowestUnanswered >= SESSION_RESULTS_MAX;
  }

  /** Whether every sequence handed out has been answered. */
  get quiet(): boolean {
    return this.nextSequence === this.lowestUnanswered;
  }

  /** The next sequence, unanswered until `answer`. */
  take(now: Micros): number {
    assert(!this.full, 'the window has room');
    const sequence = this.nextSequence;
    this.nextSequence += 1;
    this.answeredAt[sequence % SESSION_RESULTS_MAX] = 0;
    this.usedAt = now;
    return sequence;
  }

  /** The caller has its answer, or has given up: the group may forget the result. */
  answer(sequence: number): void {
    assert(sequence >= this.lowestUnanswered && sequence < this.nextSequence, 'the sequence is unanswered');
    this.answeredAt[sequence % SESSION_RESULTS_MAX] = 1;
    while (!this.quiet && this.answeredAt[this.lowestUnanswered % SESSION_RESULTS_MAX] === 1) this.lowestUnanswered += 1;
  }

  /** What a request carries. lowestUnanswered is the newest: repeating a command may let the group forget more. */
  ref(sequence: number): CommandRef {
    assert(sequence >= this.lowestUnanswered && sequence < this.nextSequence, 'the sequence is unanswered');
    return { session: this.session, sequence, lowestUnanswered: this.lowestUnanswered };
  }
}
