/** What a group shows of itself to operators and clients. */
import type { Writer } from '../bytes/writer.ts';
import type { GroupStatus } from '../client/protocol.ts';
import { membersOf } from '../raft/configuration.ts';
import type { ReplicaGroup } from './group.ts';

export function groupStatus({ id, raft, state, quarantined }: ReplicaGroup): GroupStatus {
  const { role, term, leader, commitIndex, lastIndex, configuration } = raft.status();
  const { learners } = configuration;
  const voters = membersOf(configuration).filter((member) => !learners.includes(member));
  return {
    group: id,
    role,
    term,
    leader,
    commitIndex,
    lastApplied: state.lastApplied,
    lastIndex,
    quarantined,
    asleep: raft.isAsleep,
    voters,
    learners,
  };
}

/** Feeds what raft decides by into a digest. */
export function digestRaft(out: Writer, { id, raft, state }: ReplicaGroup): void {
  const { role, term, votedFor, commitIndex, lastIndex, stableIndex } = raft;
  out.u32(id);
  out.text(role);
  out.text(votedFor ?? '');
  for (const counter of [term, commitIndex, lastIndex, stableIndex, state.lastApplied]) out.u64(counter);
}
