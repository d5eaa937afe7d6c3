/** An organization with one vault, and the requests of the tests on it. */
import { expect } from 'vitest';
import type { ClientRequest, ClientResult, Consistency, ReadPoint, SessionRef, VaultEntry } from '../../core/client/protocol.ts';
import { NEWEST } from '../../core/client/protocol.ts';
import type { GroupId } from '../../core/ids.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import type { TestCluster } from './harness.ts';

export const ANNE: TupleKey = { resource: 'doc:plan', relation: 'viewer', subject: 'user:anne' };

export function expectKind<K extends ClientResult['kind']>(result: ClientResult, kind: K): Extract<ClientResult, { kind: K }> {
  expect(result).toMatchObject({ kind });
  return result as Extract<ClientResult, { kind: K }>;
}

export function openSession(cluster: TestCluster, group: number): SessionRef {
  return expectKind(cluster.ask(cluster.leader(group), { kind: 'openSession', group: group as GroupId }), 'session').session;
}

/** A vault of an organization, which is made where it is not there, and a session in the vault's group. */
export function createVault(
  cluster: TestCluster,
  name: string = 'main',
): { readonly vault: VaultEntry; readonly session: SessionRef } {
  const directory = openSession(cluster, 0);
  const ref = (sequence: number) => ({ session: directory, sequence, lowestUnanswered: sequence });
  const leader = cluster.leader(0);
  cluster.ask(leader, {
    kind: 'directory',
    command: ref(1),
    body: { kind: 'createOrganization', name: 'acme', placement: undefined },
  });
  const reserve = { kind: 'reserveVault', organization: 'acme', name, allowExisting: false } as const;
  const { vault } = expectKind(cluster.ask(leader, { kind: 'directory', command: ref(2), body: reserve }), 'vault');
  const session = openSession(cluster, vault.group);
  const command = { session, sequence: 1, lowestUnanswered: 1 };
  const { group, organization, id } = vault;
  expectKind(
    cluster.ask(cluster.leader(group), { kind: 'createVault', group, command, organization, vault: id }),
    'vaultCreated',
  );
  return { vault, session };
}

export function writeRequest(vault: VaultEntry, session: SessionRef, sequence: number, tuple: TupleKey = ANNE): ClientRequest {
  const operation = { op: 'writeTuple', tuple, condition: undefined, expiresAt: 0, onDuplicate: 'error' } as const;
  return {
    kind: 'transact',
    group: vault.group,
    command: { session, sequence, lowestUnanswered: sequence },
    organization: vault.organization,
    vault: vault.id,
    transaction: { actor: 'test', reason: '', operations: [operation] },
    model: undefined,
    proof: false,
  };
}

export function checkRequest(
  vault: VaultEntry,
  consistency: Consistency,
  options: { readonly tuple?: TupleKey; readonly at?: ReadPoint } = {},
): Extract<ClientRequest, { kind: 'query' }> {
  const { group, organization, id } = vault;
  const { tuple = ANNE, at = NEWEST } = options;
  return { kind: 'query', group, organization, vault: id, query: { kind: 'tuple', tuple }, consistency, at, proof: false };
}
