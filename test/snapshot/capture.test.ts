/** What is captured stays as it was, whatever is applied before it is read: vaults, sessions, the directory of vaults. */
import { expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { portableHasher } from '../../core/hasher.ts';
import { encodeSnapshotManifest } from '../../core/snapshot/manifest.ts';
import { GroupState } from '../../core/state/group-state.ts';
import { Bench, GROUP, ORGANIZATION, OTHER_VAULT, write } from '../state/support.ts';
import { builderOf, finish, type HeldSnapshot, snapshotOf } from './support.ts';

function manifestOf(snapshot: HeldSnapshot): string {
  return toHex(encodeSnapshotManifest(snapshot.manifest));
}

/** The manifest of a state that stopped after so many entries. */
function manifestAt(bench: Bench, count: number): string {
  const state = new GroupState({ group: GROUP, hasher: portableHasher, dataGroups: [GROUP] });
  for (const entry of bench.entries.slice(0, count)) state.apply(entry);
  return manifestOf(snapshotOf(state));
}

/** @returns the manifest of a capture in front of which `meanwhile` happened, and what it should be. */
function captured(meanwhile: (bench: Bench) => void): { readonly actual: string; readonly expected: string } {
  const bench = new Bench();
  bench.createVault(1000);
  bench.run([write('doc:1#viewer@user:a')], 2000);
  const count = bench.entries.length;
  const builder = builderOf(bench.state);
  meanwhile(bench);
  return { actual: manifestOf(finish(builder)), expected: manifestAt(bench, count) };
}

test('a vault that changes before it was read is in the snapshot as it was', () => {
  const { actual, expected } = captured((bench) => void bench.run([write('doc:1#viewer@user:b')], 3000));
  expect(actual).toBe(expected);
});

test('a session that is used before it was read is in the snapshot as it was', () => {
  const { actual, expected } = captured((bench) => {
    const transaction = { actor: '', reason: '', operations: [write('doc:1#viewer@user:a')] };
    const command = { kind: 'transact', ref: bench.ref(), organization: ORGANIZATION, vault: OTHER_VAULT, transaction } as const;
    bench.one(command, 3000); // there is no such vault: nothing but the session changes
  });
  expect(actual).toBe(expected);
});

test('a vault and a session that come later are not in the snapshot', () => {
  const { actual, expected } = captured((bench) => {
    bench.one({ kind: 'openSession' }, 3000);
    bench.one({ kind: 'createVault', ref: bench.ref(), organization: ORGANIZATION, vault: OTHER_VAULT }, 4000);
  });
  expect(actual).toBe(expected);
});
