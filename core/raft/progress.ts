/**
 * A member's progress as the leader sees it: probe -> replicate, back to probe when an append is refused.
 * Why a file of its own: every transition is here, so no other file writes these fields.
 * Source: Ongaro 2014, 3.5 and 10.2.1; the states are etcd/raft's. Invariant: matchIndex < nextIndex.
 * The leader has one for itself too: its matchIndex is what its own disk has confirmed.
 */
import { INDEX_ZERO, type LogIndex, type Micros, maxOf, minOf, type NodeId, plus } from '../ids.ts';
import { Inflight } from './inflight.ts';

/** probe: one append at a time until the logs are known to meet. replicate: pipelined. */
export type ProgressState = 'probe' | 'replicate';

export class Progress {
  readonly id: NodeId;
  /** Highest index known to be in the member's log and durable there. Never regresses within a term. */
  matchIndex: LogIndex = INDEX_ZERO;
  /** Next index to send. */
  nextIndex: LogIndex = plus(INDEX_ZERO, 1);
  state: ProgressState = 'probe';
  /** Probing, and the one append allowed is on its way. Cleared by its answer, or by a heartbeat's in case it was lost. */
  probeSent: boolean = false;
  readonly inflight: Inflight;
  /** When the member last answered in this term; the leader's own is always the present. */
  lastHeard: Micros = 0 as Micros;
  /** Newest read round that the member has answered in this term. */
  readRound: number = 0;
  /** Highest commit index an append has told the member. */
  commitSent: LogIndex = INDEX_ZERO;

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
    this.becomeProbe(nextIndex);
  }

  /** Whether another append with entries must wait for an answer. */
  get paused(): boolean {
    return this.state === 'probe' ? this.probeSent : this.inflight.full;
  }

  /** Records an append of entries up to lastIndex that has left. */
  sent(lastIndex: LogIndex, bytes: number): void {
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
   * @returns whether there is news: matchIndex advanced, or a probe has found where the logs meet.
   */
  accept(index: LogIndex): boolean {
    const probing = this.state === 'probe';
    if (index < this.matchIndex) return false;
    if (index === this.matchIndex && !probing) return false;
    this.matchIndex = index;
    this.nextIndex = maxOf(this.nextIndex, plus(index, 1));
    this.inflight.freeTo(index);
    if (probing) this.becomeReplicate();
    return true;
  }

  /**
   * Records a refused append.
   * @param refused the prevIndex that did not match.
   * @param retryAt highest index at which the logs may meet, from the follower's hint.
   * @returns false where the refusal is stale: then nothing changes.
   */
  refuse(refused: LogIndex, retryAt: LogIndex): boolean {
    const floor = this.matchIndex;
    if (refused <= floor) return false;
    const probing = this.state === 'probe';
    if (probing && refused !== plus(this.nextIndex, -1)) return false;
    const next = probing ? minOf(plus(refused, -1), retryAt) : floor;
    this.becomeProbe(plus(maxOf(next, floor), 1));
    return true;
  }

  private becomeProbe(nextIndex: LogIndex): void {
    this.state = 'probe';
    this.probeSent = false;
    this.nextIndex = nextIndex;
    this.inflight.clear();
  }

  private becomeReplicate(): void {
    this.state = 'replicate';
    this.probeSent = false;
    this.nextIndex = plus(this.matchIndex, 1);
  }
}
