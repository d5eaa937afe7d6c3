/** Entries that are the same although one replica has destroyed a vault's key, and those that are not. */
import { expect, test } from 'vitest';
import { portableHasher } from '../../../core/hasher.ts';
import { joinEntryData, SectionForm, splitEntryData } from '../../../core/state/entry-data.ts';
import { shred } from '../../../core/state/shredded-section.ts';
import { sameData } from '../../../sim/check/raft/same-entry.ts';
import { Bench, set } from '../../state/support.ts';

function entryOf(value: string): Uint8Array {
  const bench = new Bench();
  bench.createVault();
  bench.run([set('k', value)]);
  return bench.entries.at(-1)?.data as Uint8Array;
}

function shredded(data: Uint8Array): Uint8Array {
  const { wall, sections } = splitEntryData(data) as NonNullable<ReturnType<typeof splitEntryData>>;
  const left = sections.map(({ vault, payload }) => ({
    vault,
    form: SectionForm.shredded,
    payload: shred(portableHasher, payload) as Uint8Array,
  }));
  return joinEntryData(wall, left);
}

test('a shredded section is the same as the one that it is left of, in either order, and as no other', () => {
  const [one, other] = [entryOf('one'), entryOf('two')];
  expect(sameData(one, entryOf('one'))).toBe(true);
  expect(sameData(one, shredded(one))).toBe(true);
  expect(sameData(shredded(one), one)).toBe(true);
  expect(sameData(shredded(one), shredded(one))).toBe(true);
  expect(sameData(one, other)).toBe(false);
  expect(sameData(one, shredded(other))).toBe(false);
  expect(sameData(shredded(one), shredded(other))).toBe(false);
  expect(sameData(one, one.slice(1))).toBe(false);
});
