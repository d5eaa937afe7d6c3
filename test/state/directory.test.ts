/** The directory: names, ids, placement. */
import { expect, test } from 'vitest';
import { concatBytes } from '../../core/bytes/compare.ts';
import { Writer } from '../../core/bytes/writer.ts';
import { ulidFrom } from '../../core/chain/ulid.ts';
import type { ClientResult, DirectoryCommand, VaultEntry } from '../../core/client/protocol.ts';
import { hashOf, portableHasher } from '../../core/hasher.ts';
import { GLOBAL_GROUP, type GroupId } from '../../core/ids.ts';
import { Bench, GROUP } from './support.ts';

function directory(dataGroups: readonly number[] = [3, 1, 2]): Bench {
  return new Bench({ group: GLOBAL_GROUP, dataGroups: dataGroups as readonly GroupId[] });
}

function run(bench: Bench, body: DirectoryCommand, wall?: number): ClientResult {
  return bench.one({ kind: 'directory', ref: bench.ref(), body }, wall);
}

function reserve(bench: Bench, organization: string, name: string, allowExisting: boolean = false): ClientResult {
  return run(bench, { kind: 'reserveVault', organization, name, allowExisting });
}

function vaultOf(result: ClientResult): VaultEntry {
  if (result.kind !== 'vault') throw new Error(JSON.stringify(result));
  return result.vault;
}

function list(bench: Bench, organization: string, after: string, limit: number): { names: readonly string[]; more: boolean } {
  const result = bench.state.query({ kind: 'listVaults', organization, after, limit, consistency: 'linearizable' });
  if (result.kind !== 'vaults') throw new Error(JSON.stringify(result));
  return { names: result.vaults.map(({ name }) => name), more: result.more };
}

function lookup(bench: Bench, organization: string, name: string, id: string = ''): ClientResult {
  return bench.state.query({ kind: 'lookupVault', organization, name, id, consistency: 'linearizable' });
}

test('an id is the ULID of the entry time and of its place in the log', () => {
  const bench = directory();
  const ref = bench.ref(); // entry 1
  const create = (name: string, sequence: number) =>
    ({ kind: 'directory', ref: { ...ref, sequence }, body: { kind: 'createOrganization', name, placement: undefined } }) as const;
  const results = bench.apply([create('acme', 1), create('umbrella', 2)], 5_000_999);
  const place = new Writer();
  place.u32(0);
  place.u64(2);
  place.u32(1);
  const expected = ulidFrom(5000, hashOf(portableHasher, place.finish()));
  expect(results[1]).toEqual({ kind: 'organization', id: expected, name: 'umbrella', created: true });
  expect(results[0]).not.toMatchObject({ id: expected });
});

test('creating an organization again answers with the first id', () => {
  const bench = directory();
  const first = run(bench, { kind: 'createOrganization', name: 'acme', placement: undefined });
  expect(first).toMatchObject({ kind: 'organization', created: true });
  expect(run(bench, { kind: 'createOrganization', name: 'acme', placement: undefined })).toEqual({ ...first, created: false });
});

test('vaults go to the group with the fewest, then to the smallest number', () => {
  const bench = directory();
  run(bench, { kind: 'createOrganization', name: 'acme', placement: undefined });
  const groups = ['a', 'b', 'c', 'd'].map((name) => vaultOf(reserve(bench, 'acme', name)).group);
  expect(groups).toEqual([1, 2, 3, 1]);
});

test('a name is reserved once; whoever allows it gets the vault that is there', () => {
  const bench = directory();
  run(bench, { kind: 'createOrganization', name: 'acme', placement: undefined });
  const first = reserve(bench, 'acme', 'FGA Demo');
  expect(first).toMatchObject({ kind: 'vault', created: true });
  expect(reserve(bench, 'acme', 'FGA Demo')).toMatchObject({ kind: 'error', code: 'vault_exists' });
  expect(reserve(bench, 'acme', 'FGA Demo', true)).toEqual({ ...first, created: false });
  expect(reserve(bench, 'nobody', 'FGA Demo')).toMatchObject({ kind: 'error', code: 'organization_missing' });
});

