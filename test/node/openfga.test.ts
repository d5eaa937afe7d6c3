/** A node as OpenFGA's own SDK sees it, unchanged: every call, the errors by their names, and a slice of OpenFGA's suites. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FgaApiError, OpenFgaClient, type WriteAuthorizationModelRequest } from '@openfga/sdk';
import { transformer } from '@openfga/syntax-transformer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { celConditions } from '../../core/authz/cel.ts';
import { verifyCertificate } from '../../core/certificate/verify.ts';
import { runSuites, tallyOf } from '../conformance/openfga/run.ts';
import { suitesBelow } from '../conformance/openfga/suites.ts';
import { CORPUS, suitesOf } from '../core/authz/model-corpus.ts';
import { cleanUp, eventually, freePorts, type Running, start, temporary, vouch } from './support/vouch.ts';

const MODEL = transformer.transformDSLToJSONObject(`
model
  schema 1.1
type user
type team
  relations
    define member: [user]
type document
  relations
    define owner: [user]
    define editor: [user, team#member] or owner
    define viewer: [user, user:*, user with in_hours] or editor
condition in_hours(hour: int) {
  hour >= 9 && hour < 17
}`) as unknown as WriteAuthorizationModelRequest;

const folder = temporary();
let up: Running;
let url = '';
let client: OpenFgaClient;
let model = '';

beforeAll(async () => {
  const port = await freePorts(1);
  url = `http://127.0.0.1:${port}`;
  up = start(['up', '--nodes', '1', '--dir', join(folder, 'c'), '--port', String(port), '--json']);
  await eventually(`ready; stderr: ${up.stderr()}`, () => up.stdout().includes('\n'), 60_000);
  const { id: storeId } = await new OpenFgaClient({ apiUrl: url }).createStore({ name: 'docs' });
  client = new OpenFgaClient({ apiUrl: url, storeId });
  model = (await client.writeAuthorizationModel(MODEL)).authorization_model_id;
});
afterAll(cleanUp);

const tuple = (object: string, relation: string, user: string) => ({ object, relation, user });

/** A Vouch route beside OpenFGA's, or one of those with Vouch's headers. */
async function call(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'done';
  } catch (error) {
    const { statusCode, apiErrorCode } = error as FgaApiError & { readonly apiErrorCode?: string };
    return `${statusCode} ${apiErrorCode}`;
  }
}

describe('stores and models', () => {
  test('are made, listed, read and deleted', async () => {
    const { id, name } = await client.createStore({ name: 'other store' });
    expect((await client.listStores()).stores.map((store) => store.id)).toContain(id);
    const other = new OpenFgaClient({ apiUrl: url, storeId: id });
    expect((await other.getStore()).name).toBe(name);
    expect((await other.readAuthorizationModels()).authorization_models).toEqual([]);
    expect((await other.readLatestAuthorizationModel()).authorization_model).toBeUndefined();
    await other.deleteStore();
    expect(await codeOf(other.getStore())).toBe('404 store_id_not_found');
  });

  test('models come back as they were written, the newest first, page by page', async () => {
    const { id: storeId } = await client.createStore({ name: 'models' });
    const store = new OpenFgaClient({ apiUrl: url, storeId });
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push((await store.writeAuthorizationModel(MODEL)).authorization_model_id);
    expect([...ids].sort()).toEqual(ids);
    expect((await store.readLatestAuthorizationModel()).authorization_model?.id).toBe(ids[4]);
    const found: string[] = [];
    let continuationToken = '';
    do {
      const page: Awaited<ReturnType<typeof store.readAuthorizationModels>> = await store.readAuthorizationModels({
        pageSize: 2,
        continuationToken,
      });
      found.push(...page.authorization_models.map(({ id }) => id));
      continuationToken = page.continuation_token ?? '';
    } while (continuationToken !== '');
    expect(found).toEqual([...ids].reverse());
    const { authorization_model: read } = await store.readAuthorizationModel({ authorizationModelId: ids[0] as string });
    expect(read).toMatchObject({ id: ids[0], schema_version: '1.1', conditions: MODEL.conditions });
    expect(await codeOf(store.readAuthorizationModel({ authorizationModelId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }))).toBe(
      '400 authorization_model_not_found',
    );
  });

  test('a model that makes no sense is refused with a sentence', async () => {
    const text = JSON.stringify(MODEL).replace('{"type":"team","relation":"member"}', '{"type":"squad","relation":"member"}');
    expect(text).toContain('squad');
    const broken = JSON.parse(text) as WriteAuthorizationModelRequest;
    expect(await codeOf(client.writeAuthorizationModel(broken))).toBe('400 invalid_authorization_model');
  });
});

