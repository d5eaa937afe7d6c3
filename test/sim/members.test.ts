/** Worlds in which members come and go: they change, the groups follow the directory, and the oracles notice what does not fit. */
import { describe, expect, test } from 'vitest';
import type { GroupId, NodeId } from '../../core/ids.ts';
import { nativePrimitives } from '../../node/cli/native-primitives.ts';
import { RecoveryIsLegal } from '../../sim/check/raft/recovery-is-legal.ts';
import { GroupView } from '../../sim/check/raft/view.ts';
import { runSeed } from '../../sim/run.ts';
import { Choices } from '../../sim/tape.ts';
import { Operator } from '../../sim/workload/operator.ts';

const WORDS = [1, 2, 3, 4] as const;

describe('a world with nodes that may join', () => {
  test('changes its voters, brings learners along and lets members go, and passes', () => {
    const reached = new Set<string>();
    for (let seed = 1; seed <= 6; seed += 1) {
      const { report, marks } = runSeed({
        seed: String(seed),
        profile: 'lite',
        scenario: undefined,
        adjust: (knobs) => ({ ...knobs, spares: 2, changeMeanMicros: 300_000 }),
        primitives: nativePrimitives,
        stopwatch: () => 0,
      });
      expect(report.violation).toBeNull();
      for (const mark of marks) reached.add(mark);
    }
    expect([...reached]).toEqual(
      expect.arrayContaining(['raft.voters-changed', 'raft.learner-promoted', 'replica.group-joined', 'replica.member-let-go']),
    );
  });
});

test('a node that is lost for good is replaced or removed, and the run passes', () => {
  const { report } = runSeed({
    seed: '4',
    profile: 'lite',
    scenario: undefined,
    adjust: (knobs) => ({ ...knobs, nodes: 4, spares: 2, downMax: 1, changeMeanMicros: 1_000_000, faults: { wipe: 3 } }),
    primitives: nativePrimitives,
    stopwatch: () => 0,
  });
  expect(report.violation).toBeNull();
  expect(report.faults.wipe).toBe(1);
});

test('a learner that is about to be the second voter of two is not lost for good', () => {
  const { report } = runSeed({
    seed: '2', // its learner had caught up, and was made a voter when it was no more
    profile: 'lite',
    scenario: undefined,
    adjust: (knobs) => ({ ...knobs, nodes: 1, spares: 2, downMax: 1, changeMeanMicros: 300_000, faults: { wipe: 10 } }),
    primitives: nativePrimitives,
    stopwatch: () => 0,
  });
  expect(report.violation).toBeNull();
  expect(report.faults.wipe).toBe(1);
});

describe('the operator', () => {
  function operatorOf(founders: number): { readonly operator: Operator; readonly nodes: readonly NodeId[] } {
    const nodes = Array.from({ length: founders + 2 }, (_, node) => `node-${node}` as NodeId);
    const draws = Choices.fromSeed(WORDS).under('operator');
    const options = { nodes, founders, groups: [0 as GroupId], pauseMeanMicros: 1000, draws };
    return { operator: new Operator({ ...options, isOpen: () => true }), nodes };
  }

  test('never asks for so many removals that fewer than two voters are left, whatever becomes of them', () => {
    const { operator } = operatorOf(4);
    const gone = new Set<NodeId>();
    for (let wish = 0; wish < 2000; wish += 1) {
      const plan = operator.next();
      if (plan === undefined || plan === 'skipped' || plan.request.kind !== 'directory') continue;
      const { body } = plan.request;
      if (body.kind === 'removeMember' || body.kind === 'replaceMember') gone.add(body.node);
    }
    expect(gone.size).toBeGreaterThan(0);
    expect(4 - [...gone].filter((id) => Number(id.slice(5)) < 4).length).toBeGreaterThanOrEqual(2);
  });

  test('wishes for every kind of change', () => {
    const { operator } = operatorOf(5);
    const kinds = new Set<string>();
    for (let wish = 0; wish < 500; wish += 1) {
      const plan = operator.next();
      if (plan === undefined || plan === 'skipped') continue;
      kinds.add(plan.request.kind === 'directory' ? plan.request.body.kind : plan.request.kind);
    }
    expect([...kinds].sort()).toEqual(
      ['addMember', 'moveMember', 'preferMember', 'promoteMember', 'removeMember', 'replaceMember', 'transfer'].sort(),
    );
  });
});

describe('a group that begins anew', () => {
  const viewOf = (): GroupView =>
    new GroupView({ node: 0, id: 'node-0' as NodeId, group: 1 as GroupId, committedTerm: () => undefined });

  test('is fine where the disk held nothing of it', () => {
    expect(() => new RecoveryIsLegal().joined(viewOf())).not.toThrow();
  });

  test('has forgotten something where the disk held entries or a term of it', () => {
    const withEntries = viewOf();
    withEntries.durableTerms.push(1);
    expect(() => new RecoveryIsLegal().joined(withEntries)).toThrow('begins it anew');
    const withTerm = viewOf();
    withTerm.durableTerm = 3;
    expect(() => new RecoveryIsLegal().joined(withTerm)).toThrow('begins it anew');
  });
});
