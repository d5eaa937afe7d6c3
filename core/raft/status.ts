/** The read-only view of a group's state. Allocates: not for hot paths. */
import type { Progress } from './progress.ts';
import type { PeerStatus, RaftStatus } from './ready.ts';
import type { RaftState } from './state.ts';

export function statusOf(state: RaftState): RaftStatus {
  const { log, persistence, members } = state;
  const leads = state.role === 'leader';
  return {
    id: state.id,
    role: state.role,
    term: state.term,
    votedFor: state.votedFor,
    leader: state.leader,
    commitIndex: log.commitIndex,
    lastIndex: log.lastIndex,
    lastTerm: log.lastTerm,
    stableIndex: persistence.stableIndex,
    durableTerm: persistence.durableTerm,
    durableVotedFor: persistence.durableVotedFor,
    ownTermCommitted: leads && state.ownTermCommitted(),
    configuration: members.configuration,
    epoch: state.configurations.newest.index,
    baseIndex: log.baseIndex,
    peers: leads ? members.peers.map((peer) => peerStatus(peer, members.isVoter(peer.id))) : [],
    pendingReads: state.reads.pending,
    uncommittedBytes: state.uncommittedBytes,
    dropped: state.dropped,
  };
}

function peerStatus(peer: Progress, voter: boolean): PeerStatus {
  const { id, state, matchIndex, nextIndex, paused, pendingIndex: pendingSnapshot, inflight, lastHeard } = peer;
  return { id, voter, state, matchIndex, nextIndex, paused, pendingSnapshot, inflightAppends: inflight.count, lastHeard };
}
