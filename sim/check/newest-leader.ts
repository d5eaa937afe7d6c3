/** Who leads a group by the newest term that anybody leads: an older leader may not have heard of it yet. */
import type { GroupId } from '../../core/ids.ts';
import type { ReplicaGroup } from '../../core/replica/group.ts';
import type { Replica } from '../../core/replica/replica.ts';
import type { VirtualNode } from '../node.ts';
import type { VouchShape } from '../vouch.ts';

/** @returns its replica of the group; undefined where nobody that runs leads. */
export function newestLeader(nodes: readonly VirtualNode<VouchShape, Replica>[], group: GroupId): ReplicaGroup | undefined {
  let newest: ReplicaGroup | undefined;
  for (const { running, core } of nodes) {
    const replica = running ? core?.group(group) : undefined;
    if (replica === undefined || replica.quarantined || replica.raft.role !== 'leader') continue;
    if (newest === undefined || replica.raft.term > newest.raft.term) newest = replica;
  }
  return newest;
}
