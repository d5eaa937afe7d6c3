/** The directory's nodes: what each command changes, what it refuses and why, and that ids never come back. */
import { describe, expect, test } from 'vitest';
import { Writer } from '../../core/bytes/writer.ts';
import type { ClientResult, MemberCommand, MemberEntry } from '../../core/client/protocol.ts';
import { GLOBAL_GROUP, type NodeId } from '../../core/ids.ts';
import { MEMBERS_MAX } from '../../core/limits.ts';
import { memberOf } from '../../core/state/member-table.ts';
import { Bench } from './support.ts';

const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(32) as NodeId) as [NodeId, NodeId, NodeId, NodeId];

function clusterOf(...ids: readonly NodeId[]): Bench {
  const founders = ids.map((id) => ({ id, address: `${id[0]}:1` }));
  return new Bench({ group: GLOBAL_GROUP, dataGroups: [], founders });
}

function run(bench: Bench, body: MemberCommand): ClientResult {
  return bench.one({ kind: 'directory', ref: bench.ref(), body });
}

function add(bench: Bench, node: NodeId, address: string = `${node[0]}:1`): ClientResult {
  return run(bench, { kind: 'addMember', node, address, role: 'voter' });
}

function digestOf(bench: Bench): Uint8Array {
  const out = new Writer();
  bench.state.digest(out);
  return out.finish();
}

function list(bench: Bench): readonly MemberEntry[] {
  const result = bench.state.query({ kind: 'listMembers', consistency: 'eventual' });
  if (result.kind !== 'members') throw new Error(JSON.stringify(result));
  return result.members;
}

test('the founders are the members at the beginning, and nothing has changed', () => {
  const bench = clusterOf(A, B);
  expect(list(bench)).toEqual([memberOf(A, 'a:1'), memberOf(B, 'b:1')]);
  expect(bench.state.topology?.revision).toBe(0);
});

test('every change is the revision of its entry, and a command that changes nothing leaves it', () => {
  const bench = clusterOf(A);
  expect(add(bench, B)).toEqual({ kind: 'member', member: memberOf(B, 'b:1'), changed: true });
  const revision = bench.state.topology?.revision;
  expect(revision).toBe(bench.state.lastApplied);
  expect(add(bench, B)).toMatchObject({ changed: false });
  expect(bench.state.topology?.revision).toBe(revision);
});

test('a priority is kept through what else happens to the node, and a successor that is new has it too', () => {
  const bench = clusterOf(A, B);
  expect(run(bench, { kind: 'preferMember', node: A, priority: 100 })).toMatchObject({ changed: false });
  expect(run(bench, { kind: 'preferMember', node: A, priority: 255 })).toMatchObject({
    changed: true,
    member: { priority: 255 },
  });
  run(bench, { kind: 'moveMember', node: A, address: 'x:1' });
  run(bench, { kind: 'replaceMember', node: A, by: C, address: 'c:1' });
  run(bench, { kind: 'replaceMember', node: B, by: D, address: 'd:1' });
  expect(list(bench).map(({ id, priority }) => [id, priority])).toEqual([
    [A, 255],
    [B, 100],
    [C, 255],
    [D, 100],
  ]);
  expect(run(bench, { kind: 'preferMember', node: A, priority: 1 })).toMatchObject({ code: 'member_removed' });
});

