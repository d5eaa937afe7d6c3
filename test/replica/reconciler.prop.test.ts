/**
 * The reconciler against a model of a group: whatever the directory wants and however it changes its mind, the group gets
 * there, by changes of at most one voter, and never to where it could not decide.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MemberEntry } from '../../core/client/protocol.ts';
import type { NodeId } from '../../core/ids.ts';
import { changeSimply, differingVoters, membersOf } from '../../core/raft/configuration.ts';
import { type Configuration, configurationOf } from '../../core/raft/message.ts';
import { nextStep, type Step } from '../../core/replica/reconciler.ts';
import { memberOf } from '../../core/state/member-table.ts';
import { property } from '../support/property.ts';

const IDS: readonly NodeId[] = ['a', 'b', 'c', 'd', 'e', 'f'].map((digit) => digit.repeat(32) as NodeId);
const FOUNDERS = IDS.slice(0, 3);
const STEPS_MAX = 60;

/** What the directory may say of a node that is no founder, or of a founder. */
const wish = fc.record({
  isKnown: fc.boolean(),
  isRemoved: fc.boolean(),
  isLearner: fc.boolean(),
  successor: fc.option(fc.nat({ max: IDS.length - 1 }), { nil: undefined }),
});

/** A directory that keeps its own rules: founders are known, tombstones may name a successor that is known, somebody votes. */
const directory: fc.Arbitrary<readonly MemberEntry[]> = fc
  .array(wish, { minLength: IDS.length, maxLength: IDS.length })
  .map((wishes) => {
    const known = IDS.filter((id, i) => FOUNDERS.includes(id) || wishes[i]?.isKnown === true);
    return known.map((id): MemberEntry => {
      const { isRemoved, isLearner, successor } = wishes[IDS.indexOf(id)] as (typeof wishes)[number];
      const by = IDS[successor ?? -1];
      const replacedBy = isRemoved && by !== undefined && by !== id && known.includes(by) ? by : undefined;
      const role = isLearner && !FOUNDERS.includes(id) ? 'learner' : 'voter';
      return { ...memberOf(id, `${id[0]}:1`), role, removed: isRemoved, replacedBy };
    });
  })
  .filter((members) => members.some(({ removed, role }) => !removed && role === 'voter'));

interface Group {
  configuration: Configuration;
  leader: NodeId;
}

/** Carries a step out as raft does; a learner that is promotable has always caught up. */
function carryOut(group: Group, step: Step): void {
  if (step.kind === 'change') {
    const changed = changeSimply(group.configuration, [step.change]);
    if (!changed.ok) throw new Error(changed.code);
    expect(differingVoters(group.configuration, changed.configuration)).toBeLessThanOrEqual(1);
    expect(changed.configuration.voters).toContain(group.leader);
    group.configuration = changed.configuration;
  } else if (step.kind === 'handOver') {
    group.leader = group.configuration.voters.find((id) => id !== group.leader) as NodeId;
  }
  const promoted = group.configuration.learners.find((id) => group.configuration.promotable.includes(id));
  if (promoted === undefined) return;
  const changed = changeSimply(group.configuration, [{ kind: 'voter', id: promoted }]);
  if (changed.ok) group.configuration = changed.configuration;
}

/** Works until nothing is left to do. @returns how many steps that took. */
function work(group: Group, members: readonly MemberEntry[], isAlive: (id: NodeId) => boolean): number {
  for (let count = 0; count < STEPS_MAX; count += 1) {
    const step = nextStep({ self: group.leader, configuration: group.configuration, members, isAlive });
    const before = JSON.stringify(group);
    carryOut(group, step);
    if (step.kind === 'settled' || (step.kind === 'wait' && JSON.stringify(group) === before)) return count;
  }
  throw new Error('it never settles');
}

/** The first of its successors that was not removed itself; undefined where they end, or come round. */
function heirOf(members: readonly MemberEntry[], member: MemberEntry, seen: readonly NodeId[] = []): MemberEntry | undefined {
  const next = members.find(({ id }) => id === member.replacedBy);
  if (next === undefined || seen.includes(next.id)) return undefined;
  return next.removed ? heirOf(members, next, [...seen, next.id]) : next;
}

property('a group becomes what the directory wants, whatever that is and was', directory, directory, (first, then) => {
  const group: Group = { configuration: configurationOf(FOUNDERS), leader: FOUNDERS[0] as NodeId };
  work(group, first, () => true);
  // A directory never forgets: what was known stays known, and what was removed stays removed.
  const members = IDS.flatMap((id): MemberEntry[] => {
    const [old, now] = [first.find((entry) => entry.id === id), then.find((entry) => entry.id === id)];
    return old?.removed === true ? [old] : now !== undefined ? [now] : old !== undefined ? [old] : [];
  });
  fc.pre(members.some(({ removed, role }) => !removed && role === 'voter'));
  work(group, members, () => true);
  const present = members.filter(({ removed }) => !removed).map(({ id }) => id);
  for (const id of present) expect(membersOf(group.configuration)).toContain(id);
  for (const { id, removed, role } of members) {
    if (!removed && role === 'voter') expect(group.configuration.voters).toContain(id);
  }
  for (const member of members) {
    // Who is to be replaced by a learner waits until somebody promotes that one.
    const waits = heirOf(members, member)?.role === 'learner';
    if (member.removed && !waits) expect(membersOf(group.configuration)).not.toContain(member.id);
  }
});

property(
  'no voter is let go whose absence would leave the others that are alive without a majority',
  directory,
  fc.nat(),
  (members, dead) => {
    const alive = (id: NodeId): boolean => id !== IDS[dead % IDS.length];
    const group: Group = { configuration: configurationOf(FOUNDERS), leader: FOUNDERS.find(alive) as NodeId };
    for (let count = 0; count < STEPS_MAX; count += 1) {
      const step = nextStep({ self: group.leader, configuration: group.configuration, members, isAlive: alive });
      if (step.kind === 'change' && step.change.kind === 'remove' && group.configuration.voters.includes(step.change.id)) {
        const gone = step.change.id;
        const rest = group.configuration.voters.filter((id) => id !== gone);
        expect(rest.filter(alive).length).toBeGreaterThan(rest.length / 2);
      }
      if (step.kind !== 'change') return;
      const changed = changeSimply(group.configuration, [step.change]);
      if (changed.ok) group.configuration = changed.configuration;
    }
  },
);

test('a member that the directory does not know is left alone: the view may be older than the group', () => {
  const configuration = configurationOf(IDS.slice(0, 4));
  const members = FOUNDERS.map((id) => memberOf(id, 'h:1'));
  expect(nextStep({ self: FOUNDERS[0] as NodeId, configuration, members, isAlive: () => true })).toEqual({ kind: 'settled' });
});

test('while a configuration is joint nothing is begun', () => {
  const configuration = { ...configurationOf(FOUNDERS), votersOutgoing: IDS.slice(0, 2), autoLeave: true };
  const members = IDS.map((id) => memberOf(id, 'h:1'));
  expect(nextStep({ self: FOUNDERS[0] as NodeId, configuration, members, isAlive: () => true })).toEqual({ kind: 'wait' });
});
