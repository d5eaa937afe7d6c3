/** Whether a node should get traffic: it belongs to a cluster, every group knows a leader, and there is little to catch up. */
import type { NodeStatus } from '../core/client/protocol.ts';

/** Committed entries not applied yet that still count as up to date. */
const APPLY_LAG_MAX = 1_000;

/** Reasons against it, as clauses for people; empty = ready. */
export function reasonsAgainst(status: NodeStatus): readonly string[] {
  if (status.cluster === undefined) return ['it belongs to no cluster yet (vouch init, or wait for the others)'];
  if (status.removed) return ['it was removed from the cluster (vouch members)'];
  if (status.groups.length === 0) return ['its log is being opened, or no member has sent it one yet'];
  const reasons: string[] = [];
  for (const { group, leader, quarantined, commitIndex, lastApplied } of status.groups) {
    if (quarantined) reasons.push(`group ${group} is quarantined`);
    else if (leader === undefined) reasons.push(`group ${group} knows no leader`);
    else if (commitIndex - lastApplied > APPLY_LAG_MAX)
      reasons.push(`group ${group} has ${commitIndex - lastApplied} entries to catch up`);
  }
  return reasons;
}
