/** Decision 0058: a replica that had to pass over a vault's sections arrives where one arrives that applied them and then the deletion. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes } from '../../core/bytes/compare.ts';
import { toHex } from '../../core/bytes/text.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { LogIndex, OrganizationId, VaultId } from '../../core/ids.ts';
import type { Entry } from '../../core/raft/message.ts';
import { encodeSnapshotManifest } from '../../core/snapshot/manifest.ts';
import { historyRuns } from '../../core/snapshot/records.ts';
import type { Command } from '../../core/state/command.ts';
import { joinEntryData, SectionForm, splitEntryData } from '../../core/state/entry-data.ts';
import { GroupState } from '../../core/state/group-state.ts';
import { shred } from '../../core/state/shredded-section.ts';
import { ulidBytes } from '../../core/state/ulid-field.ts';
import { type HeldSnapshot, restore, snapshotOf } from '../snapshot/support.ts';
import { propertyRuns } from '../support/property.ts';
import { commandOf, digestOf, LIMITS, ordered, step } from './arbitraries.ts';
import { Bench, GROUP, ORGANIZATION, OTHER_ORGANIZATION, OTHER_VAULT, set, transactionOf, VAULT } from './support.ts';

const OPTIONS = { sessionLimits: LIMITS };

function newState(): GroupState {
  return new GroupState({ group: GROUP, hasher: portableHasher, dataGroups: [GROUP], ...OPTIONS });
}

/** The entry as a node has it that destroyed the vault's key. */
function shredded(entry: Entry, vault: VaultId): Entry {
  const split = splitEntryData(entry.data);
  if (split === undefined) throw new Error('the entry splits');
  const id = toHex(ulidBytes(vault));
  const sections = split.sections.map((section) => {
    if (toHex(section.vault) !== id) return section;
    const payload = shred(portableHasher, section.payload);
    if (payload === undefined) throw new Error('the section shreds');
    return { vault: section.vault, form: SectionForm.shredded, payload };
  });
  return { ...entry, data: joinEntryData(split.wall, sections) };
}

function bytesOf(snapshot: HeldSnapshot): string {
  const chunks = snapshot.chunks.map(({ section, number, bytes }) => `${section}/${number}:${toHex(bytes)}`);
  return [toHex(encodeSnapshotManifest(snapshot.manifest)), ...chunks].join('\n');
}

const deletion = fc.record({
  before: fc.nat({ max: 25 }),
  vault: fc.constantFrom(VAULT, VAULT, OTHER_VAULT),
  organization: fc.constantFrom<OrganizationId>(ORGANIZATION, ORGANIZATION, ORGANIZATION, OTHER_ORGANIZATION),
  sequence: fc.integer({ min: 1, max: 12 }),
});

propertyRuns(
  400,
  'whichever sections of a deleted vault are shredded, in the log and in the snapshot it begins from, state and snapshot come out the same',
  fc.array(step, { maxLength: 25 }),
  fc.array(deletion, { minLength: 1, maxLength: 3 }),
  fc.infiniteStream(fc.boolean()),
  fc.nat({ max: 25 }),
  (steps, deletions, coins, start) => {
    const bench = new Bench(OPTIONS);
    bench.apply([{ kind: 'openSession' }], 1);
    const session = { group: GROUP, index: 1 as LogIndex };
    const owner = { ref: { session, sequence: 12, lowestUnanswered: 1 }, organization: ORGANIZATION };
    bench.apply([{ kind: 'createVault', ...owner, vault: VAULT }], 2);
    const snapshots: HeldSnapshot[] = [snapshotOf(bench.state)];
    const counts: number[] = [1, 1];
    /** When each deleted vault was. */
    const deletedAt = new Map<VaultId, number>();
    let wall = 2;
    for (const [i, next] of steps.entries()) {
      wall = Math.max(0, wall + next.wallStep);
      const wishes = deletions.filter(({ before }) => before === i);
      const commands: Command[] = wishes.map(({ vault, organization, sequence }) => {
        const ref = { session, sequence, lowestUnanswered: 1 };
        return { kind: 'deleteVault', ref, organization, vault };
      });
      const others = ordered(next.commands.map((item) => commandOf(item, GROUP)));
      const results = bench.apply(
        (coins.next().value as boolean) ? [...commands, ...others] : [...others, ...commands],
        wall,
        next.term,
      );
      counts.push(results.length);
      for (const vault of [VAULT, OTHER_VAULT]) {
        if (bench.state.gone.isDeleted(vault) && !deletedAt.has(vault)) deletedAt.set(vault, bench.state.lastApplied);
      }
      snapshots.push(snapshotOf(bench.state));
    }
    if (deletedAt.size === 0) return;
    const from = snapshots[Math.min(start, snapshots.length - 1)] as HeldSnapshot;
    // The replica restarts with the keys of some deleted vaults gone, and begins from the beginning or from a snapshot.
    const victims = [...deletedAt.keys()].filter(() => coins.next().value as boolean);
    const begins = (coins.next().value as boolean) ? newState() : restored(from, victims);
    const last = Math.max(...deletedAt.values());
    for (const entry of bench.entries.slice(begins.lastApplied)) {
      let seen = entry;
      for (const vault of victims) if (coins.next().value as boolean) seen = shredded(seen, vault);
      const results = begins.apply(seen);
      expect(results).toHaveLength(counts[entry.index - 1] as number);
      if (entry.index < last) continue;
      expect(begins.gone.shreddedCount).toBe(0);
    }
    expect(digestOf(begins)).toBe(digestOf(bench.state));
    expect(bytesOf(snapshotOf(begins))).toBe(bytesOf(snapshotOf(bench.state)));
    expect(begins.nextExpiry()).toEqual(bench.state.nextExpiry());
  },
);

