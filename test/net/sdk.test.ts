/** The SDK against real nodes in this process: three replicas, real disks, real sockets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toHex, toUtf8 } from '../../core/bytes/text.ts';
import { parsePolicy } from '../../core/note/policy.ts';
import { verifyReceipt } from '../../core/receipt/verify.ts';
import { ClientDriver } from '../../net/client/driver.ts';
import { socketLinks } from '../../net/client/endpoint-link.ts';
import { openNodeSocket } from '../../net/client/node-socket.ts';
import { connect, type Question, type TupleKey, type Vault, type VouchClient, VouchError } from '../../net/client/public.ts';
import { type KeysJson, policyOf } from '../../node/cli/checkpoint-command.ts';
import { parseAddress } from '../../node/config/address.ts';
import { openDataDirectory } from '../../node/data-directory.ts';
import { systemEntropy } from '../../node/entropy.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { NodeServer } from '../../node/server.ts';
import { freePort } from './free-port.ts';
import { until } from './harness.ts';

interface RunningNode {
  readonly address: string;
  readonly folder: string;
  server: NodeServer;
}

const nodes: RunningNode[] = [];
let client: VouchClient;
let vault: Vault;

async function serve(folder: string, address: string, joinList: readonly string[]): Promise<NodeServer> {
  const directory = await openDataDirectory(folder, { listen: address, join: joinList }, systemEntropy);
  const server = new NodeServer({
    directory,
    address: parseAddress(address) as NonNullable<ReturnType<typeof parseAddress>>,
    advertise: address,
    batchMax: undefined,
    leases: true,
    log: pino({ level: 'silent' }),
    onFatal: (code, detail) => {
      throw new Error(`${code}: ${detail}`);
    },
    openLink: socketLinks(openNodeSocket, 'ws'),
  });
  await server.listen();
  return server;
}

function tuple(n: number): TupleKey {
  return { resource: `document:${n}`, relation: 'viewer', subject: 'user:alice' };
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

beforeAll(async () => {
  const addresses = await Promise.all([0, 1, 2].map(async () => `127.0.0.1:${await freePort()}`));
  for (const address of addresses) {
    const folder = mkdtempSync(join(tmpdir(), 'vouch-sdk-'));
    nodes.push({
      address,
      folder,
      server: await serve(
        folder,
        address,
        addresses.filter((other) => other !== address),
      ),
    });
  }
  const response = await fetch(`http://${addresses[0]}/v1/init`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ expect: 3 }),
  });
  expect(await response.text()).toContain('cluster');
  client = await connect({ endpoints: [addresses[0] as string], organization: 'acme', deadlineMs: 15_000 });
  await client.createOrganization('acme');
  vault = await client.createVault('docs');
});

afterAll(async () => {
  await client?.close();
  await Promise.all(nodes.map((node) => node.server.abandon()));
  for (const node of nodes) rmSync(node.folder, { recursive: true, force: true });
});

test('what was written is found, and what was deleted is not', async () => {
  const receipt = await vault.write([tuple(1), tuple(2)], { actor: 'user:root', reason: 'first day' });
  expect(receipt.changed).toBe(true);
  expect((await vault.check(tuple(1))).allowed).toBe(true);
  await vault.delete([tuple(2)]);
  expect((await vault.check(tuple(2))).allowed).toBe(false);
});

test('a verified check carries an answer that anyone can verify again, present or absent', async () => {
  await vault.write([tuple(10)]);
  const present = await vault.check(tuple(10), { verified: true });
  expect(present).toMatchObject({ allowed: true, proven: { anchored: 'none', answer: { statement: { verdict: 'allow' } } } });
  const block = present.proven?.answer.block_hash as string;
  const absent = await vault.check(tuple(11), { verified: true });
  expect(absent).toMatchObject({ allowed: false, proven: { answer: { statement: { verdict: 'deny' } } } });
  expect(await vault.check(tuple(10), { verified: true, block })).toMatchObject({ proven: { anchored: 'block' } });
  expect(await codeOf(vault.check(tuple(10), { verified: true, block: '0'.repeat(64) }))).toBe('proof_invalid');
});

test('one proof answers many questions, now and of an older block, and is checked here', async () => {
  const granted = await vault.write([tuple(70), tuple(71)]);
  await vault.delete([tuple(71)]);
  const questions: readonly Question[] = [
    { kind: 'tuple', tuple: tuple(70) },
    { kind: 'subjects', resource: 'document:71', relation: 'viewer', range: 'all' },
    { kind: 'grants', subject: 'user:alice', relation: 'viewer' },
    { kind: 'entity', key: 'none' },
  ];
  const now = await vault.prove(questions);
  expect(now.findings).toMatchObject([
    { kind: 'tuple', found: { tuple: tuple(70) } },
    { kind: 'set', found: [] },
    { kind: 'set', found: expect.arrayContaining([expect.objectContaining({ tuple: tuple(70) })]) },
    { kind: 'entity', found: undefined },
  ]);
  const past = await vault.prove(questions, { at: { height: granted.height }, block: toHex(granted.anchor.blockHash) });
  expect(past).toMatchObject({ anchored: 'block', anchor: { height: granted.height } });
  expect(past.findings[1]).toMatchObject({ found: [{ tuple: tuple(71) }] });
  expect(await codeOf(vault.prove([]))).toBe('invalid_argument');
  expect(await codeOf(vault.prove(questions, { block: '0'.repeat(64) }))).toBe('proof_invalid');
});

test('a tuple that is there and an entity that is not are exported as ICS-23, checked, of now and of an older block', async () => {
  const granted = await vault.write([tuple(72)]);
  const there = { kind: 'tuple', tuple: tuple(72) } as const;
  const now = await vault.proveIcs23(there);
  expect([now.value?.[1], now.answer.height]).toEqual([1, now.anchor.height]);
  const past = await vault.proveIcs23(there, { at: { height: granted.height - 1 } });
  expect([past.value, past.answer.ics23.value, past.answer.height]).toEqual([undefined, null, granted.height - 1]);
  expect((await vault.proveIcs23({ kind: 'entity', key: 'none' })).value).toBeUndefined();
  expect(await codeOf(vault.proveIcs23({ kind: 'entity', key: '' }))).toBe('invalid_argument');
});

test('a receipt is made, checked under pinned keys, and holds without the cluster; a forgotten past is a rollback', async () => {
  const { address } = nodes[0] as RunningNode;
  const keysOf = async (): Promise<KeysJson> => (await (await fetch(`http://${address}/v1/keys`)).json()) as KeysJson;
  let keys = await keysOf();
  const giveUpAt = performance.now() + 20_000;
  while (keys.keys.length < 3 && performance.now() < giveUpAt) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    keys = await keysOf();
  }
  const kept: string[] = [];
  const policy = policyOf(keys, 3);
  const options = { endpoints: [address], organization: 'acme', deadlineMs: 15_000 };
  const pinned = { policy, onAccepted: (note: string) => void kept.push(note) };
  const questions: readonly Question[] = [
    { kind: 'tuple', tuple: tuple(80) },
    { kind: 'subjects', resource: 'document:80', relation: 'viewer', range: 'all' },
  ];
  const granted = await vault.write([tuple(80)]);

  const loose = await vault.receipt(questions);
  expect([loose.authenticated, loose.signers]).toEqual([false, []]);

  const careful = await connect({ ...options, pinned });
  try {
    const mine = await careful.vault('docs');
    const receipt = await mine.receipt(questions);
    expect(receipt).toMatchObject({ authenticated: true, signers: [{}, {}, {}], height: granted.height });
    expect(receipt.findings[0]).toMatchObject({ kind: 'tuple', found: { tuple: tuple(80) } });
    const parsed = parsePolicy(nativeHasher, policy);
    if (!parsed.ok) throw new Error(parsed.reason);
    const verdict = verifyReceipt(receipt.text, { policy: parsed.value, questions, store: vault.entry.id });
    expect(verdict).toMatchObject({ ok: true, authenticated: true, height: granted.height });
    const past = await mine.receipt(questions, { at: { height: granted.height - 1 } });
    expect(past).toMatchObject({ height: granted.height - 1, findings: [{ found: undefined }, { found: [] }] });

    await vault.write([tuple(81)]);
    const newer = await mine.checkpoint();
    expect(newer.height).toBeGreaterThan(receipt.size);
    expect(careful.checkpoints?.notes()).toEqual([newer.note]);
    expect(kept.at(-1)).toBe(newer.note);
  } finally {
    await careful.close();
  }

  // The next start remembers; a memory that the cluster is behind of is told apart from one that it contradicts.
  const restarted = await connect({ ...options, pinned: { policy, accepted: kept } });
  try {
    await (await restarted.vault('docs')).checkpoint();
    expect(restarted.checkpoints?.notes()).toHaveLength(1);
  } finally {
    await restarted.close();
  }
  const ahead = (kept.at(-1) as string).replace(/^[0-9]+$/m, '9999');
  const misled = await connect({ ...options, pinned: { policy, accepted: [ahead] } });
  try {
    expect(await codeOf((await misled.vault('docs')).checkpoint())).toBe('rollback');
    expect(await codeOf((await misled.vault('docs')).receipt(questions))).toBe('rollback');
  } finally {
    await misled.close();
  }
}, 60_000);

test('a vault is read as new as asked for, and as it was at a height or a time', async () => {
  const granted = await vault.write([tuple(15)]);
  const after = Date.now() * 1000;
  const revoked = await vault.delete([tuple(15)]);
  expect(revoked.height).toBe(granted.height + 1);
  for (const consistency of ['linearizable', { boundedMs: 0 }] as const) {
    expect((await vault.check(tuple(15), { consistency })).allowed).toBe(false);
  }
  expect((await vault.check(tuple(15), { at: { height: granted.height } })).allowed).toBe(true);
  expect((await vault.check(tuple(15), { at: { height: granted.height - 1 } })).allowed).toBe(false);
  const { anchor } = await vault.read({}, { at: { height: granted.height } });
  expect(anchor.height).toBe(granted.height);
  expect((await vault.block(0, { at: { height: 1 } })).newest).toBe(1);
  expect(await codeOf(vault.check(tuple(15), { at: { timeMicros: after + 3_600_000_000 } }))).toBe('time_in_future');
  const proven = await vault.check(tuple(15), { at: { height: granted.height }, verified: true });
  expect(proven).toMatchObject({ allowed: true, anchor: { height: granted.height } });
  expect(await codeOf(vault.check(tuple(15), { consistency: { boundedMs: -1 } }))).toBe('invalid_argument');
});

test('a vault forgets what it was told not to keep, and says what there is', async () => {
  await client.createOrganization('keepers');
  const keep = { organization: 'keepers', retention: { kind: 'heights', heights: 2 } } as const;
  const forgetful = await client.createVault('forgetful', keep);
  const first = await forgetful.write([tuple(1)]);
  const second = await forgetful.delete([tuple(1)]);
  expect(await forgetful.retention()).toMatchObject({ retention: { kind: 'heights', heights: 2 }, oldest: first.height });
  expect((await forgetful.check(tuple(1), { at: { height: first.height } })).allowed).toBe(true);
  await forgetful.setRetention({ kind: 'all' }, { actor: 'user:root', reason: 'an audit' });
  // Keeping more brings nothing back.
  const refused = await forgetful.check(tuple(1), { at: { height: 1 } }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'pruned_height', oldest: first.height });
  expect((await forgetful.check(tuple(1), { at: { height: first.height } })).allowed).toBe(true);
  expect((await forgetful.check(tuple(1), { at: { height: second.height } })).allowed).toBe(false);
  expect(await forgetful.block(1)).toMatchObject({ pruned: true, transactions: [], anchor: { height: 1 } });
  expect((await forgetful.block(second.height)).transactions).toHaveLength(1);
  expect(await codeOf(forgetful.setRetention({ kind: 'heights', heights: 0 }))).toBe('invalid_argument');
});

test('a rejected transaction names the operation, and changes nothing', async () => {
  await vault.write([tuple(20)]);
  const refused = vault.write([tuple(21), tuple(20)]);
  await expect(refused).rejects.toMatchObject({ name: 'VouchError', code: 'tuple_exists', operation: 1 });
  expect((await vault.check(tuple(21))).allowed).toBe(false);
  expect((await vault.write([tuple(20)], { onDuplicate: 'ignore' })).changed).toBe(false);
});

test('what admission refuses never leaves the client', async () => {
  expect(await codeOf(vault.write([{ resource: 'no type', relation: 'viewer', subject: 'user:a' }]))).toBe('invalid_argument');
  expect(await codeOf(vault.write([]))).toBe('invalid_argument');
  expect(await codeOf(vault.setEntity('bad\u0000key', new Uint8Array(1)))).toBe('invalid_argument');
  expect(await codeOf(vault.check({ ...tuple(1), subject: '\ud800' }))).toBe('invalid_argument');
});

test('entities have versions and conditions', async () => {
  const value = toUtf8('grün') as Uint8Array;
  await vault.setEntity('colour', value, { condition: { kind: 'mustNotExist' } });
  const entity = await vault.getEntity('colour');
  expect(entity.value).toEqual(value);
  expect(await codeOf(vault.setEntity('colour', value, { condition: { kind: 'mustNotExist' } }))).toBe('entity_exists');
  await vault.deleteEntity('colour', { condition: { kind: 'versionEquals', version: entity.version } });
  expect((await vault.getEntity('colour')).value).toBeUndefined();
});

test('rows come page by page, all of them, in key order', async () => {
  const many = Array.from({ length: 250 }, (_, i) => ({ resource: `page:${i}`, relation: 'reader', subject: 'user:pager' }));
  await vault.write(many);
  const found: string[] = [];
  for await (const row of vault.rows({ subject: 'user:pager', resource: 'page:' })) found.push(row.tuple.resource);
  expect(found.length).toBe(250);
  expect(new Set(found)).toEqual(new Set(many.map((each) => each.resource)));
});

test('blocks are read by height', async () => {
  const newest = await vault.block();
  expect(newest.anchor.height).toBe(newest.newest);
  expect((await vault.block(1)).anchor.height).toBe(1);
  expect(await codeOf(vault.block(1_000_000))).toBe('height_missing');
});

test('vaults are made once, found by name and id, and only in their organization', async () => {
  expect(await codeOf(client.createVault('docs'))).toBe('vault_exists');
  expect((await client.createVault('docs', { ifExists: 'use' })).entry.id).toBe(vault.entry.id);
  expect((await client.vault('docs')).entry).toEqual(vault.entry);
  expect((await client.vaultById(vault.entry.id)).entry).toEqual(vault.entry);
  await client.createOrganization('other');
  expect(await codeOf(client.vaultById(vault.entry.id, { organization: 'other' }))).toBe('vault_missing');
  expect(await codeOf(client.vault('nowhere'))).toBe('vault_missing');
  const names: string[] = [];
  for await (const entry of client.vaults()) names.push(entry.name);
  expect(names).toEqual(['docs']);
});

const MODEL = {
  schema_version: '1.1',
  type_definitions: [
    { type: 'user' },
    {
      type: 'document',
      relations: { viewer: { this: {} } },
      metadata: { relations: { viewer: { directly_related_user_types: [{ type: 'user' }] } } },
    },
  ],
};

test('models are written, listed, read as of a height and proven, and writes can be made to fit them', async () => {
  const own = await client.createVault('models');
  expect(await own.model()).toBeUndefined();
  expect(await codeOf(own.write([tuple(1)], { model: '01HF7YAT3V074000Z9EV2XZF5H' }))).toBe('model_missing');
  expect(await codeOf(own.writeModel({ schema_version: '1.1', type_definitions: [{ type: 'a b' }] }))).toBe('invalid_model');
  const first = await own.writeModel({ ...MODEL, id: 'no part of it' } as typeof MODEL);
  const second = await own.writeModel({ ...MODEL, type_definitions: [{ type: 'user' }] });
  expect(await own.model()).toMatchObject({ id: second.model, version: second.height });
  const earlier = await own.model('', { at: { height: first.height } });
  expect(earlier).toMatchObject({ id: first.model });
  expect(JSON.parse(earlier?.json ?? '')).toEqual(MODEL);
  const listed: string[] = [];
  for await (const { id } of own.models()) listed.push(id);
  expect(listed).toEqual([second.model, first.model]);
  const { findings } = await own.prove([{ kind: 'model', id: first.model }], { at: { height: first.height } });
  expect(findings).toEqual([{ kind: 'model', found: { model: earlier?.json, version: first.height } }]);
  expect(await codeOf(own.write([tuple(1)], { model: '' }))).toBe('invalid_tuple');
  expect(await own.write([tuple(1)], { model: first.model })).toMatchObject({ changed: true, model: '' });
});

test('changes are told in order, once, from wherever somebody goes on', async () => {
  const own = await client.createVault('changes');
  await own.write([tuple(1), tuple(2)], { expiresAt: 4 * 10 ** 15 });
  await own.write([tuple(1)], { onDuplicate: 'ignore', expiresAt: 4 * 10 ** 15 });
  const first = await own.changes({ limit: 1 });
  expect(first).toMatchObject({ changes: [{ operation: 'write', tuple: tuple(1), expiresAt: 4 * 10 ** 15 }], more: true });
  const rest = await own.changes({ after: first.next });
  expect(rest).toMatchObject({ changes: [{ operation: 'write', tuple: tuple(2) }], more: false });
  const { height } = await own.delete([tuple(1)]);
  expect((await own.changes({ after: rest.next })).changes).toMatchObject([{ operation: 'delete', tuple: tuple(1), height }]);
  expect((await own.changes({ type: 'folder' })).changes).toEqual([]);
});

test('a creation that was interrupted after its reservation is completed by the next one', async () => {
  const driver = new ClientDriver({
    endpoints: [{ address: nodes[2]?.address as string }],
    openLink: socketLinks(openNodeSocket, 'ws'),
    deadlineMs: 10_000,
  });
  const body = { kind: 'reserveVault', organization: 'acme', name: 'half', allowExisting: true } as const;
  const reserved = await driver.ask({ kind: 'directory', body });
  await driver.close();
  expect(reserved).toMatchObject({ ok: true, answer: { kind: 'vault', created: true } });
  const completed = await client.createVault('half');
  expect((await completed.block()).newest).toBe(1);
  expect(await codeOf(client.createVault('half'))).toBe('vault_exists');
});

test('many operations at once share one session and all succeed', async () => {
  const receipts = await Promise.all(
    Array.from({ length: 600 }, (_, i) => vault.write([{ resource: `bulk:${i}`, relation: 'reader', subject: 'user:b' }])),
  );
  expect(receipts.every((receipt) => receipt.changed)).toBe(true);
  const reads = await Promise.all(
    Array.from({ length: 600 }, (_, i) => vault.check({ resource: `bulk:${i}`, relation: 'reader', subject: 'user:b' })),
  );
  expect(reads.every((read) => read.allowed)).toBe(true);
});

test('one endpoint is enough: the others are learned, and writes go on when that one stops', async () => {
  const first = nodes[0] as RunningNode;
  const other = nodes[1] as RunningNode;
  await first.server.abandon();
  for (let i = 0; i < 5; i += 1) expect((await vault.write([tuple(100 + i)])).changed).toBe(true);
  expect((await vault.check(tuple(104))).allowed).toBe(true);
  expect(await codeOf(client.status({ endpoint: first.address, deadlineMs: 300 }))).toBe('timeout');
  first.server = await serve(first.folder, first.address, []);
  await until('the node leads or follows again', () =>
    first.server.replica.status().groups.every((group) => group.leader !== undefined),
  );
  expect((await client.status({ endpoint: first.address })).members.length).toBe(3);
  expect((await client.status({ endpoint: other.address })).node).toBe(other.server.replica.id);
});

test('close ends what is under way and leaves nothing open', async () => {
  const short = await connect({ endpoints: nodes.map((node) => node.address) });
  const pending = codeOf(short.status({ endpoint: '127.0.0.1:1' }));
  await short.close();
  expect(await pending).toMatch(/unavailable|invalid_argument/);
  expect(await codeOf(short.listOrganizations())).toBe('unavailable');
});

test('a closed client holds no socket and no timer', async () => {
  const count = (): number => process.getActiveResourcesInfo().filter((kind) => /TCPSocket|Timeout|TCPConnect/.test(kind)).length;
  const before = count();
  const short = await connect({ endpoints: nodes.map((node) => node.address), organization: 'acme' });
  await (await short.vault('docs')).write([tuple(500)]);
  expect(count()).toBeGreaterThan(before);
  await short.close();
  await until('all is given back', () => count() <= before);
});

test('where nobody answers, connecting fails with a code within its deadline', async () => {
  const started = performance.now();
  expect(await codeOf(connect({ endpoints: ['127.0.0.1:1', 'not an address'], deadlineMs: 400 }))).toBe('timeout');
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(await codeOf(connect({ endpoints: [] }))).toBe('invalid_argument');
});
