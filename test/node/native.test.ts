/**
 * Entities and transactions on a cluster of three real processes: each precondition, versions, expiry at its boundary, a mixed
 * transaction that rolls back; over HTTP, the SDK and the command line, each with a proof that holds, of absence and expiry included.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeHeader } from '../../core/chain/header.ts';
import type { Height } from '../../core/ids.ts';
import { type StatementsVerdict, verifyStatements } from '../../core/proof/statements.ts';
import { connect, type EntityCondition, type Vault, type VouchClient, VouchError } from '../../net/client/public.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { cleanUp, eventually, type Finished, freePorts, type Running, start, temporary, vouch } from './support/vouch.ts';

type Json = Readonly<Record<string, unknown>>;

const folder = temporary();
let up: Running;
let port = 0;
let store = '';
let client: VouchClient;
let vault: Vault;

beforeAll(async () => {
  port = await freePorts(3);
  up = start(['up', '--dir', join(folder, 'cluster'), '--port', String(port), '--json']);
  await eventually(`ready; stderr: ${up.stderr()}`, () => up.stdout().includes('\n'), 60_000);
  expect(run('vault', 'create', 'docs').status).toBe(0);
  client = await connect({ endpoints: [`127.0.0.1:${port}`], organization: 'default' });
  vault = await client.vault('docs');
  store = vault.entry.id;
});
afterAll(async () => {
  await client?.close();
  await cleanUp();
});

function run(...args: string[]): Finished {
  return vouch([...args, '--host', `127.0.0.1:${port}`]);
}

async function call(node: number, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`http://127.0.0.1:${port + node}/v1/stores/${store}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Json, headers: response.headers };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** What `vouch verify`, in a process that knows no node, says of an answer. */
function verified(answer: unknown, ...args: string[]): string {
  const file = join(folder, 'answer.json');
  writeFileSync(file, JSON.stringify(answer));
  const { status, stdout, stderr } = vouch(['verify', file, ...args]);
  return `${status} ${stdout}${stderr}`;
}

/** The value of a key over each of the three ways, with its proof verified on each; null where there is none. */
async function everywhere(key: string): Promise<readonly (string | null)[]> {
  const answer = (await call(1, 'GET', `/entities/${encodeURIComponent(key)}`, undefined, { 'vouch-proof': '1' })).body;
  const overHttp = shownValue(verifyStatements(answer, { questions: [{ kind: 'entity', key }], store, hasher: nativeHasher }));
  const { value, proven } = await vault.getEntity(key, { verified: true });
  expect(proven?.answer.statements).toHaveLength(1);
  const overSdk = value === undefined ? null : new TextDecoder().decode(value);
  const file = join(folder, 'entity.json');
  const { status } = run('entity', 'get', '--vault', 'docs', key, '--proof', file);
  const overCli = shownValue(verifyStatements(JSON.parse(readFileSync(file, 'utf8')), { store, hasher: nativeHasher }));
  expect(status).toBe(overCli === null ? 1 : 0);
  return [overHttp, overSdk, overCli];
}

function shownValue(verdict: StatementsVerdict): string | null {
  if (!verdict.ok) throw new Error(`${verdict.stage}: ${verdict.reason}`);
  const finding = verdict.statements[0]?.finding;
  return finding?.kind === 'entity' && finding.found !== undefined ? new TextDecoder().decode(finding.found.value) : null;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'done';
  } catch (error) {
    if (error instanceof VouchError) return error.code;
    throw error;
  }
}