/** A state from a snapshot whose chunks of some vaults cannot be opened any more. */
function restored(snapshot: HeldSnapshot, victims: readonly VaultId[]): GroupState {
  const isOf = (bytes: Uint8Array, vault: VaultId): boolean => toHex(bytes.subarray(0, 16)) === toHex(ulidBytes(vault));
  const state = restore(
    {
      manifest: snapshot.manifest,
      isShredded: (vault) => victims.includes(vault),
      chunk: (section, number) => {
        const bytes = snapshot.chunk(section, number);
        if (bytes === undefined || section < 3) return bytes;
        if (section === 3) return victims.some((vault) => isOf(bytes, vault)) ? new Uint8Array(0) : bytes;
        const runs = historyRuns(bytes) ?? [];
        return concatBytes(...runs.flatMap((run) => (victims.includes(run.vault) ? [] : [run.bytes])));
      },
    },
    OPTIONS,
  );
  if (typeof state === 'string') throw new Error(state);
  return state;
}

test('what the sessions kept of a deleted vault is gone, what they kept of others is not, and nothing runs twice', () => {
  const bench = new Bench();
  bench.createVault();
  const secret = bench.transact([set('k', 'secret')]);
  bench.one(secret);
  const ref = bench.ref({ lowestUnanswered: 1 });
  bench.one({ kind: 'createVault', ref, organization: ORGANIZATION, vault: OTHER_VAULT });
  const deleted = bench.one({
    kind: 'deleteVault',
    ref: bench.ref({ lowestUnanswered: 1 }),
    organization: ORGANIZATION,
    vault: VAULT,
  });
  expect(deleted).toEqual({ kind: 'vaultDeleted', vault: VAULT });
  expect(bench.state.vaultIds()).toEqual([OTHER_VAULT]);
  expect(bench.query({ kind: 'entity', key: 'k' })).toMatchObject({ code: 'vault_deleted' });
  expect(bench.one(secret)).toMatchObject({ code: 'vault_deleted' });
  const another = { ...secret, transaction: transactionOf(set('k', 'other')) } as Command;
  expect(bench.one(another)).toMatchObject({ code: 'vault_deleted' });
  expect(bench.one({ kind: 'createVault', ref, organization: ORGANIZATION, vault: OTHER_VAULT })).toMatchObject({
    kind: 'vaultCreated',
  });
  const kept = bench.state.beginCapture().sessions.image(0).kept;
  expect(kept.filter(({ vault }) => vault === VAULT)).toEqual([]);
  expect(kept.filter(({ payloadHash }) => payloadHash.every((byte) => byte === 0))).toHaveLength(1);
});

test('an id never comes back, only the owner deletes, and others are told that there is no such vault', () => {
  const bench = new Bench();
  bench.createVault();
  const remove = (organization: OrganizationId, vault: VaultId = VAULT) =>
    bench.one({ kind: 'deleteVault', ref: bench.ref(), organization, vault });
  expect(remove(OTHER_ORGANIZATION)).toMatchObject({ code: 'vault_missing' });
  expect(bench.state.vaultIds()).toEqual([VAULT]);
  expect(remove(ORGANIZATION)).toMatchObject({ kind: 'vaultDeleted' });
  expect(remove(ORGANIZATION)).toMatchObject({ kind: 'vaultDeleted' });
  expect(remove(OTHER_ORGANIZATION)).toMatchObject({ code: 'vault_missing' });
  expect(bench.createVault()).toMatchObject({ code: 'vault_deleted' });
  expect(bench.run([set('k', 'v')])).toMatchObject({ code: 'vault_deleted' });
  // Reserved and never made: a creation that is still on its way must not make it after all.
  expect(remove(ORGANIZATION, OTHER_VAULT)).toMatchObject({ kind: 'vaultDeleted' });
  expect(bench.one({ kind: 'createVault', ref: bench.ref(), organization: ORGANIZATION, vault: OTHER_VAULT })).toMatchObject({
    code: 'vault_deleted',
  });
  expect(bench.state.gone.takeNews()).toEqual([VAULT, OTHER_VAULT]);
});

test('who owns a vault is known even where its creation was shredded: somebody else’s deletion is refused there, too', () => {
  const bench = new Bench();
  bench.createVault();
  bench.one({ kind: 'deleteVault', ref: bench.ref(), organization: OTHER_ORGANIZATION, vault: VAULT });
  const at = bench.entries.length;
  bench.one({ kind: 'deleteVault', ref: bench.ref(), organization: ORGANIZATION, vault: VAULT });
  const replica = new GroupState({ group: GROUP, hasher: portableHasher, dataGroups: [GROUP] });
  for (const entry of bench.entries.slice(0, at)) replica.apply(shredded(entry, VAULT));
  expect(replica.gone.shreddedCount).toBe(1);
  expect(replica.gone.isDeleted(VAULT)).toBe(false);
  replica.apply(bench.entries[at] as Entry);
  expect(digestOf(replica)).toBe(digestOf(bench.state));
  expect(bytesOf(snapshotOf(replica))).toBe(bytesOf(snapshotOf(bench.state)));
});
