/**
 * The leader's heartbeats, and its own end when nobody answers them.
 * Source: Ongaro 2014, 3.4, 6.2 (a leader without a quorum steps down); commit capped per peer as in etcd/raft.
 */
import { type Micros, minOf, plus } from '../ids.ts';
import { renewLease } from './lease.ts';
import type { Progress } from './progress.ts';
import type { RaftState } from './state.ts';

/** Heartbeats on time, whatever else was sent: their answers also drive retries, read rounds and the lease. */
export function heartbeatDue(state: RaftState): void {
  state.heartbeatDeadline = plus(state.now, state.options.timing.heartbeatMicros);
  beginRound(state);
  renewLease(state); // a group of one answers itself
}

/** A round none of whose heartbeats has left yet: one of this turn, or a new one. Whoever answers it was led after now. */
export function beginRound(state: RaftState): void {
  const { reads, members, lease } = state;
  if (!reads.roundLeft) return;
  reads.round += 1;
  reads.roundLeft = false;
  lease.sent(reads.round, state.now);
  const { peers } = members;
  for (let i = 0; i < peers.length; i += 1) sendHeartbeat(state, peers[i] as Progress);
}

function sendHeartbeat(state: RaftState, peer: Progress): void {
  // Only as far as the peer is known to agree: it does not verify anything before it believes this.
  const commit = minOf(peer.matchIndex, state.log.commitIndex);
  state.outbox.sendNow(peer.id, { kind: 'heartbeat', term: state.term, commit, context: state.reads.round });
}

/** Steps down where no quorum has answered for an election timeout; else looks again when that could be so. */
export function checkQuorum(state: RaftState): void {
  const silent = plus(quorumLastHeard(state), state.options.timing.electionTimeoutMaxMicros);
  if (state.now < silent) state.quorumDeadline = silent;
  else {
    state.mark('raft.leader-without-quorum');
    state.becomeFollower(state.term, undefined);
  }
}

/** Since this time at least, every quorum has had a silent member. */
export function quorumLastHeard(state: RaftState): Micros {
  if (state.members.self !== undefined) state.members.self.lastHeard = state.now;
  return state.members.quorumLastHeard();
}