describe('preconditions', () => {
  /** Each refused once and met once. */
  const cases: readonly (readonly [
    name: string,
    key: string,
    refused: { readonly http: Json; readonly sdk: EntityCondition; readonly cli: readonly string[]; readonly code: string },
  ])[] = [
    [
      'must not exist',
      'there',
      { http: { must_not_exist: true }, sdk: { kind: 'mustNotExist' }, cli: ['--if-absent'], code: 'entity_exists' },
    ],
    [
      'must exist',
      'nowhere',
      { http: { must_exist: true }, sdk: { kind: 'mustExist' }, cli: ['--if-present'], code: 'entity_missing' },
    ],
    [
      'version equals',
      'there',
      {
        http: { version_equals: 1 },
        sdk: { kind: 'versionEquals', version: 1 as Height },
        cli: ['--if-version', '1'],
        code: 'version_differs',
      },
    ],
    [
      'value equals',
      'there',
      {
        http: { value_equals: base64('other') },
        sdk: { kind: 'valueEquals', value: new TextEncoder().encode('other') },
        cli: ['--if-value', 'other'],
        code: 'value_differs',
      },
    ],
  ];

  test.each(cases)(
    '%s: refused alike over HTTP, SDK and CLI, and nothing changes',
    async (_name, key, { http, sdk, cli, code }) => {
      await vault.setEntity('there', new TextEncoder().encode('one'));
      const before = await everywhere(key);
      for (const method of ['PUT', 'DELETE']) {
        const body = { precondition: http, ...(method === 'PUT' ? { value: base64('two') } : {}) };
        const refused = await call(2, method, `/entities/${key}`, body);
        expect([refused.status, refused.body.code, refused.body.operation]).toEqual([412, code, 0]);
      }
      expect(await codeOf(vault.setEntity(key, new Uint8Array(1), { condition: sdk }))).toBe(code);
      expect(await codeOf(vault.deleteEntity(key, { condition: sdk }))).toBe(code);
      expect(run('entity', 'set', '--vault', 'docs', key, 'two', ...cli)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(code),
      });
      expect(run('entity', 'delete', '--vault', 'docs', key, ...cli)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(code),
      });
      expect(await everywhere(key)).toEqual(before);
    },
  );

  test('met one after the other, from HTTP to SDK to CLI, each with the place of its transaction in the chain', async () => {
    const proof = { 'vouch-proof': '1' };
    const made = await call(
      0,
      'PUT',
      '/entities/policy/7',
      { value: base64('a'), precondition: { must_not_exist: true } },
      proof,
    );
    expect([made.status, made.headers.get('etag')]).toEqual([200, `"${made.body.version}"`]);
    expect(verified(made.body.inclusion)).toMatch(/^0 /);
    const version = made.body.version as Height;
    const changed = await vault.setEntity('policy/7', new TextEncoder().encode('b'), {
      condition: { kind: 'versionEquals', version },
      proof: true,
    });
    expect(changed.proven?.height).toBe(changed.height);
    const file = join(folder, 'set.json');
    expect(run('entity', 'set', '--vault', 'docs', 'policy/7', 'c', '--if-value', 'b', '--proof', file).status).toBe(0);
    expect(vouch(['verify', file]).status).toBe(0);
    expect(await everywhere('policy/7')).toEqual(['c', 'c', 'c']);
    expect(run('entity', 'delete', '--vault', 'docs', 'policy/7', '--if-present').status).toBe(0);
    expect(await everywhere('policy/7')).toEqual([null, null, null]);
    expect(run('entity', 'get', '--vault', 'docs', 'policy/7')).toMatchObject({ status: 1, stdout: '' });
  });

  test('ETag, If-Match and If-None-Match say the same', async () => {
    const none = { 'if-none-match': '*' };
    const made = await call(0, 'PUT', '/entities/etag', { value: base64('a') }, none);
    expect((await call(0, 'PUT', '/entities/etag', { value: base64('a') }, none)).body.code).toBe('entity_exists');
    const etag = (await call(1, 'GET', '/entities/etag')).headers.get('etag') as string;
    expect(etag).toBe(`"${made.body.version}"`);
    expect((await call(0, 'PUT', '/entities/etag', { value: base64('b') }, { 'if-match': '"1"' })).body.code).toBe(
      'version_differs',
    );
    expect((await call(0, 'PUT', '/entities/etag', { value: base64('b') }, { 'if-match': etag })).status).toBe(200);
    expect((await call(0, 'DELETE', '/entities/etag', undefined, { 'if-match': '*' })).status).toBe(200);
    expect((await call(0, 'DELETE', '/entities/etag', undefined, { 'if-match': '*' })).body.code).toBe('entity_missing');
    expect((await call(0, 'GET', '/entities/etag')).body).toMatchObject({ code: 'entity_not_found', height: expect.any(Number) });
  });
});

