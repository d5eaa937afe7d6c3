/** What the SDK does not take a node's word for: which vault was asked for, and that a condition would hold. */
import { expect, test } from 'vitest';
import { encodeUlid } from '../../core/chain/ulid.ts';
import type { ClientRequest, ClientResult, VaultEntry } from '../../core/client/protocol.ts';
import type { GroupId, Micros, OrganizationId, VaultId } from '../../core/ids.ts';
import type { Question } from '../../core/proof/statement.ts';
import { VouchClient } from '../../net/client/client.ts';
import { ClientDriver } from '../../net/client/driver.ts';
import { VouchError } from '../../net/client/error.ts';
import { HEIGHT, ORGANIZATION, proofFor, STORE, statedWorld, tupleLeaf } from '../support/statements.ts';

const TUPLE = { resource: 'doc:1', relation: 'viewer', subject: 'user:anne' };

function ulid(byte: number): string {
  return encodeUlid(new Uint8Array(16).fill(byte));
}

const ENTRY: VaultEntry = {
  id: ulid(1) as VaultId,
  organization: ulid(2) as OrganizationId,
  organizationName: 'acme',
  name: 'main',
  group: 1 as GroupId,
  createdAt: 0 as Micros,
};

const VAULT_OF_WORLD: VaultEntry = { ...ENTRY, organization: ORGANIZATION as OrganizationId, id: STORE as VaultId };

/** A client whose only node answers as it likes. */
function clientOf(answer: (request: ClientRequest) => ClientResult): VouchClient {
  const openLink: ConstructorParameters<typeof ClientDriver>[0]['openLink'] = (_endpoint, events) => ({
    send: (id, request) => queueMicrotask(() => events.result(id, answer(request))),
    close: () => Promise.resolve(),
  });
  return new VouchClient(new ClientDriver({ endpoints: [{ address: 'node:1' }], openLink, deadlineMs: 1000 }), 'acme');
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    if (error instanceof VouchError) return error.code;
    throw error;
  }
}

function directoryOf(vault: VaultEntry): VouchClient {
  return clientOf((request) =>
    request.kind === 'openSession'
      ? { kind: 'session', session: { group: request.group, index: 1 as never } }
      : { kind: 'vault', vault, created: true },
  );
}

test('a node cannot put another vault in the place of the one that was named', async () => {
  const honest = directoryOf(ENTRY);
  expect((await honest.vaultById(ENTRY.id)).entry).toEqual(ENTRY);
  expect((await honest.vault('main')).entry).toEqual(ENTRY);

  expect(await codeOf(directoryOf({ ...ENTRY, id: ulid(9) as VaultId }).vaultById(ENTRY.id))).toBe('unavailable');
  for (const other of [
    { ...ENTRY, name: 'other' },
    { ...ENTRY, organizationName: 'others' },
  ]) {
    expect(await codeOf(directoryOf(other).vault('main'))).toBe('unavailable');
    expect(await codeOf(directoryOf(other).createVault('main'))).toBe('unavailable');
  }
  expect(await codeOf(directoryOf({ ...ENTRY, organizationName: 'others' }).vaultById(ENTRY.id))).toBe('unavailable');
});

test('a tuple under a condition is no permission: whoever verifies is told so instead of allowed', async () => {
  const world = statedWorld([tupleLeaf(TUPLE, 0, 'office_hours')]);
  const proof = proofFor(world, [{ kind: 'tuple', tuple: TUPLE }]);
  const client = clientOf((request) => {
    if (request.kind !== 'query') return { kind: 'vault', vault: VAULT_OF_WORLD, created: false };
    return { kind: 'check', model: '', verdicts: [{ ok: true, allowed: true }], anchor: world.anchor, proof };
  });
  const vault = await client.vault('main');
  expect(await codeOf(vault.check(TUPLE, { verified: true }))).toBe('invalid_argument');
});

test('a node that judges by another model than the one that was named is not believed', async () => {
  const world = statedWorld([tupleLeaf(TUPLE)]);
  const proof = proofFor(world, [{ kind: 'tuple', tuple: TUPLE }]);
  const client = clientOf((request) => {
    if (request.kind !== 'query') return { kind: 'vault', vault: VAULT_OF_WORLD, created: false };
    return { kind: 'check', model: '', verdicts: [{ ok: true, allowed: true }], anchor: world.anchor, proof };
  });
  const vault = await client.vault('main');
  expect((await vault.check(TUPLE, { verified: true, model: '' })).allowed).toBe(true);
  expect(await codeOf(vault.check(TUPLE, { verified: true, model: ulid(7) }))).toBe('proof_invalid');
});

test('a node that proves an older state than the one asked for is not believed', async () => {
  const world = statedWorld([]);
  const question: Question = { kind: 'tuple', tuple: TUPLE };
  const proof = proofFor(world, [question]);
  const client = clientOf((request) => {
    if (request.kind !== 'query') return { kind: 'vault', vault: VAULT_OF_WORLD, created: false };
    const { anchor } = world;
    if (request.query.kind === 'proof') return { kind: 'proof', anchor, proof };
    return { kind: 'check', model: '', verdicts: [{ ok: true, allowed: false }], anchor, proof };
  });
  const vault = await client.vault('main');
  const asked = { at: { height: HEIGHT } };
  expect((await vault.prove([question], asked)).anchor.height).toBe(HEIGHT);
  expect((await vault.check(TUPLE, { ...asked, verified: true })).allowed).toBe(false);
  const newer = { at: { height: HEIGHT + 1 } };
  expect(await codeOf(vault.prove([question], newer))).toBe('proof_invalid');
  expect(await codeOf(vault.check(TUPLE, { ...newer, verified: true }))).toBe('proof_invalid');
});