test('a cluster without groups for vaults says so, and so does a group without a directory', () => {
  const bench = directory([]);
  run(bench, { kind: 'createOrganization', name: 'acme', placement: undefined });
  expect(reserve(bench, 'acme', 'a')).toMatchObject({ kind: 'error', code: 'group_missing' });
  const other = new Bench({ group: GROUP });
  expect(run(other, { kind: 'createOrganization', name: 'acme', placement: undefined })).toMatchObject({ code: 'group_missing' });
  expect(lookup(other, 'acme', 'a')).toMatchObject({ code: 'group_missing' });
});

test('a vault is found by name and by id, but not together with another organization', () => {
  const bench = directory();
  run(bench, { kind: 'createOrganization', name: 'acme', placement: undefined });
  run(bench, { kind: 'createOrganization', name: 'umbrella', placement: undefined });
  const vault = vaultOf(reserve(bench, 'acme', 'docs'));
  expect(vaultOf(lookup(bench, 'acme', 'docs'))).toEqual(vault);
  expect(vaultOf(lookup(bench, '', '', vault.id))).toEqual(vault);
  expect(vaultOf(lookup(bench, 'acme', '', vault.id))).toEqual(vault);
  expect(lookup(bench, 'umbrella', '', vault.id)).toMatchObject({ code: 'vault_missing' });
  expect(lookup(bench, 'umbrella', 'docs')).toMatchObject({ code: 'vault_missing' });
  expect(lookup(bench, 'nobody', 'docs')).toMatchObject({ code: 'organization_missing' });
  expect(lookup(bench, '', '', 'not a ulid')).toMatchObject({ code: 'vault_missing' });
});

test('lists are in order of names, page by page, within one organization', () => {
  const bench = directory();
  for (const organization of ['acme', 'umbrella'])
    run(bench, { kind: 'createOrganization', name: organization, placement: undefined });
  for (const name of ['b', 'ab', 'a', 'c']) reserve(bench, 'acme', name);
  reserve(bench, 'umbrella', 'aa');
  expect(list(bench, 'acme', '', 3)).toEqual({ names: ['a', 'ab', 'b'], more: true });
  expect(list(bench, 'acme', 'b', 3)).toEqual({ names: ['c'], more: false });
  expect(list(bench, 'acme', 'a', 1)).toEqual({ names: ['ab'], more: true });
  const organizations = bench.state.query({ kind: 'listOrganizations', consistency: 'eventual' });
  expect(organizations).toMatchObject({ organizations: [{ name: 'acme' }, { name: 'umbrella' }] });
});

test('the digest covers the directory', () => {
  const digestOf = (name: string): Uint8Array => {
    const bench = directory();
    run(bench, { kind: 'createOrganization', name, placement: undefined });
    const out = new Writer();
    bench.state.digest(out);
    return concatBytes(out.finish());
  };
  expect(digestOf('acme')).toEqual(digestOf('acme'));
  expect(digestOf('acme')).not.toEqual(digestOf('acmf'));
});

test('a released name is free, the id is known as deleted to its organization alone, and another vault gets another id', () => {
  const bench = directory([1]);
  run(bench, { kind: 'createOrganization', name: 'acme', placement: undefined });
  run(bench, { kind: 'createOrganization', name: 'umbrella', placement: undefined });
  const vault = vaultOf(reserve(bench, 'acme', 'docs'));
  const release = (organization: string) => run(bench, { kind: 'releaseVault', organization, vault: vault.id });
  expect(release('nobody')).toMatchObject({ code: 'organization_missing' });
  expect(release('umbrella')).toMatchObject({ code: 'vault_missing' });
  expect(lookup(bench, 'acme', 'docs')).toMatchObject({ kind: 'vault' });
  expect(release('acme')).toEqual({ kind: 'vaultDeleted', vault: vault.id });
  expect(release('acme')).toEqual({ kind: 'vaultDeleted', vault: vault.id });
  expect(release('umbrella')).toMatchObject({ code: 'vault_missing' });
  expect(lookup(bench, 'acme', 'docs')).toMatchObject({ code: 'vault_missing' });
  expect(lookup(bench, 'acme', '', vault.id)).toMatchObject({ code: 'vault_deleted' });
  expect(lookup(bench, '', '', vault.id)).toMatchObject({ code: 'vault_deleted' });
  expect(lookup(bench, 'umbrella', '', vault.id)).toMatchObject({ code: 'vault_missing' });
  expect(list(bench, 'acme', '', 10)).toEqual({ names: [], more: false });
  const again = vaultOf(reserve(bench, 'acme', 'docs'));
  expect(again.id).not.toBe(vault.id);
});
