/**
 * What has been handed out to be persisted, and what of it is durable. The only place that knows the disk is behind.
 * A completion names a mark, and a mark says what had been handed out up to then. Where the log was truncated in
 * between, the mark counts only what stood below the cut, even if equal entries came back later: their copy on disk
 * is erased by the truncate record behind it, and the new copy has a mark of its own.
 */
import { assert } from '../assert.ts';
import { INDEX_ZERO, type LogIndex, maxOf, minOf, type NodeId, plus, type Term } from '../ids.ts';

interface Handout {
  readonly mark: number;
  readonly term: Term;
  readonly votedFor: NodeId | undefined;
  lastIndex: LogIndex;
}

export class Persistence {
  /** Newest mark given out. */
  mark: number = 0;
  handedTerm: Term;
  handedVotedFor: NodeId | undefined;
  /** Last entry handed out. */
  handedIndex: LogIndex;
  /** Lowest index truncated since the last hand-out, where that had been handed out before; 0 = none. */
  truncateFrom: LogIndex = INDEX_ZERO;
  durableTerm: Term;
  durableVotedFor: NodeId | undefined;
  /** Every entry up to here is durable. */
  stableIndex: LogIndex;
  /** Handed out, not durable yet; oldest first. */
  private readonly pending: Handout[] = [];

  /** Everything given is durable. */
  constructor(term: Term, votedFor: NodeId | undefined, lastIndex: LogIndex) {
    this.handedTerm = term;
    this.handedVotedFor = votedFor;
    this.handedIndex = lastIndex;
    this.durableTerm = term;
    this.durableVotedFor = votedFor;
    this.stableIndex = lastIndex;
  }

  /** Whether term or vote differ from what was handed out last. */
  hardStateChanged(term: Term, votedFor: NodeId | undefined): boolean {
    return term !== this.handedTerm || votedFor !== this.handedVotedFor;
  }

  /** Entries from `from` on were replaced in memory: neither what is on disk nor what is on its way counts for them. */
  truncated(from: LogIndex): void {
    const below = plus(from, -1);
    if (from <= this.handedIndex) {
      this.truncateFrom = this.truncateFrom === 0 ? from : minOf(this.truncateFrom, from);
      this.handedIndex = below;
    }
    this.stableIndex = minOf(this.stableIndex, below);
    for (const handout of this.pending) handout.lastIndex = minOf(handout.lastIndex, below);
  }

  /**
   * A durable snapshot stands for everything up to index. Where the log behind it did not match, nothing that was handed
   * out counts any more: the host's record of the snapshot stands behind it on disk and erases it.
   */
  restored(index: LogIndex, keepsSuffix: boolean): void {
    const covered = (other: LogIndex): LogIndex => (keepsSuffix ? maxOf(other, index) : index);
    this.handedIndex = covered(this.handedIndex);
    this.stableIndex = covered(this.stableIndex);
    for (const handout of this.pending) handout.lastIndex = covered(handout.lastIndex);
    if (this.truncateFrom !== 0) this.truncateFrom = keepsSuffix ? maxOf(this.truncateFrom, plus(index, 1)) : INDEX_ZERO;
  }

  /** Everything up to now is handed out under a new mark. */
  handOut(term: Term, votedFor: NodeId | undefined, lastIndex: LogIndex): void {
    this.mark += 1;
    this.handedTerm = term;
    this.handedVotedFor = votedFor;
    this.handedIndex = lastIndex;
    this.truncateFrom = INDEX_ZERO;
    this.pending.push({ mark: this.mark, term, votedFor, lastIndex });
  }

  /** Everything up to and including mark is durable. @returns whether that was news. */
  complete(mark: number): boolean {
    assert(mark <= this.mark, 'a completed mark was given out');
    let news = false;
    for (let oldest = this.pending[0]; oldest !== undefined && oldest.mark <= mark; oldest = this.pending[0]) {
      this.durableTerm = oldest.term;
      this.durableVotedFor = oldest.votedFor;
      this.stableIndex = oldest.lastIndex;
      this.pending.shift();
      news = true;
    }
    return news;
  }
}