describe('expiry', () => {
  test('at every block exactly those are there whose time is behind the block’s', async () => {
    const count = 1000;
    const stepMicros = 1500;
    const begin = Date.now() * 1000 + 3_000_000;
    const expiresAt = (i: number): number => begin + i * stepMicros;
    const key = (i: number): string => `ttl/${i}`;
    const value = new Uint8Array(1);
    await vault.transact(
      Array.from({ length: count }, (_, i) => ({
        op: 'setEntity',
        key: key(i),
        value,
        expiresAt: expiresAt(i),
        condition: undefined,
      })),
    );
    const heights: number[] = [];
    while (Date.now() * 1000 < expiresAt(count)) heights.push((await vault.setEntity('tick', value)).height);
    // Of those, forty at most, spread over all: each costs a proof of a thousand answers.
    const stride = Math.ceil(heights.length / 40);
    const asked = heights.filter((_, i) => i % stride === 0);
    const questions = Array.from({ length: count }, (_, i) => ({ kind: 'entity', key: key(i) }) as const);
    let boundaries = 0;
    for (const height of asked) {
      const { findings, anchor } = await vault.prove(questions, { at: { height } });
      const header = decodeHeader(anchor.header);
      const time = header.ok ? Number(header.value.time) : 0;
      const live = findings.map((finding) => finding.kind === 'entity' && finding.found !== undefined);
      expect(live).toEqual(questions.map((_, i) => time < expiresAt(i)));
      if (live.includes(true) && live.includes(false)) boundaries += 1;
    }
    expect(boundaries).toBeGreaterThan(0);
  });

  test('a time, or a time from now; what has expired is provably gone, and was provably there', async () => {
    const at = new Date(Date.now() + 5000).toISOString();
    const made = await call(0, 'PUT', '/entities/short', { value: base64('x'), expires_at: at });
    expect((await call(1, 'GET', '/entities/short')).body).toMatchObject({ value: base64('x'), expires_at: at });
    expect(run('entity', 'set', '--vault', 'docs', 'longer', 'y', '--expires', '1h').status).toBe(0);
    expect(run('entity', 'set', '--vault', 'docs', 'blink', 'z', '--expires', '1us').status).toBe(0);
    await eventually('it has expired', async () => (await call(2, 'GET', '/entities/short')).status === 404);
    expect(await everywhere('short')).toEqual([null, null, null]);
    expect((await vault.getEntity('blink', { verified: true })).value).toBeUndefined();
    expect((await everywhere('longer'))[2]).toBe('y');
    const absent = (await call(1, 'GET', '/entities/short', undefined, { 'vouch-proof': '1' })).body;
    expect(verified(absent, '--entity', 'short', '--block', absent.block_hash as string)).toMatch(
      /^0 ABSENT: short\n.*\nAnchored/,
    );
    const then = { 'vouch-proof': '1', 'vouch-at': String(made.body.version) };
    const past = (await call(0, 'GET', '/entities/short', undefined, then)).body;
    expect(verified(past, '--entity', 'short')).toMatch(/^0 PRESENT, 1 bytes/);
  });
});

