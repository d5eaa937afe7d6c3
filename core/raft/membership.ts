/**
 * When a configuration may change, and what its commitment sets off. How one becomes the next is in configuration.ts.
 * Source: Ongaro 2014, 4.1 (active at append), 4.2.2 (removing the leader), 4.3 (joint consensus); the rule that nothing
 * changes before an own-term commit is the correction of 2015 to the thesis (raft-dev, "bug in single-server membership
 * changes"). At most one change is on its way; a caller that read an older configuration is refused by its epoch.
 */
import type { LogIndex, NodeId, Term } from '../ids.ts';
import { MEMBERS_MAX } from '../limits.ts';
import {
  type Changed,
  type ChangeRefusal,
  changeSimply,
  differingVoters,
  enterJoint,
  isJoint,
  leaveJoint,
  type MemberChange,
  membersOf,
} from './configuration.ts';
import { encodeConfiguration } from './configuration-bytes.ts';
import { type Configuration, EntryKind } from './message.ts';
import { appendOwn, sendAppends } from './replication.ts';
import type { RaftState } from './state.ts';

export interface ConfigurationChange {
  /** Applied in order. None: leave the joint configuration. */
  readonly changes: readonly MemberChange[];
  /**
   * auto: one entry where at most one voter changes, else as implicit. implicit: a joint configuration that the leader
   * leaves by itself. explicit: one that stays until a change without operations leaves it.
   */
  readonly transition: 'auto' | 'implicit' | 'explicit';
  /** Index of the newest configuration entry that the caller has seen, 0 = none; undefined: whichever is in force. */
  readonly epoch: LogIndex | undefined;
}

export type ConfigurationRefusal =
  | ChangeRefusal
  | 'not_leader'
  /** A configuration entry is not committed yet. */
  | 'pending_change'
  /** The leader does not know yet what is committed; it will once its term's first entry is. */
  | 'no_own_term_commit'
  | 'epoch_mismatch'
  /** Somebody is to be removed who is no member. */
  | 'unknown_member'
  | 'too_many_members';

export type ConfigurationResult =
  /** Appended and in force, not committed. The index is the new epoch. */
  | { readonly ok: true; readonly index: LogIndex; readonly term: Term }
  | { readonly ok: false; readonly code: ConfigurationRefusal; readonly leader: NodeId | undefined };

export function proposeConfiguration(state: RaftState, change: ConfigurationChange): ConfigurationResult {
  const code = refusal(state, change);
  if (code !== undefined) return { ok: false, code, leader: state.transferee ?? state.leader };
  const changed = next(state.members.configuration, change);
  if (!changed.ok) return { ok: false, code: changed.code, leader: state.leader };
  if (membersOf(changed.configuration).length > MEMBERS_MAX) {
    return { ok: false, code: 'too_many_members', leader: state.leader };
  }
  appendConfiguration(state, changed.configuration);
  return { ok: true, index: state.log.lastIndex, term: state.term };
}

function refusal(state: RaftState, change: ConfigurationChange): ConfigurationRefusal | undefined {
  const { index, configuration } = state.configurations.newest;
  if (state.role !== 'leader' || state.transferee !== undefined) return 'not_leader';
  if (change.epoch !== undefined && change.epoch !== index) return 'epoch_mismatch';
  if (!state.ownTermCommitted()) return 'no_own_term_commit';
  if (hasPendingChange(state)) return 'pending_change';
  const members = membersOf(configuration);
  const isUnknown = (one: MemberChange): boolean => one.kind === 'remove' && !members.includes(one.id);
  return change.changes.some(isUnknown) ? 'unknown_member' : undefined;
}

/** Two changes on their way could form majorities that do not overlap. */
function hasPendingChange(state: RaftState): boolean {
  return state.configurations.newest.index > state.log.commitIndex;
}

function next(from: Configuration, { changes, transition }: ConfigurationChange): Changed {
  if (changes.length === 0) return leaveJoint(from);
  if (transition !== 'auto') return enterJoint(from, { changes, autoLeave: transition === 'implicit' });
  const simple = changeSimply(from, changes);
  return simple.ok || simple.code !== 'more_than_one_voter' ? simple : enterJoint(from, { changes, autoLeave: true });
}

function appendConfiguration(state: RaftState, configuration: Configuration): void {
  if (differingVoters(state.members.configuration, configuration) > 0) state.mark('raft.voters-changed');
  if (isJoint(configuration)) state.mark('raft.joint-entered');
  else if (isJoint(state.members.configuration)) state.mark('raft.joint-left');
  appendOwn(state, { kind: EntryKind.configuration, data: encodeConfiguration(configuration) });
  sendAppends(state);
}

/**
 * The commit index moved, or a transfer ended: a joint configuration that is to be left by itself is left once it is
 * committed. A leader that inherited it knows that only from an entry of its own term on.
 */
export function leaveJointWhenDue(state: RaftState): void {
  if (state.role !== 'leader' || state.transferee !== undefined) return;
  if (!state.members.configuration.autoLeave || hasPendingChange(state) || !state.ownTermCommitted()) return;
  const left = leaveJoint(state.members.configuration);
  if (left.ok) appendConfiguration(state, left.configuration);
}

/**
 * What the commitment of a configuration ends, after everybody was told of it: who has left is told nothing more, and a
 * leader that is no voter any more steps down (4.2.2).
 */
export function concludeChange(state: RaftState): void {
  if (state.role !== 'leader' || hasPendingChange(state)) return;
  if (state.members.hasDeparting) state.configurationChanged();
  if (state.members.selfVotes) return;
  state.mark('raft.removed-leader-stepped-down');
  state.becomeFollower(state.term, undefined);
}
