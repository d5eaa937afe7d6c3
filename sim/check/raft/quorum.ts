/**
 * Quorums as the oracles count them: by their own arithmetic, so that a wrong quorum in the core is not the measure of itself.
 * Source: Ongaro 2014, 4.3: more than half of the voters, and in a joint configuration of each half.
 */
import type { NodeId } from '../../../core/ids.ts';
import type { Configuration } from '../../../core/raft/message.ts';

/** Whether those nodes, each named once, decide in that configuration. */
export function isQuorum({ voters, votersOutgoing }: Configuration, nodes: readonly NodeId[]): boolean {
  return [voters, votersOutgoing].every((half) => {
    const present = half.filter((id) => nodes.includes(id)).length;
    return half.length === 0 || 2 * present > half.length;
  });
}
