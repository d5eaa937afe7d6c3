/** What each replica believes, change by change. */
import type { NodeId } from '../../core/ids.ts';
import type { Raft } from '../../core/raft/raft.ts';
import { Bounded } from './bounded.ts';
import type { ReplicaState, StateChange } from './recording.ts';

/** Changes kept at least. */
const CHANGES_MAX = 100_000;
const FIELDS = ['role', 'term', 'vote', 'last', 'durable', 'commit', 'applied'] as const;

export const NEW_REPLICA: ReplicaState = { role: 'follower', term: 0, vote: -1, last: 0, durable: 0, commit: 0, applied: 0 };

export class ReplicaLog {
  /** What was noted last, by node and position of the group. */
  private readonly known: ReplicaState[][];
  private readonly changes: Bounded<StateChange>;
  /** What forgotten changes had led to. */
  private readonly base: Map<string, StateChange> = new Map();
  private readonly groups: readonly number[];
  private readonly indexOf: ReadonlyMap<NodeId, number>;

  constructor(ids: readonly NodeId[], groups: readonly number[]) {
    this.groups = groups;
    this.indexOf = new Map(ids.map((id, index) => [id, index]));
    this.known = ids.map(() => groups.map(() => NEW_REPLICA));
    this.changes = new Bounded(CHANGES_MAX, (change) => {
      const key = `${change.node}/${change.group}`;
      this.base.set(key, { ...this.base.get(key), ...change });
    });
  }

  /** Position of a node; -1 where it is none of the cluster. */
  nodeOf(id: NodeId): number {
    return this.indexOf.get(id) ?? -1;
  }

  /** Compares a replica with what was noted last. @param position of the group. @param durable last entry its disk holds. */
  look(
    at: number,
    node: number,
    position: number,
    replica: { readonly raft: Raft; readonly applied: number; readonly durable: number },
  ): void {
    const { raft, applied, durable } = replica;
    const row = this.known[node] as ReplicaState[];
    const old = row[position] as ReplicaState;
    const vote = raft.votedFor === undefined ? -1 : this.nodeOf(raft.votedFor);
    const isSame =
      old.commit === raft.commitIndex &&
      old.last === raft.lastIndex &&
      old.applied === applied &&
      old.durable === durable &&
      old.role === raft.role &&
      old.term === raft.term &&
      old.vote === vote;
    if (isSame) return;
    const { role, term, lastIndex: last, commitIndex: commit } = raft;
    const state: ReplicaState = { role, term, vote, last, durable, commit, applied };
    const change: Record<string, unknown> = { at, node, group: this.groups[position] };
    for (const field of FIELDS) if (state[field] !== old[field]) change[field] = state[field];
    row[position] = state;
    this.changes.push(change as unknown as StateChange);
  }

  /** In order of time; the oldest may stand for several. */
  all(): readonly StateChange[] {
    return [...this.base.values(), ...this.changes.items];
  }
}

/** Whether the change says who leads or votes, not only how far a log is. */
export function isMilestone(change: StateChange): boolean {
  return change.role !== undefined || change.term !== undefined || change.vote !== undefined;
}
