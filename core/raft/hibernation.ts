/**
 * A group in which nothing happens goes to sleep: its leader sends no heartbeats, its followers wait for none. Raft itself is
 * not concerned: whoever sleeps may wake at any time, and an awake follower of a sleeping leader only campaigns in vain.
 * What heartbeats were good for is the host's meanwhile: it knows when the leader's node was last heard to lead this very term
 * (options.liveness), and wakes a follower whose leader's node has fallen silent, and a leader that hears no quorum.
 *   Leader: sleeps when everybody it hears holds everything it has, committed and durable. It drops its lease.
 *   Follower: sleeps when its leader says so and it holds everything up to there.
 * Awake again: a leader whom a client, another member or its host wants something of; a follower that hears a leader.
 * Answers that were still on their way wake nobody.
 */
import { INDEX_ZERO, maxOf, NEVER, type NodeId, plus } from '../ids.ts';
import { answerStaleLeader, followLeader, isFromLeader } from './append.ts';
import { isJoint } from './configuration.ts';
import { heartbeatDue, quorumLastHeard } from './heartbeat.ts';
import type { MessageKind, MessageOf } from './message.ts';
import type { Progress } from './progress.ts';
import type { RaftState } from './state.ts';

/** A leader to whom this is said has something to do. */
const WAKING: readonly MessageKind[] = ['preVote', 'requestVote', 'readIndex', 'wake'];

export function wakesLeader(kind: MessageKind): boolean {
  return WAKING.includes(kind);
}

/** Whether nothing is under way in the group, as its leader sees it. Who has been silent for long is not waited for. */
export function maySleep(state: RaftState): boolean {
  const { log, members, persistence, reads } = state;
  if (
    state.options.liveness === undefined ||
    state.role !== 'leader' ||
    state.asleep ||
    state.transferee !== undefined ||
    reads.pending > 0
  )
    return false;
  const { commitIndex, lastIndex } = log;
  if (commitIndex !== lastIndex || persistence.stableIndex !== lastIndex || !state.ownTermCommitted()) return false;
  if (isJoint(members.configuration) || members.hasDeparting || !members.selfVotes) return false;
  if (state.now >= plus(quorumLastHeard(state), state.options.timing.electionTimeoutMaxMicros)) return false;
  return members.peers.every((peer) => isSilent(state, peer) || isAtRest(state, peer));
}

function isSilent(state: RaftState, peer: Progress): boolean {
  return state.now >= plus(peer.lastHeard, state.options.timing.electionTimeoutMaxMicros);
}

/** Whether the peer holds everything and is what it is to be. */
function isAtRest(state: RaftState, peer: Progress): boolean {
  const { log, members } = state;
  return peer.matchIndex === log.lastIndex && peer.state === 'replicate' && !members.configuration.promotable.includes(peer.id);
}

/** The leader tells everybody it hears, and sleeps. Who was silent stays awake, and is missed when it is back. */
export function hibernate(state: RaftState): void {
  const { log, members, term } = state;
  for (const peer of members.peers) {
    // Its commit index is not verified by the receiver: only for whom it is known to be right.
    if (!isSilent(state, peer) && isAtRest(state, peer))
      state.outbox.sendNow(peer.id, { kind: 'hibernate', term, commit: log.commitIndex });
  }
  state.mark('raft.hibernated');
  state.sleep();
}

export function handleHibernate(state: RaftState, from: NodeId, message: MessageOf<'hibernate'>): void {
  if (message.term < state.term) return answerStaleLeader(state, from, INDEX_ZERO);
  if (!isFromLeader(state, message.term)) {
    state.dropped += 1;
    return;
  }
  followLeader(state, from, message);
  state.log.commitTo(message.commit);
  // A follower that holds more or less is awake, and says so when its node hears who is thought to sleep.
  if (state.log.lastIndex === message.commit) state.sleep();
  else state.mark('raft.hibernation-declined');
}

/** A follower that sleeps owes its leader what it would owe it for a heartbeat: the node that leads was heard. */
export function creditLeader(state: RaftState): void {
  if (!state.asleep || state.role !== 'follower') return;
  const at = state.options.liveness?.leaderConfirmedAt();
  if (at !== undefined) state.leaderHeard = maxOf(state.leaderHeard, at);
}

/** Ends the sleep. A follower waits for its leader as long as if its last sign of life had been a heartbeat. */
export function wake(state: RaftState): void {
  if (!state.asleep) return;
  creditLeader(state);
  state.asleep = false;
  if (state.role !== 'leader') {
    state.electionDeadline = state.members.selfVotes ? plus(state.leaderHeard, state.electionTimeoutMicros) : NEVER;
    return;
  }
  state.mark('raft.leader-woken');
  const { timing, checkQuorum, liveness } = state.options;
  for (const peer of state.members.peers) peer.lastHeard = maxOf(peer.lastHeard, liveness?.heardAt(peer.id) ?? peer.lastHeard);
  if (checkQuorum) state.quorumDeadline = plus(state.now, timing.electionTimeoutMaxMicros);
  heartbeatDue(state);
}