describe('tuples', () => {
  test('are written and deleted all or none; what is there or not there is an error by its name, or ignored', async () => {
    const [a, b] = [tuple('document:w', 'viewer', 'user:a'), tuple('document:w', 'viewer', 'user:b')];
    await client.writeTuples([a]);
    expect(await codeOf(client.write({ writes: [b, a] }))).toBe('400 write_failed_due_to_invalid_input');
    expect((await client.read({ object: 'document:w' })).tuples.map(({ key }) => key.user)).toEqual(['user:a']);
    await client.write({ writes: [b, a] }, { conflict: { onDuplicateWrites: 'ignore' as never } });
    await client.deleteTuples([a]);
    expect(await codeOf(client.deleteTuples([a]))).toBe('400 write_failed_due_to_invalid_input');
    await client.write({ deletes: [a] }, { conflict: { onMissingDeletes: 'ignore' as never } });
    expect((await client.read({ object: 'document:w' })).tuples.map(({ key }) => key.user)).toEqual(['user:b']);
  });

  test.each([
    ['a type that the model lacks', tuple('folder:1', 'viewer', 'user:a')],
    ['a relation that the model lacks', tuple('document:1', 'reader', 'user:a')],
    ['a user that may not be', tuple('document:1', 'owner', 'team:x#member')],
    ['a wildcard that may not be', tuple('document:1', 'owner', 'user:*')],
  ])('%s is refused', async (_what, bad) => {
    expect(await codeOf(client.writeTuples([bad]))).toBe('400 validation_error');
  });

  test('a model that there is not is refused by its name, on writes and questions', async () => {
    const options = { authorizationModelId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };
    expect(await codeOf(client.write({ writes: [tuple('document:1', 'viewer', 'user:a')] }, options))).toBe(
      '400 authorization_model_not_found',
    );
    expect(await codeOf(client.check(tuple('document:1', 'viewer', 'user:a'), options))).toBe(
      '400 authorization_model_not_found',
    );
  });

  test('changes are told in order, by type, from a time, and go on where they ended', async () => {
    const { id: storeId } = await client.createStore({ name: 'changes' });
    const store = new OpenFgaClient({ apiUrl: url, storeId });
    await store.writeAuthorizationModel(MODEL);
    await store.writeTuples([tuple('document:1', 'viewer', 'user:a'), tuple('team:1', 'member', 'user:a')]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const startTime = new Date().toISOString();
    await store.write({
      writes: [{ ...tuple('document:2', 'viewer', 'user:b'), condition: { name: 'in_hours', context: {} } }],
      deletes: [tuple('document:1', 'viewer', 'user:a')],
    });
    const texts = (page: Awaited<ReturnType<typeof store.readChanges>>): readonly string[] =>
      page.changes.map(({ operation, tuple_key: key }) => `${operation} ${key.object}`);
    const all = await store.readChanges();
    expect(texts(all)).toEqual([
      'TUPLE_OPERATION_WRITE document:1',
      'TUPLE_OPERATION_WRITE team:1',
      'TUPLE_OPERATION_DELETE document:1',
      'TUPLE_OPERATION_WRITE document:2',
    ]);
    expect(texts(await store.readChanges({ type: 'team' }))).toEqual(['TUPLE_OPERATION_WRITE team:1']);
    expect(texts(await store.readChanges({ type: '', startTime }))).toEqual(texts(all).slice(2));
    const first = await store.readChanges(undefined, { pageSize: 3 });
    const rest = await store.readChanges(undefined, { continuationToken: first.continuation_token ?? '' });
    expect([...texts(first), ...texts(rest)]).toEqual(texts(all));
    const later = { continuationToken: rest.continuation_token ?? '' };
    expect(texts(await store.readChanges(undefined, later))).toEqual([]);
    await store.writeTuples([tuple('document:3', 'viewer', 'user:*')]);
    expect(texts(await store.readChanges(undefined, later))).toEqual(['TUPLE_OPERATION_WRITE document:3']);
    expect(await codeOf(store.readChanges({ type: 'team' }, later))).toBe('400 invalid_continuation_token');
  });
});

describe('questions', () => {
  beforeAll(async () => {
    await client.writeTuples([
      tuple('document:q', 'owner', 'user:anne'),
      tuple('document:q', 'editor', 'team:red#member'),
      tuple('team:red', 'member', 'user:bob'),
      { ...tuple('document:q', 'viewer', 'user:carl'), condition: { name: 'in_hours', context: {} } },
      tuple('document:r', 'viewer', 'user:*'),
    ]);
  });

  test('check, with context, contextual tuples and both consistencies', async () => {
    const ask = async (user: string, rest: object = {}) =>
      (await client.check({ ...tuple('document:q', 'viewer', user), ...rest })).allowed;
    expect([await ask('user:anne'), await ask('user:bob'), await ask('user:dora'), await ask('team:red#member')]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect([await ask('user:carl', { context: { hour: 10 } }), await ask('user:carl', { context: { hour: 20 } })]).toEqual([
      true,
      false,
    ]);
    expect(await codeOf(client.check(tuple('document:q', 'viewer', 'user:carl')))).toBe('400 validation_error');
    expect(await ask('user:dora', { contextualTuples: [tuple('team:red', 'member', 'user:dora')] })).toBe(true);
    for (const consistency of ['MINIMIZE_LATENCY', 'HIGHER_CONSISTENCY'] as never[]) {
      expect((await client.check(tuple('document:q', 'viewer', 'user:bob'), { consistency })).allowed).toBe(true);
    }
  });

  test('batch-check answers each by its name, errors beside answers, of one block', async () => {
    const checks = [
      { ...tuple('document:q', 'viewer', 'user:bob'), correlationId: 'yes' },
      { ...tuple('document:q', 'viewer', 'user:eve'), correlationId: 'no' },
      { ...tuple('document:q', 'nothing', 'user:eve'), correlationId: 'error' },
    ];
    const { result } = await client.batchCheck({ checks });
    const of = (name: string) => result.find(({ correlationId }) => correlationId === name);
    expect([of('yes')?.allowed, of('no')?.allowed, of('error')?.error?.input_error]).toEqual([true, false, 'validation_error']);
    const path = `/stores/${client.storeId}/batch-check`;
    const one = { tuple_key: tuple('document:q', 'viewer', 'user:bob'), correlation_id: 'same' };
    for (const bad of [
      [],
      [one, one],
      [{ ...one, correlation_id: '' }],
      Array.from({ length: 51 }, (_, i) => ({ ...one, correlation_id: `c${i}` })),
    ]) {
      expect((await call('POST', path, { checks: bad })).body.code).toBe('validation_error');
    }
  });

  test('lists of objects, streamed or not, of users, and the tree of a relation', async () => {
    const ask = { user: 'user:bob', relation: 'viewer', type: 'document' };
    const { objects } = await client.listObjects(ask);
    expect([...objects].sort()).toEqual(['document:q', 'document:r']);
    const streamed: string[] = [];
    for await (const { object } of client.streamedListObjects(ask)) streamed.push(object);
    expect(streamed).toEqual(objects);
    expect(
      (await client.listRelations({ user: 'user:bob', object: 'document:q', relations: ['viewer', 'owner'] })).relations,
    ).toEqual(['viewer']);
    const users = { object: { type: 'document', id: 'q' }, relation: 'viewer', context: { hour: 10 } };
    expect((await client.listUsers({ ...users, user_filters: [{ type: 'user' }] })).users).toEqual(
      ['anne', 'bob', 'carl'].map((id) => ({ object: { type: 'user', id } })),
    );
    expect((await client.listUsers({ ...users, user_filters: [{ type: 'team', relation: 'member' }] })).users).toEqual([
      { userset: { type: 'team', id: 'red', relation: 'member' } },
    ]);
    const everybody = { ...users, object: { type: 'document', id: 'r' }, user_filters: [{ type: 'user' }] };
    expect((await client.listUsers(everybody)).users).toEqual([{ wildcard: { type: 'user' } }]);
    const { tree } = await client.expand({ object: 'document:q', relation: 'editor' });
    expect(tree?.root).toEqual({
      name: 'document:q#editor',
      union: {
        nodes: [
          { name: 'document:q#editor', leaf: { users: { users: ['team:red#member'] } } },
          { name: 'document:q#editor', leaf: { computed: { userset: 'document:q#owner' } } },
        ],
      },
    });
    expect(await codeOf(client.listObjects({ ...ask, type: 'nothing' }))).toBe('400 type_not_found');
    expect(await codeOf(client.listObjects({ ...ask, relation: 'nothing' }))).toBe('400 relation_not_found');
    expect(await codeOf(client.listObjects({ ...ask, contextualTuples: [tuple('x:1', 'y', 'user:z')] }))).toBe(
      '400 invalid_tuple',
    );
  });

  test('assertions are kept with their model', async () => {
    const options = { authorizationModelId: model };
    const assertions = [{ ...tuple('document:q', 'viewer', 'user:anne'), expectation: true }];
    expect((await client.readAssertions(options)).assertions).toEqual([]);
    await client.writeAssertions(assertions, options);
    expect((await client.readAssertions(options)).assertions).toMatchObject([
      { tuple_key: tuple('document:q', 'viewer', 'user:anne'), expectation: true },
    ]);
    const entity = await call('GET', `/v1/stores/${client.storeId}/entities/openfga/assertions/${model}`);
    expect(entity.status).toBe(200);
    const bad = [{ ...tuple('document:q', 'nothing', 'user:anne'), expectation: true }];
    expect(await codeOf(client.writeAssertions(bad, options))).toBe('400 validation_error');
  });
});

describe('beside OpenFGA', () => {
  const question = { tuple_key: tuple('document:q', 'viewer', 'user:bob') };
  const proof = { 'vouch-proof': '1' };

  test('checks and lists carry certificates that hold without the node, allow and deny', async () => {
    const path = `/stores/${client.storeId}`;
    const file = join(folder, 'certificate.json');
    for (const [route, body] of [
      ['check', question],
      ['check', { tuple_key: tuple('document:q', 'viewer', 'user:eve') }],
      ['list-objects', { type: 'document', relation: 'viewer', user: 'user:bob' }],
      ['list-users', { object: { type: 'document', id: 'q' }, relation: 'editor', user_filters: [{ type: 'user' }] }],
      ['batch-check', { checks: [{ ...question, correlation_id: 'a' }] }],
    ] as const) {
      const { body: answer } = await call('POST', `${path}/${route}`, body, proof);
      const expected = { conditions: celConditions, store: client.storeId as string, block: answer.block_hash as string };
      expect([route, verifyCertificate(answer, expected)]).toMatchObject([route, { ok: true, anchored: 'block' }]);
      const altered = JSON.parse(
        JSON.stringify(answer).replace('"verdict":"allow"', '"verdict":"deny"').replace('document:r', 'document:s'),
      );
      if (JSON.stringify(altered) !== JSON.stringify(answer)) expect(verifyCertificate(altered, expected).ok).toBe(false);
      writeFileSync(file, JSON.stringify(answer));
    }
    const asModel = await call('GET', `${path}/authorization-models/${model}`, undefined, proof);
    writeFileSync(file, JSON.stringify(asModel.body));
    expect(vouch(['verify', file, '--model', model])).toMatchObject({ status: 0, stdout: /^PRESENT, / });
  });

  test('what was is answered as it was, and a token asks for what was seen', async () => {
    const key = tuple('document:t', 'viewer', 'user:anne');
    const write = await call('POST', `/stores/${client.storeId}/write`, { writes: { tuple_keys: [key] } });
    const { height, token } = write.body as { height: number; token: string };
    await client.deleteTuples([key]);
    const ask = async (headers: Record<string, string>) =>
      (await call('POST', `/stores/${client.storeId}/check`, { tuple_key: key }, headers)).body.allowed;
    expect([await ask({ 'vouch-at': String(height) }), await ask({})]).toEqual([true, false]);
    expect(await ask({ 'vouch-consistency': `token:${token}` })).toBe(false);
  });

  test('a store without a model answers checks by exact tuples, and nothing else', async () => {
    const { id: storeId } = await client.createStore({ name: 'plain' });
    const plain = new OpenFgaClient({ apiUrl: url, storeId });
    await plain.writeTuples([tuple('anything:1', 'goes', 'who:ever')]);
    expect((await plain.check(tuple('anything:1', 'goes', 'who:ever'))).allowed).toBe(true);
    expect(await codeOf(plain.listObjects({ type: 'anything', relation: 'goes', user: 'who:ever' }))).toBe(
      '400 latest_authorization_model_not_found',
    );
  });
});

describe.skipIf(suitesOf('abac_tests.yaml') === undefined)('OpenFGA’s suites', () => {
  const slice = (): ReturnType<typeof suitesBelow> => suitesBelow(CORPUS).filter((_, index) => index % 12 === 0);

  test('a slice of them passes', async () => {
    const { passed, failures } = tallyOf(await runSuites(slice(), { url, flip: false, proofs: false }));
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(100);
  });

  test('what is expected otherwise fails, and nothing else', async () => {
    const { flips, failed, wrongFlips } = tallyOf(await runSuites(slice(), { url, flip: true, proofs: false }));
    expect(wrongFlips).toEqual([]);
    expect([flips, failed]).toEqual([flips, flips]);
    expect(flips).toBeGreaterThan(1);
  });
});
