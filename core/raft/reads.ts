/**
 * Reads that wait for a read index: on the leader for a quorum round, on a follower for the leader's answer.
 * Oldest first in both, so that the first one's deadline is the earliest.
 */
import type { LogIndex, Micros, NodeId } from '../ids.ts';
import type { Random } from '../random.ts';

/** A round number that no heartbeat carries yet: the read waits for the own-term commit. */
export const ROUND_WAITING = 0;

export interface LeaderRead {
  /** Follower that asked, or undefined for a read of this node. */
  readonly from: NodeId | undefined;
  readonly context: number;
  readonly deadline: Micros;
  /** The round whose confirmation answers it, and the commit index when it arrived. */
  round: number;
  index: LogIndex;
}

export interface ForwardedRead {
  readonly context: number;
  /** What the leader is asked under. */
  readonly wireContext: number;
  readonly deadline: Micros;
}

export class Reads {
  leading: LeaderRead[] = [];
  forwarded: ForwardedRead[] = [];
  /** Newest round begun in this term. */
  round: number = 0;
  /** Whether that round's heartbeats have been handed out: what arrives from then on needs another round. */
  roundLeft: boolean = true;
  /** Newest context on the wire. */
  private wireContext: number;

  /**
   * Contexts on the wire start at a place that depends on the stream and on the time of the start, so that the answer
   * to a question asked before a restart is never taken for the answer to one asked after it.
   */
  constructor(random: Random, now: Micros) {
    this.wireContext = random.below(0x10_0000) * 0x1_0000_0000 + (now % 0x1_0000_0000);
  }

  get pending(): number {
    return this.leading.length + this.forwarded.length;
  }

  nextWireContext(): number {
    this.wireContext += 1;
    return this.wireContext;
  }

  /** A new term: rounds of the old one confirm nothing. */
  resetRounds(): void {
    this.round = 0;
    this.roundLeft = true;
  }

  /** Removes and returns the oldest leader reads for which `count` was found. */
  takeLeading(count: number): readonly LeaderRead[] {
    return this.leading.splice(0, count);
  }

  /** Removes a forwarded read by what it was asked under. */
  takeForwarded(wireContext: number): ForwardedRead | undefined {
    const at = this.forwarded.findIndex((read) => read.wireContext === wireContext);
    return at < 0 ? undefined : this.forwarded.splice(at, 1)[0];
  }
}