describe('transactions', () => {
  const tuple = { user: 'user:anne', relation: 'viewer', object: 'document:1' };
  const mixed = (version: number): readonly Json[] => [
    { op: 'write_tuple', ...tuple, condition: { name: 'office', context: { b: 1, a: 2 } }, expires_in: '1h' },
    { op: 'set_entity', key: 'mixed/1', value: base64('1') },
    { op: 'delete_entity', key: 'mixed/0', precondition: { version_equals: version } },
    { op: 'delete_tuple', ...tuple, object: 'document:9', on_missing: 'ignore' },
  ];

  test('all or nothing, in order, over HTTP and SDK; the refusal names the operation', async () => {
    const { height } = await vault.setEntity('mixed/0', new Uint8Array(1));
    const refused = await call(1, 'POST', '/transactions', { operations: mixed(height + 1) });
    expect([refused.status, refused.body]).toMatchObject([412, { code: 'version_differs', operation: 2 }]);
    expect(refused.body.message).toMatch(/Operation 2 could not be applied, so none was: .*"mixed\/0"/);
    const operations = [
      { op: 'setEntity', key: 'mixed/1', value: new Uint8Array(1), expiresAt: 0, condition: undefined },
      { op: 'deleteEntity', key: 'mixed/none', condition: { kind: 'mustExist' } },
    ] as const;
    await expect(vault.transact(operations)).rejects.toMatchObject({ code: 'entity_missing', operation: 1 });
    expect(await everywhere('mixed/1')).toEqual([null, null, null]);
    const question = { statements: [{ tuple }] };
    const absent = (await call(2, 'POST', '/proofs', question)).body;
    expect(verified(absent, '--tuple', 'document:1#viewer@user:anne')).toMatch(/^0 ABSENT/);

    const headers = { 'vouch-proof': '1', 'vouch-actor': 'user:root', 'vouch-reason': 'a change' };
    const done = await call(1, 'POST', '/transactions', { operations: mixed(height) }, headers);
    expect([done.status, done.body.changed]).toEqual([200, true]);
    expect(verified(done.body.inclusion)).toMatch(/^0 .*user:root/s);
    expect(await everywhere('mixed/0')).toEqual([null, null, null]);
    expect((await everywhere('mixed/1'))[0]).toBe('1');
    const present = (await call(2, 'POST', '/proofs', question)).body;
    expect(verified(present, '--tuple', 'document:1#viewer@user:anne')).toMatch(/^0 PRESENT under the condition 'office'/);
  });

  test.each([
    [{ op: 'set_entity', key: 'k', value: base64('1'), preconditon: { must_exist: true } }, /unknown field "preconditon"/],
    [{ op: 'set_entity', key: 'k', value: base64('1'), precondition: {} }, /not exactly one of must_not_exist/],
    [
      { op: 'set_entity', key: 'k', value: base64('1'), precondition: { must_exist: true, version_equals: 1 } },
      /not exactly one/,
    ],
    [{ op: 'set_entity', key: 'k', value: '%' }, /operations\[0\]\.value is not canonical base64/],
    [{ op: 'set_entity', key: 'k', value: '', expires_at: 'soon' }, /expires_at is a time/],
    [{ op: 'set_entity', key: 'k', value: '', expires_at: '2030-01-01T00:00:00Z', expires_in: '1d' }, /both expires_at and/],
    [{ op: 'move', key: 'k' }, /op is one of write_tuple/],
    [{ op: 'delete_tuple', ...tuple, object: 'none' }, /operation 0: the resource must be/],
  ])('%j is refused with a sentence', async (operation, sentence) => {
    const { status, body } = await call(0, 'POST', '/transactions', { operations: [operation] });
    expect([status, body.code, body.message]).toEqual([400, 'validation_error', expect.stringMatching(sentence)]);
  });

  test('a request that is repeated under its Idempotency-Key is answered again and not executed', async () => {
    const headers = { 'idempotency-key': 'a-1' };
    const body = { operations: [{ op: 'set_entity', key: 'once', value: base64('1') }] };
    const [first, second] = await Promise.all([
      call(0, 'POST', '/transactions', body, headers),
      call(0, 'POST', '/transactions', body, headers),
    ]);
    expect(second.body).toEqual(first.body);
    const third = await call(0, 'POST', '/transactions', body, headers);
    expect([third.body, third.headers.get('idempotent-replayed')]).toEqual([first.body, 'true']);
    expect((await call(0, 'GET', '/entities/once')).body.version).toBe(first.body.version);
    const other = await call(0, 'POST', '/transactions', { operations: [] }, headers);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });
});
