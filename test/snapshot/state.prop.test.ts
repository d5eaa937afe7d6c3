/** A state restored from a snapshot goes on exactly like the one that never stopped, and equal states have equal snapshots. */

import * as fc from 'fast-check';
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { portableHasher } from '../../core/hasher.ts';
import { encodeSnapshotManifest, isChunkOf, Section } from '../../core/snapshot/manifest.ts';
import type { Command } from '../../core/state/command.ts';
import { GroupState } from '../../core/state/group-state.ts';
import { commandOf, globalStep, ordered, type Step } from '../state/arbitraries.ts';
import { type Bench, GROUP as VAULTS_GROUP } from '../state/support.ts';
import { propertyRuns } from '../support/property.ts';
import { begun, expectEqual, GROUP, OPTIONS } from './equal.ts';
import { builderOf, finish, type HeldSnapshot, restore, snapshotOf } from './support.ts';

function commandsOf({ commands }: Pick<Step, 'commands'>): readonly Command[] {
  return ordered(commands.map((item) => commandOf(item, GROUP)));
}

function replayed(bench: Bench, count: number): GroupState {
  const state = new GroupState({ group: GROUP, hasher: portableHasher, dataGroups: [VAULTS_GROUP], ...OPTIONS });
  for (const entry of bench.entries.slice(0, count)) state.apply(entry);
  return state;
}

function bytesOf(snapshot: HeldSnapshot): string {
  const chunks = snapshot.chunks.map(({ section, number, bytes }) => `${section}/${number}:${toHex(bytes)}`);
  return [toHex(encodeSnapshotManifest(snapshot.manifest)), ...chunks].join('\n');
}

const chunkBytes = fc.constantFrom(1, 100, 700, 64 * 1024);

propertyRuns(
  150,
  'a restored state gives the same answers, proofs, headers and rows, and goes on to give them',
  fc.array(globalStep, { maxLength: 40 }),
  fc.nat({ max: 40 }),
  chunkBytes,
  (steps, at, bytes) => {
    const bench = begun();
    let restored: GroupState | undefined;
    let wall = 2;
    for (let i = 0; i <= steps.length; i += 1) {
      if (i === Math.min(at, steps.length)) {
        const snapshot = snapshotOf(bench.state, { chunkBytes: bytes });
        const outcome = restore(snapshot, OPTIONS);
        if (typeof outcome === 'string') throw new Error(outcome);
        restored = outcome;
        expectEqual(restored, bench.state);
        expect(bytesOf(snapshotOf(restored, { chunkBytes: bytes }))).toBe(bytesOf(snapshot));
      }
      const next = steps[i];
      if (next === undefined) continue;
      wall = Math.max(0, wall + next.wallStep);
      const results = bench.apply(commandsOf(next), wall, next.term);
      if (restored === undefined) continue;
      const own = restored.apply(bench.entries.at(-1) as (typeof bench.entries)[number]);
      expect(own).toEqual(results);
    }
    expectEqual(restored as GroupState, bench.state);
  },
);

propertyRuns(
  150,
  'a snapshot that is written while entries are applied is the state it was begun in',
  fc.array(globalStep, { minLength: 1, maxLength: 30 }),
  fc.nat({ max: 30 }),
  fc.nat({ max: 20 }),
  (steps, at, slices) => {
    const bench = begun();
    const before = Math.min(at, steps.length);
    let wall = 2;
    const run = (from: number, to: number): void => {
      for (const { commands, wallStep, term } of steps.slice(from, to)) {
        wall = Math.max(0, wall + wallStep);
        bench.apply(commandsOf({ commands }), wall, term);
      }
    };
    run(0, before);
    const count = bench.entries.length;
    const builder = builderOf(bench.state);
    // Something changes before the first slice too: then no vault has been read yet.
    let applied = Math.min(before + 1, steps.length);
    run(before, applied);
    let slice = 0;
    const snapshot = finish(builder, () => {
      slice += 1;
      if (slice % (slices + 1) !== 0 || applied >= steps.length) return;
      run(applied, applied + 1);
      applied += 1;
    });
    expect(bytesOf(snapshot)).toBe(bytesOf(snapshotOf(replayed(bench, count))));
    expect(bench.state.pages.space.pinnedPages).toBe(0);
  },
);

propertyRuns(
  100,
  'a chunk with any byte changed is none of the snapshot, and one of leaves has not the root of its vault either',
  fc.array(globalStep, { minLength: 5, maxLength: 20 }),
  fc.nat(),
  fc.nat(),
  fc.integer({ min: 1, max: 255 }),
  (steps, which, where, flip) => {
    const bench = begun();
    let wall = 2;
    for (const { commands, wallStep, term } of steps) {
      wall = Math.max(0, wall + wallStep);
      bench.apply(commandsOf({ commands }), wall, term);
    }
    const snapshot = snapshotOf(bench.state);
    const target = snapshot.chunks[which % snapshot.chunks.length] as (typeof snapshot.chunks)[number];
    const { section, number } = target;
    const path = snapshot.pathOf(section, number);
    expect(isChunkOf(portableHasher, snapshot.manifest, { section, number, bytes: target.bytes, path })).toBe(true);
    const bytes = target.bytes.slice();
    bytes[where % bytes.length] = (bytes[where % bytes.length] as number) ^ flip;
    expect(isChunkOf(portableHasher, snapshot.manifest, { section, number, bytes, path })).toBe(false);
    if (section !== Section.leaves) return;
    const isTarget = (asked: Section, at: number): boolean => asked === section && at === number;
    const chunk = (asked: Section, at: number) => (isTarget(asked, at) ? bytes : snapshot.chunk(asked, at));
    expect(restore({ manifest: snapshot.manifest, chunk, isShredded: () => false }, OPTIONS)).toBeTypeOf('string');
  },
);
