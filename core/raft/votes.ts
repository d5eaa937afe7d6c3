/**
 * Answers to one election of this node, per sender: a duplicated answer is one answer.
 * Source: Ongaro 2014, 3.4. Who counts is decided in quorum.ts.
 */
import type { NodeId } from '../ids.ts';
import type { Configuration } from './message.ts';
import { type VoteOutcome, voteOutcome } from './quorum.ts';

export class Votes {
  private granted: NodeId[] = [];
  private refused: NodeId[] = [];

  /** A new election begins. */
  clear(): void {
    this.granted = [];
    this.refused = [];
  }

  /** The first answer of a sender stands. */
  record(from: NodeId, granted: boolean): void {
    if (this.has(from)) return;
    if (granted) this.granted.push(from);
    else this.refused.push(from);
  }

  outcome(configuration: Configuration): VoteOutcome {
    return voteOutcome(configuration, this.granted, this.refused);
  }

  private has(from: NodeId): boolean {
    return this.granted.includes(from) || this.refused.includes(from);
  }
}
