/**
 * Learners on their way to become voters: replication in rounds, each up to where the log ended when the round began. A round
 * within one election timeout shows that the learner would not hold up a commit for longer than a leader's crash does; then
 * it is made a voter. Source: Ongaro 2014, 4.2.1. Nothing ends the rounds of one that is too slow but its removal.
 */
import { plus } from '../ids.ts';
import { proposeConfiguration } from './membership.ts';
import type { Progress } from './progress.ts';
import type { RaftState } from './state.ts';

/** The peer has answered: its round may be over. */
export function continueCatchUp(state: RaftState, peer: Progress): void {
  const { promotable, learners } = state.members.configuration;
  if (!promotable.includes(peer.id) || !learners.includes(peer.id)) return;
  if (peer.roundEnd === 0) {
    beginRound(state, peer);
    return;
  }
  if (peer.matchIndex < peer.roundEnd) return;
  const quick = state.now <= plus(peer.roundBegan, state.options.timing.electionTimeoutMinMicros);
  if (quick && promote(state, peer)) return;
  beginRound(state, peer);
}

function beginRound(state: RaftState, peer: Progress): void {
  peer.roundEnd = state.log.lastIndex;
  peer.roundBegan = state.now;
}

/** @returns false where something else is in the way; the next round will try again. */
function promote(state: RaftState, peer: Progress): boolean {
  const changes = [{ kind: 'voter', id: peer.id }] as const;
  const promoted = proposeConfiguration(state, { changes, transition: 'auto', epoch: undefined });
  if (promoted.ok) state.mark('raft.learner-promoted');
  return promoted.ok;
}
