/**
 * What a leader may commit: what a quorum has made durable, up to an entry of its own term.
 * It may commit before its own disk has finished, where a quorum of others has. Source: Ongaro 2014, 3.6.2, 10.2.1.
 */
import { plus } from '../ids.ts';
import { leaveJointWhenDue } from './membership.ts';
import { releaseWaitingReads } from './read-index.ts';
import type { RaftState } from './state.ts';

/** The leader's own disk is one voter's among others: it counts for what it has made durable. */
function countOwnWrites(state: RaftState): void {
  const { self } = state.members;
  if (self !== undefined) self.matchIndex = state.persistence.stableIndex;
}

/** Commits what a quorum has made durable. Called whenever a match index may have grown. */
export function advanceCommit(state: RaftState): void {
  if (state.role !== 'leader') return;
  countOwnWrites(state);
  const before = state.log.commitIndex;
  const quorumIndex = state.members.quorumMatchIndex();
  if (quorumIndex <= before) return;
  if (!state.isOfOwnTerm(quorumIndex)) {
    state.mark('raft.older-term-not-committed-by-counting');
    return;
  }
  if (quorumIndex > state.persistence.stableIndex) state.mark('raft.committed-before-own-disk');
  state.log.commitTo(quorumIndex);
  state.uncommittedBytes -= state.log.bytesBetween(plus(before, 1), quorumIndex);
  state.commitMoved = true;
  releaseWaitingReads(state);
  leaveJointWhenDue(state);
}