describe('refusals', () => {
  test('an address belongs to one member, and a member to one address', () => {
    const bench = clusterOf(A);
    expect(add(bench, B, 'a:1')).toMatchObject({ kind: 'error', code: 'address_taken' });
    add(bench, B);
    expect(add(bench, B, 'x:1')).toMatchObject({ code: 'member_exists', message: expect.stringContaining('b:1') });
    expect(run(bench, { kind: 'moveMember', node: B, address: 'a:1' })).toMatchObject({ code: 'address_taken' });
    expect(run(bench, { kind: 'moveMember', node: B, address: 'x:1' })).toMatchObject({
      changed: true,
      member: { address: 'x:1' },
    });
  });

  test('nobody can be removed, promoted, replaced or moved who was never there', () => {
    const bench = clusterOf(A);
    for (const kind of ['removeMember', 'promoteMember'] as const) {
      expect(run(bench, { kind, node: B })).toMatchObject({ code: 'member_missing' });
    }
    expect(run(bench, { kind: 'moveMember', node: B, address: 'b:1' })).toMatchObject({ code: 'member_missing' });
    expect(run(bench, { kind: 'replaceMember', node: B, by: C, address: 'c:1' })).toMatchObject({ code: 'member_missing' });
  });

  test('a removed id never comes back, in no way', () => {
    const bench = clusterOf(A, B, C);
    expect(run(bench, { kind: 'removeMember', node: B })).toMatchObject({ changed: true, member: { removed: true } });
    expect(run(bench, { kind: 'removeMember', node: B })).toMatchObject({ changed: false });
    expect(add(bench, B)).toMatchObject({ code: 'member_removed' });
    expect(run(bench, { kind: 'promoteMember', node: B })).toMatchObject({ code: 'member_removed' });
    expect(run(bench, { kind: 'moveMember', node: B, address: 'y:1' })).toMatchObject({ code: 'member_removed' });
    expect(run(bench, { kind: 'replaceMember', node: A, by: B, address: 'b:1' })).toMatchObject({ code: 'member_removed' });
    expect(add(bench, D, 'b:1')).toMatchObject({ changed: true }); // its address is free
  });

  test('the last voter stays, however many learners there are', () => {
    const bench = clusterOf(A);
    run(bench, { kind: 'addMember', node: B, address: 'b:1', role: 'learner' });
    expect(run(bench, { kind: 'removeMember', node: A })).toMatchObject({ code: 'no_voter_left' });
    run(bench, { kind: 'promoteMember', node: B });
    expect(run(bench, { kind: 'removeMember', node: A })).toMatchObject({ changed: true });
  });

  test(`a cluster has at most ${MEMBERS_MAX} members`, () => {
    const bench = clusterOf(A);
    const id = (i: number): NodeId => i.toString(16).padStart(32, '0') as NodeId;
    for (let i = 1; i < MEMBERS_MAX; i += 1) expect(add(bench, id(i), `n:${i}`)).toMatchObject({ changed: true });
    expect(add(bench, B)).toMatchObject({ code: 'members_full' });
    expect(run(bench, { kind: 'replaceMember', node: A, by: B, address: 'b:1' })).toMatchObject({ code: 'members_full' });
  });
});

describe('replacing', () => {
  test('the old one is marked with its successor, which is added, even at the same address', () => {
    const bench = clusterOf(A, B);
    const replace = { kind: 'replaceMember', node: A, by: C, address: 'a:1' } as const;
    const old = { ...memberOf(A, 'a:1'), removed: true, replacedBy: C };
    expect(run(bench, replace)).toEqual({ kind: 'member', member: old, changed: true });
    expect(list(bench)).toEqual([old, memberOf(B, 'b:1'), memberOf(C, 'a:1')]);
    expect(run(bench, replace)).toMatchObject({ changed: false });
    expect(run(bench, { ...replace, by: D })).toMatchObject({ code: 'member_removed' });
  });

  test('the last voter may be replaced; a learner that replaces is to vote', () => {
    const bench = clusterOf(A);
    run(bench, { kind: 'addMember', node: B, address: 'b:1', role: 'learner' });
    expect(run(bench, { kind: 'replaceMember', node: A, by: B, address: 'b:1' })).toMatchObject({ changed: true });
    expect(list(bench)[1]).toEqual(memberOf(B, 'b:1'));
  });

  test('removing one that is being replaced ends the waiting', () => {
    const bench = clusterOf(A, B);
    run(bench, { kind: 'replaceMember', node: A, by: C, address: 'c:1' });
    expect(run(bench, { kind: 'removeMember', node: A })).toMatchObject({ changed: true, member: { replacedBy: undefined } });
  });
});

test('equal logs make equal tables, digests included, and a table in any other group is none', () => {
  const [one, two] = [clusterOf(A), clusterOf(A)];
  for (const bench of [one, two]) add(bench, B);
  expect(digestOf(two)).toEqual(digestOf(one));
  add(two, C);
  add(one, D);
  expect(digestOf(two)).not.toEqual(digestOf(one));
  const data = new Bench({});
  expect(data.one({ kind: 'directory', ref: data.ref(), body: { kind: 'removeMember', node: A } })).toMatchObject({
    code: 'group_missing',
  });
});

test('a restored row stands under its own node and decodes, or it is none', () => {
  const bench = clusterOf(A);
  add(bench, B);
  const rows = [...(bench.state.beginCapture().directoryRows({ from: Uint8Array.of(5), to: Uint8Array.of(6) }) ?? [])];
  const [own, other] = rows as [(typeof rows)[number], (typeof rows)[number]];
  const restored = clusterOf(A);
  expect(restored.state.restoreDirectoryRow(own.key, other.value)).toBe(false);
  expect(restored.state.restoreDirectoryRow(other.key.slice(0, 16), other.value)).toBe(false);
  expect(restored.state.restoreDirectoryRow(other.key, other.value.slice(0, -1))).toBe(false);
  expect(list(restored)).toEqual([memberOf(A, 'a:1')]);
  for (const { key, value } of rows) expect(restored.state.restoreDirectoryRow(key, value)).toBe(true);
  expect(list(restored)).toEqual(list(bench));
  expect(restored.state.topology?.revision).toBe(bench.state.topology?.revision);
});
