/** Error replies of a replica, each in one place so that every path says the same. */
import type { ClientErrorCode, ClientResult } from '../client/protocol.ts';
import type { NodeId } from '../ids.ts';

/** How long a client should wait before it asks again, milliseconds. A fraction of an election, so that a new leader is found soon. */
export const RETRY_AFTER_MS: number = 50;

/** An error without a leader to go to. */
export function errorResult(code: ClientErrorCode, message: string, retryAfterMs: number = 0): ClientResult {
  return { kind: 'error', code, message, leader: undefined, retryAfterMs };
}

/** Go to the leader, or wait until there is one. */
export function notLeaderResult(leader: NodeId | undefined): ClientResult {
  const retryAfterMs = leader === undefined ? RETRY_AFTER_MS : 0;
  return { kind: 'error', code: 'not_leader', message: 'This node does not lead the group.', leader, retryAfterMs };
}

/** The command may or may not take effect; only the same (session, sequence) can tell. */
export function unknownOutcomeResult(): ClientResult {
  return errorResult(
    'unknown_outcome',
    'Leadership was lost after the command was appended; ask again under the same session and sequence.',
  );
}

/** This node cannot answer for the group; its siblings and the other nodes can. */
export function quarantinedResult(): ClientResult {
  return errorResult('quarantined', 'This group is quarantined on this node; ask another node.', RETRY_AFTER_MS);
}

/** The cluster goes on without this node. */
export function removedResult(): ClientResult {
  return errorResult('unavailable', 'This node was removed from the cluster; ask another one.', RETRY_AFTER_MS);
}

/** Only of nodes that were started without keys, as tests and benchmarks do. */
export function signsNothing(): ClientResult {
  return errorResult('unavailable', 'This node has no key and signs no checkpoints: ask another one.');
}
