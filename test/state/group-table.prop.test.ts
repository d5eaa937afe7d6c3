/**
 * Where groups that are made later come to lie: on as many voters as there are, never on a node that has left, evenly, and the
 * same on whoever takes the rows over.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BTree } from '../../core/btree/tree.ts';
import type { MemberEntry } from '../../core/client/protocol.ts';
import type { GroupId, LogIndex, NodeId } from '../../core/ids.ts';
import { PageSpace } from '../../core/page/space.ts';
import { MemoryPageStore } from '../../core/page/store.ts';
import { GroupTable } from '../../core/state/group-table.ts';
import { tableRange } from '../../core/state/key-reader.ts';
import { memberOf } from '../../core/state/member-table.ts';

const IDS = '1234567'.split('').map((digit) => digit.repeat(32) as NodeId);
const FOUNDING = [1, 2] as GroupId[];

type Change =
  | { readonly kind: 'make'; readonly replicas: number }
  | { readonly kind: 'add'; readonly node: number }
  | { readonly kind: 'remove'; readonly node: number }
  | { readonly kind: 'replace'; readonly node: number; readonly by: number };

const node = fc.nat(IDS.length - 1);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('make' as const), replicas: fc.constantFrom(1, 3, 5) }),
  fc.record({ kind: fc.constant('add' as const), node }),
  fc.record({ kind: fc.constant('remove' as const), node }),
  fc.record({ kind: fc.constant('replace' as const), node, by: node }),
);

/** Members as the member table would have them: tombstones stay, somebody votes. */
function changed(members: readonly MemberEntry[], wish: Exclude<Change, { kind: 'make' }>): readonly MemberEntry[] {
  const id = IDS[wish.node] as NodeId;
  const present = members.find((member) => member.id === id);
  const set = (...entries: readonly MemberEntry[]): readonly MemberEntry[] =>
    [...members.filter((member) => !entries.some((entry) => entry.id === member.id)), ...entries].sort((a, b) =>
      a.id < b.id ? -1 : 1,
    );
  if (wish.kind === 'add') return present === undefined ? set(memberOf(id, 'h:1')) : members;
  if (present === undefined || present.removed) return members;
  if (wish.kind === 'remove') {
    return votersOf(members).length === 1 ? members : set({ ...present, removed: true, replacedBy: undefined });
  }
  const by = IDS[wish.by] as NodeId;
  const heir = members.find((member) => member.id === by) ?? memberOf(by, 'h:2');
  return heir.removed || by === id ? members : set({ ...present, removed: true, replacedBy: by }, heir);
}

function votersOf(members: readonly MemberEntry[]): readonly NodeId[] {
  return members.filter(({ removed }) => !removed).map(({ id }) => id);
}

function run(changes: readonly Change[]): {
  readonly table: GroupTable;
  readonly rows: BTree;
  readonly members: readonly MemberEntry[];
} {
  const rows = new BTree(new PageSpace(new MemoryPageStore()));
  const table = new GroupTable(rows, FOUNDING);
  let members: readonly MemberEntry[] = IDS.slice(0, 3).map((id) => memberOf(id, 'h:1'));
  for (const [i, wish] of changes.entries()) {
    const index = (i + 1) as LogIndex;
    if (wish.kind === 'make') {
      const made = table.make(wish.replicas, members, index);
      expect(made.ok).toBe(votersOf(members).length >= wish.replicas);
    } else {
      members = changed(members, wish);
      table.follow(members, index);
    }
  }
  return { table, rows, members };
}

test('a group is on as many voters as it asked for, or on all that there are, and on nobody else', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const { table, members } = run(changes);
      const voters = votersOf(members);
      for (const placed of table.entries) {
        expect(placed.voters).toEqual([...new Set(placed.voters)].sort());
        expect(placed.voters.every((id) => voters.includes(id))).toBe(true);
        expect(placed.voters).toHaveLength(Math.min(placed.replicas, voters.length));
      }
    }),
  );
});

test('groups are numbered one by one behind those that the cluster began with, and keep their founders', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const { table } = run(changes);
      expect(table.entries.map(({ group }) => group)).toEqual(table.entries.map((_, i) => FOUNDING.length + 1 + i));
      for (const { founders, replicas } of table.entries) expect(founders).toHaveLength(replicas);
    }),
  );
});

test('who takes the rows over has the same groups and the same revision', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const { table, rows } = run(changes);
      const copy = new GroupTable(new BTree(new PageSpace(new MemoryPageStore())), FOUNDING);
      for (const number of [6, 7]) {
        for (const { key, value } of rows.scan(tableRange(number))) expect(copy.restoreRow(key, value)).toBe(true);
      }
      expect(copy.entries).toEqual(table.entries);
      expect(copy.revision).toBe(table.revision);
    }),
  );
});

test('nodes hold equally many, a node that goes leaves its groups to its heir, and without one they are spread', () => {
  const members = IDS.slice(0, 6).map((id) => memberOf(id, 'h:1'));
  const table = new GroupTable(new BTree(new PageSpace(new MemoryPageStore())), FOUNDING);
  for (let i = 1; i <= 40; i += 1) table.make(3, members, i as LogIndex);
  const load = (id: NodeId): number => table.entries.filter(({ voters }) => voters.includes(id)).length;
  expect(members.map(({ id }) => load(id))).toEqual([20, 20, 20, 20, 20, 20]);
  const [a, b, g] = [IDS[0], IDS[1], IDS[6]] as [NodeId, NodeId, NodeId];
  const replaced = members.map((member) => (member.id === a ? { ...member, removed: true, replacedBy: g } : member));
  table.follow([...replaced, memberOf(g, 'h:1')], 41 as LogIndex);
  expect([load(a), load(g)]).toEqual([0, 20]);
  table.follow(
    [...replaced, memberOf(g, 'h:1')].map((member) => (member.id === b ? { ...member, removed: true } : member)),
    42 as LogIndex,
  );
  expect(load(b)).toBe(0);
  // Its groups were on the first three nodes: the others share them, as evenly as 20 go by 3.
  expect([2, 3, 4, 5, 6].map((i) => load(IDS[i] as NodeId))).toEqual([20, 27, 27, 26, 20]);
});
