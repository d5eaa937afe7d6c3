/**
 * Handing leadership over: proposals stop, the target catches up, TimeoutNow makes it campaign at once.
 * Source: Ongaro 2014, 3.10. The leader goes on if the target has not taken over within an election timeout.
 */
import { NEVER, type NodeId, plus } from '../ids.ts';
import { leaveJointWhenDue } from './membership.ts';
import type { Progress } from './progress.ts';
import type { RaftState } from './state.ts';

/** @returns whether it began: this node leads and the target is another voter. */
export function transferLeadership(state: RaftState, target: NodeId): boolean {
  const peer = state.members.find(target);
  if (state.role !== 'leader' || peer === undefined || !state.members.isVoter(target)) return false;
  state.transferee = target;
  state.transferDeadline = plus(state.now, state.options.timing.electionTimeoutMinMicros);
  continueTransfer(state, peer);
  return true;
}

/** The target campaigns once it has everything. */
export function continueTransfer(state: RaftState, peer: Progress): void {
  if (state.transferee !== peer.id || peer.matchIndex !== state.log.lastIndex) return;
  state.lease.forfeit(); // the votes it asks for ignore what was promised to this leader
  state.outbox.sendNow(peer.id, { kind: 'timeoutNow', term: state.term });
}

export function abandonTransfer(state: RaftState): void {
  state.transferee = undefined;
  state.transferDeadline = NEVER;
  leaveJointWhenDue(state);
}
