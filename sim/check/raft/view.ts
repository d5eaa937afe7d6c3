/** One group on one node as the oracles know it: what memory showed last, what the disk must hold, what is on the way there. */
import type { GroupId, LogIndex, NodeId } from '../../../core/ids.ts';
import type { Entry } from '../../../core/raft/message.ts';
import type { Raft } from '../../../core/raft/raft.ts';
import type { Role } from '../../../core/raft/ready.ts';

/** What changed in the log: entries from `from` on are new, after older ones there were dropped. */
export interface Change {
  readonly from: number;
  readonly truncated: boolean;
}

/** A change on its way to the disk. */
export interface Pending {
  readonly seq: number;
  /** Log entries from this index on were replaced by `terms`; 0 where the log did not change. */
  readonly from: number;
  readonly terms: readonly number[];
  readonly term: number;
  readonly vote: NodeId | undefined;
}

export class GroupView {
  readonly node: number;
  readonly id: NodeId;
  readonly group: GroupId;
  /** The living group; undefined while the node is down. */
  raft: Raft | undefined = undefined;

  /** As seen after the last step. */
  term: number = 0;
  role: Role = 'follower';
  commit: number = 0;
  /** Terms of the log in memory, by index - 1. */
  readonly terms: number[] = [];
  /** Term and vote as noted last. */
  hardTerm: number = 0;
  vote: NodeId | undefined = undefined;

  /** What the disk must give back after any crash, unless something pending reached it too. */
  readonly durableTerms: number[] = [];
  durableTerm: number = 0;
  durableVote: NodeId | undefined = undefined;
  readonly pending: Pending[] = [];
  /** Every vote that was ever durable, by term. */
  readonly votes: Map<number, NodeId> = new Map();

  /** Term of a committed entry, for those that a snapshot stands for. */
  private readonly committedTerm: (index: number) => number | undefined;

  constructor(options: {
    readonly node: number;
    readonly id: NodeId;
    readonly group: GroupId;
    readonly committedTerm: (index: number) => number | undefined;
  }) {
    this.node = options.node;
    this.id = options.id;
    this.group = options.group;
    this.committedTerm = options.committedTerm;
  }

  get last(): number {
    return this.terms.length;
  }

  /** Takes over a freshly opened group: what it recovered is on its disk. */
  restart(raft: Raft): void {
    this.term = raft.term;
    this.role = raft.role;
    this.commit = raft.commitIndex;
    this.hardTerm = raft.term;
    this.vote = raft.votedFor;
    this.pending.length = 0;
    this.terms.length = 0;
    this.durableTerms.length = 0;
    for (let index = 1; index <= raft.lastIndex; index += 1) {
      const term = this.termAt(raft, index);
      this.terms.push(term);
      this.durableTerms.push(term);
    }
    this.setDurableHardState(raft.term, raft.votedFor);
  }

  /** Takes over a group that begins empty, with nothing on its disk. */
  begin(): void {
    this.term = 0;
    this.role = 'follower';
    this.commit = 0;
    this.hardTerm = 0;
    this.vote = undefined;
    this.pending.length = 0;
    this.terms.length = 0;
    this.durableTerms.length = 0;
    this.setDurableHardState(0, undefined);
  }

  /** Brings `terms` up to date. Same term at the last common index means the same prefix: the log matching oracle sees to that. */
  compareLog(raft: Raft): Change | undefined {
    const { terms } = this;
    const known = terms.length;
    const last = raft.lastIndex;
    if (last === known && (known === 0 || this.termAt(raft, known) === terms[known - 1])) return undefined;
    let common = Math.min(known, last);
    while (common > 0 && this.termAt(raft, common) !== terms[common - 1]) common -= 1;
    terms.length = common;
    for (let index = common + 1; index <= last; index += 1) terms.push(this.termAt(raft, index));
    return { from: common + 1, truncated: common < known };
  }

  /** Term at an index of the living log, or of what its snapshot stands for. */
  termAt(raft: Raft, index: number): number {
    if (index > raft.baseIndex) return (raft.entry(index as LogIndex) as Entry).term;
    return index === raft.baseIndex ? raft.snapshotMeta(raft.baseIndex).term : (this.committedTerm(index) ?? 0);
  }

  /** Notes what becomes durable with seq. */
  await(seq: number, raft: Raft, change: Change | undefined): void {
    this.hardTerm = raft.term;
    this.vote = raft.votedFor;
    this.pending.push({
      seq,
      from: change === undefined ? 0 : change.from,
      terms: change === undefined ? [] : this.terms.slice(change.from - 1),
      term: raft.term,
      vote: raft.votedFor,
    });
  }

  /** The process is another one: its sequences begin anew, and none of them completes what the last one had on its way. */
  forgetSequences(): void {
    for (const [i, change] of this.pending.entries()) this.pending[i] = { ...change, seq: Number.POSITIVE_INFINITY };
  }

  /** Everything up to seq reached the disk. @returns whether that changed anything here. */
  completeTo(seq: number): boolean {
    let done = 0;
    for (let next = this.pending[done]; next !== undefined && next.seq <= seq; next = this.pending[done]) {
      applyTo(this.durableTerms, next);
      this.setDurableHardState(next.term, next.vote);
      done += 1;
    }
    if (done > 0) this.pending.splice(0, done);
    return done > 0;
  }

  private setDurableHardState(term: number, vote: NodeId | undefined): void {
    this.durableTerm = term;
    this.durableVote = vote;
    if (vote !== undefined && !this.votes.has(term)) this.votes.set(term, vote);
  }
}

/** Replays a change of the log on a list of terms. */
export function applyTo(terms: number[], change: Pending): void {
  if (change.from === 0) return;
  terms.length = change.from - 1;
  for (const term of change.terms) terms.push(term);
}
