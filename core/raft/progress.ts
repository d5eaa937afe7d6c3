/**
 * A member's progress as the leader sees it: probe -> replicate, back to probe when an append is refused, snapshot while it
 * needs entries that are gone.
 * Why a file of its own: every transition is here, so no other file writes these fields.
 * Source: Ongaro 2014, 3.5 and 10.2.1; the states are etcd/raft's. Invariants: matchIndex < nextIndex; snapshot => nothing inflight.
 * The leader has one for itself too: its matchIndex is what its own disk has confirmed.
 */
import { assert } from '../assert.ts';
import { INDEX_ZERO, type LogIndex, type Micros, maxOf, minOf, type NodeId, plus } from '../ids.ts';
import { Inflight } from './inflight.ts';

/** probe: one append at a time until the logs are known to meet. replicate: pipelined. snapshot: nothing until it is installed. */
export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export class Progress {
  readonly id: NodeId;
  /** Highest index known to be in the member's log and durable there. Never regresses within a term. */
  matchIndex: LogIndex = INDEX_ZERO;
  /** Next index to send. */
  nextIndex: LogIndex = plus(INDEX_ZERO, 1);
  state: ProgressState = 'probe';
  /** Probing, and the one append allowed is on its way. Cleared by its answer, or by a heartbeat's in case it was lost. */
  probeSent: boolean = false;
  /** Index of the snapshot that was offered last; 0 outside the state snapshot. */
  pendingIndex: LogIndex = INDEX_ZERO;
  /** When it was offered. */
  offeredAt: Micros = 0 as Micros;
  readonly inflight: Inflight;
  /** When the member last answered in this term; the leader's own is always the present. */
  lastHeard: Micros = 0 as Micros;
  /** Newest read round that the member has answered in this term. */
  readRound: number = 0;
  /** Highest commit index an append has told the member. */
  commitSent: LogIndex = INDEX_ZERO;
  /** A learner on its way to become a voter: the present round of catching up ends here, and began then (catch-up.ts). */
  roundEnd: LogIndex = INDEX_ZERO;
  roundBegan: Micros = 0 as Micros;

  constructor(id: NodeId, inflightAppendsMax: number, inflightBytesMax: number) {
    this.id = id;
    this.inflight = new Inflight(inflightAppendsMax, inflightBytesMax);
  }

  /** A new term of this leader begins: nothing is known of the member but that it is given time to answer. */
  reset(nextIndex: LogIndex, now: Micros): void {
    this.matchIndex = INDEX_ZERO;
    this.lastHeard = now;
    this.readRound = 0;
    this.commitSent = INDEX_ZERO;
    this.roundEnd = INDEX_ZERO;
    this.becomeProbe(nextIndex);
  }

  /** Whether another append with entries must wait for an answer. */
  get paused(): boolean {
    if (this.state === 'replicate') return this.inflight.full;
    return this.state === 'snapshot' || this.probeSent;
  }

  /** Records an append of entries up to lastIndex that has left. */
  sent(lastIndex: LogIndex, bytes: number): void {
    assert(this.state !== 'snapshot', 'nothing is appended behind a snapshot that is not there');
    if (this.state === 'probe') {
      this.probeSent = true;
      return;
    }
    if (lastIndex < this.nextIndex) return;
    this.inflight.add(lastIndex, bytes);
    this.nextIndex = plus(lastIndex, 1);
  }

  /**
   * Records an accepted append.
   * @param index last index that the member verified and made durable; it may be old news, the network may reorder.
   * @param baseIndex from there on the leader's log can serve the member: whichever snapshot it installed, it is enough.
   * @returns whether there is news: matchIndex advanced, or a probe has found where the logs meet.
   */
  accept(index: LogIndex, baseIndex: LogIndex): boolean {
    const seeking = this.state !== 'replicate';
    if (index < this.matchIndex) return false;
    if (index === this.matchIndex && !seeking) return false;
    this.matchIndex = index;
    this.nextIndex = maxOf(this.nextIndex, plus(index, 1));
    this.inflight.freeTo(index);
    if (seeking && index >= baseIndex) this.becomeReplicate();
    else if (this.state === 'probe') this.becomeProbe(plus(index, 1));
    return true;
  }

  /**
   * Records a refused append.
   * @param refused the prevIndex that did not match.
   * @param retryAt highest index at which the logs may meet, from the follower's hint.
   * @returns false where the refusal is stale: then nothing changes.
   */
  refuse(refused: LogIndex, retryAt: LogIndex): boolean {
    if (this.state === 'snapshot') return this.failSnapshot(refused);
    const floor = this.matchIndex;
    if (refused <= floor) return false;
    const probing = this.state === 'probe';
    if (probing && refused !== plus(this.nextIndex, -1)) return false;
    const next = probing ? minOf(plus(refused, -1), retryAt) : floor;
    this.becomeProbe(plus(maxOf(next, floor), 1));
    return true;
  }

  /** What the member needs is gone: it is offered a snapshot, and nothing else until it answers. */
  becomeSnapshot(index: LogIndex, now: Micros): void {
    this.state = 'snapshot';
    this.probeSent = false;
    this.pendingIndex = index;
    this.offeredAt = now;
    this.nextIndex = maxOf(plus(this.matchIndex, 1), plus(index, 1));
    this.inflight.clear();
  }

  /** The member needs a snapshot and there is none yet: the next heartbeat response asks again. */
  awaitOffer(): void {
    this.becomeProbe(plus(this.matchIndex, 1));
    this.probeSent = true;
  }

  /** Messages to the member get lost: the window is no use, one append at a time finds out what it has. */
  unreachable(): void {
    if (this.state === 'replicate') this.becomeProbe(plus(this.matchIndex, 1));
  }

  /** The member could not install what it was offered: probing begins with its next heartbeat response, not at once. */
  private failSnapshot(refused: LogIndex): boolean {
    if (refused !== this.pendingIndex) return false;
    this.awaitOffer();
    return true;
  }

  private becomeProbe(nextIndex: LogIndex): void {
    this.state = 'probe';
    this.probeSent = false;
    this.pendingIndex = INDEX_ZERO;
    this.nextIndex = nextIndex;
    this.inflight.clear();
  }

  private becomeReplicate(): void {
    this.state = 'replicate';
    this.probeSent = false;
    this.pendingIndex = INDEX_ZERO;
    this.nextIndex = plus(this.matchIndex, 1);
  }
}
