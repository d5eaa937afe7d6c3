/**
 * Which nodes can be lost for good: in every group that they are a member of, two voters or more are left that run, hear of everything that was
 * committed on their own disks, and decide without it; and no change of members is on its way, or wanted, that counts on it. It is a member, as the directory
 * says: one that is only asked for would come in after it is lost.
 */
import { GLOBAL_GROUP, type GroupId, type NodeId } from '../core/ids.ts';
import { isJoint, membersOf } from '../core/raft/configuration.ts';
import type { Replica } from '../core/replica/replica.ts';
import { newestLeader } from './check/newest-leader.ts';
import type { RaftWatch } from './check/raft/watch.ts';
import type { VirtualNode } from './node.ts';
import type { VouchShape } from './vouch.ts';

type Nodes = readonly VirtualNode<VouchShape, Replica>[];

/** With fewer voters the others are no quorum. */
const VOTERS_MIN = 3;

export function isExpendable(nodes: Nodes, groups: readonly GroupId[], watch: RaftWatch, index: number): boolean {
  const entries = newestLeader(nodes, GLOBAL_GROUP)?.state.topology?.members.entries ?? [];
  if (!entries.some(({ id, removed }) => id === nodes[index]?.id && !removed)) return false;
  const leaving = entries.filter(({ removed }) => removed).map(({ id }) => id);
  const staysLearner = entries.some(({ id, role }) => id === nodes[index]?.id && role === 'learner');
  return groups.every((group) => canGroupLose(nodes, group, { watch, index, leaving, staysLearner }));
}

interface Loss {
  readonly watch: RaftWatch;
  readonly index: number;
  /** Members that are to go. */
  readonly leaving: readonly NodeId[];
  /** It is a learner for good; any other learner is made a voter as soon as it has caught up, and that may be decided by now. */
  readonly staysLearner: boolean;
}

function canGroupLose(nodes: Nodes, group: GroupId, { watch, index, leaving, staysLearner }: Loss): boolean {
  const leader = newestLeader(nodes, group);
  if (leader === undefined) return false;
  const { raft } = leader;
  const { index: changedAt, configuration } = raft.newestConfiguration;
  if (isJoint(configuration) || changedAt > raft.commitIndex) return false;
  if (configuration.voters.some((id) => leaving.includes(id))) return false;
  const lost = nodes[index]?.id;
  if (lost === undefined || !membersOf(configuration).includes(lost)) return true;
  if (configuration.learners.includes(lost) && staysLearner) return true;
  if (new Set([...configuration.voters, lost]).size < VOTERS_MIN) return false;
  const committed = watch.committedIn(group);
  return nodes
    .filter(({ id }) => id !== lost && configuration.voters.includes(id))
    .every((node) => {
      const copy = node.running ? node.core?.group(group) : undefined;
      return copy !== undefined && !copy.quarantined && watch.durableLast(node.index, group) >= committed;
    });
}
