/** The set of sleeping groups against a Map, and its sum against the set: equal sets, and only those, have equal sums. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GroupId, Term } from '../../core/ids.ts';
import { Sleepers } from '../../core/replica/sleepers.ts';

const group = fc.nat(12).map((id) => id as GroupId);
const term = fc.oneof(fc.nat(3), fc.constantFrom(2 ** 32, 2 ** 32 + 1, 2 ** 48)).map((value) => value as Term);
const change = fc.record({ group, term, isAsleep: fc.boolean() });
type Change = { readonly group: GroupId; readonly term: Term; readonly isAsleep: boolean };

function changed(changes: readonly Change[]): { readonly sleepers: Sleepers; readonly model: Map<GroupId, Term> } {
  const sleepers = new Sleepers();
  const model = new Map<GroupId, Term>();
  for (const each of changes) {
    sleepers.remove(each.group);
    model.delete(each.group);
    if (!each.isAsleep) continue;
    sleepers.add(each.group, each.term);
    model.set(each.group, each.term);
  }
  return { sleepers, model };
}

function entriesOf(model: ReadonlyMap<GroupId, Term>): readonly { readonly group: GroupId; readonly term: Term }[] {
  return [...model].map(([id, of]) => ({ group: id, term: of })).sort((a, b) => a.group - b.group);
}

test('a set of sleeping groups holds what was put into it last', () => {
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const { sleepers, model } = changed(changes);
      expect(sleepers.list()).toEqual(entriesOf(model));
      expect(sleepers.size).toBe(model.size);
    }),
  );
});

test('two sets have the same sum where they are the same, whatever was in them before, and else they have not', () => {
  fc.assert(
    fc.property(fc.array(change), fc.array(change), (first, second) => {
      const a = changed(first);
      const b = changed(second);
      const isSame = JSON.stringify(entriesOf(a.model)) === JSON.stringify(entriesOf(b.model));
      expect(a.sleepers.isSum(b.sleepers.sum())).toBe(isSame);
    }),
  );
});

test('neither does a sum hide that two groups have exchanged their terms, or that a term has passed 2^32', () => {
  const sum = (...list: readonly (readonly [number, number])[]): unknown => {
    const sleepers = new Sleepers();
    for (const [id, of] of list) sleepers.add(id as GroupId, of as Term);
    return sleepers.sum();
  };
  expect(sum([1, 2], [2, 1])).not.toEqual(sum([1, 1], [2, 2]));
  expect(sum([1, 1])).not.toEqual(sum([1, 2 ** 32 + 1]));
});
