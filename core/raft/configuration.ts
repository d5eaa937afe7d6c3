/**
 * How one configuration becomes the next: simple changes of one voter, and into and out of joint ones. Pure.
 * Source: Ongaro 2014, 4.1 (one server at a time: any majorities before and after overlap), 4.3 (joint consensus: both halves
 * decide). Operations are applied in order and are idempotent, as in etcd/raft's confchange.
 * Not here: when a change may be proposed (membership.ts), what counts as a quorum (quorum.ts).
 */
import { assert } from '../assert.ts';
import type { NodeId } from '../ids.ts';
import type { Configuration } from './message.ts';

export type MemberChange =
  | { readonly kind: 'voter'; readonly id: NodeId }
  /** promote: becomes a voter by itself once it has caught up (4.2.1). */
  | { readonly kind: 'learner'; readonly id: NodeId; readonly promote: boolean }
  | { readonly kind: 'remove'; readonly id: NodeId };

export type ChangeRefusal =
  /** A joint configuration has to be left first. */
  | 'already_joint'
  /** There is no joint configuration to leave. */
  | 'not_joint'
  /** A group without voters cannot decide on anything. */
  | 'no_voters'
  | 'no_voters_left'
  /** One simple change alters at most one voter. */
  | 'more_than_one_voter';

export type Changed =
  | { readonly ok: true; readonly configuration: Configuration }
  | { readonly ok: false; readonly code: ChangeRefusal };

export function isJoint(configuration: Configuration): boolean {
  return configuration.votersOutgoing.length > 0;
}

/** Whether the node is a voter in either half. */
export function isVoter(configuration: Configuration, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.votersOutgoing.includes(id);
}

/** Everybody who receives the log, sorted. Who is in learnersNext is still an outgoing voter. */
export function membersOf(configuration: Configuration): readonly NodeId[] {
  return sorted([...configuration.voters, ...configuration.votersOutgoing, ...configuration.learners]);
}

/** Changes at most one voter, and any learners, in one entry. */
export function changeSimply(from: Configuration, changes: readonly MemberChange[]): Changed {
  if (isJoint(from)) return { ok: false, code: 'already_joint' };
  const configuration = apply(from, changes);
  if (configuration.voters.length === 0) return { ok: false, code: 'no_voters_left' };
  if (differingVoters(from, configuration) > 1) return { ok: false, code: 'more_than_one_voter' };
  return { ok: true, configuration };
}

/** The present voters stay as the outgoing half until the joint configuration is left. */
export function enterJoint(
  from: Configuration,
  options: { readonly changes: readonly MemberChange[]; readonly autoLeave: boolean },
): Changed {
  if (isJoint(from)) return { ok: false, code: 'already_joint' };
  if (from.voters.length === 0) return { ok: false, code: 'no_voters' };
  const joint: Configuration = { ...from, votersOutgoing: from.voters, autoLeave: options.autoLeave };
  const configuration = apply(joint, options.changes);
  if (configuration.voters.length === 0) return { ok: false, code: 'no_voters_left' };
  return { ok: true, configuration };
}

/** The incoming half decides alone from now on; voters that were to become learners become them. */
export function leaveJoint(from: Configuration): Changed {
  if (!isJoint(from)) return { ok: false, code: 'not_joint' };
  const learners = sorted([...from.learners, ...from.learnersNext]);
  return { ok: true, configuration: { ...from, votersOutgoing: [], learners, learnersNext: [], autoLeave: false } };
}

/** How many voters the incoming halves do not share. */
export function differingVoters(before: Configuration, after: Configuration): number {
  const gone = before.voters.filter((id) => !after.voters.includes(id)).length;
  return gone + after.voters.filter((id) => !before.voters.includes(id)).length;
}

function apply(from: Configuration, changes: readonly MemberChange[]): Configuration {
  let configuration = from;
  for (const change of changes) configuration = applyOne(configuration, change);
  assert(!configuration.learners.some((id) => isVoter(configuration, id)), 'a learner is not a voter');
  return configuration;
}

function applyOne(from: Configuration, change: MemberChange): Configuration {
  const { id } = change;
  const bare = without(from, id);
  if (change.kind === 'remove') return bare;
  if (change.kind === 'voter') return { ...bare, voters: sorted([...bare.voters, id]) };
  const promotable = change.promote ? sorted([...bare.promotable, id]) : bare.promotable;
  // A voter of the outgoing half stays one until the joint configuration is left, and nobody is in both roles.
  return bare.votersOutgoing.includes(id)
    ? { ...bare, promotable, learnersNext: sorted([...bare.learnersNext, id]) }
    : { ...bare, promotable, learners: sorted([...bare.learners, id]) };
}

/** The outgoing half is history: nothing changes it but leaving. */
function without(from: Configuration, id: NodeId): Configuration {
  const others = (ids: readonly NodeId[]): readonly NodeId[] => ids.filter((other) => other !== id);
  return {
    ...from,
    voters: others(from.voters),
    learners: others(from.learners),
    learnersNext: others(from.learnersNext),
    promotable: others(from.promotable),
  };
}

function sorted(ids: readonly NodeId[]): readonly NodeId[] {
  return [...new Set(ids)].sort();
}
