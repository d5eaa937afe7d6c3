/** The gateway's routes against a scripted cluster: shapes, codes, and what bad input gets. */
import { describe, expect, test } from 'vitest';
import type { Answer, OperationOutcome } from '../../../core/client/operation.ts';
import type { ClusterId, GroupId, Height } from '../../../core/ids.ts';
import type { NodeControl } from '../../../node/control.ts';
import { ANCHOR, gateway, HASHES, type Script, STATUS, STORE, TOKEN, TUPLE, VAULT } from './scripted-gateway.ts';

describe('write', () => {
  const done: Script = (request) =>
    request.kind === 'transact'
      ? { kind: 'transacted', outcome: { ok: true, changed: true, height: 7 as Height, model: '' }, anchor: ANCHOR }
      : undefined;

  test('deletes go first, in one transaction, and the answer says where it stands in the chain', async () => {
    const { call, asked } = gateway(done);
    const other = { ...TUPLE, user: 'user:bob' };
    const { status, body } = await call('POST', `${STORE}/write`, {
      writes: { tuple_keys: [TUPLE] },
      deletes: { tuple_keys: [other] },
    });
    expect([status, body]).toEqual([200, { ...HASHES, token: TOKEN }]);
    expect(asked.at(-1)).toMatchObject({
      kind: 'transact',
      vault: VAULT.id,
      transaction: {
        operations: [
          { op: 'deleteTuple', tuple: { subject: 'user:bob' }, onMissing: 'error' },
          { op: 'writeTuple', tuple: { resource: 'document:1', relation: 'viewer', subject: 'user:anne' }, onDuplicate: 'error' },
        ],
      },
    });
  });

  test('an existing tuple is 400 write_failed_due_to_invalid_input (2017), naming it', async () => {
    const { call } = gateway((request) =>
      request.kind === 'transact'
        ? { kind: 'transacted', outcome: { ok: false, code: 'tuple_exists', operation: 0 }, anchor: ANCHOR }
        : undefined,
    );
    const { status, body } = await call('POST', `${STORE}/write`, { writes: { tuple_keys: [TUPLE] } });
    expect([status, body.code]).toEqual([400, 'write_failed_due_to_invalid_input']);
    expect(body.message).toMatch(/already exists: user: 'user:anne', relation: 'viewer', object: 'document:1'/);
  });

  test('condition contexts are stored as RFC 8785 JSON', async () => {
    const { call, asked } = gateway(done);
    const condition = { name: 'office', context: { b: [1, 'é'], a: { z: null, y: 1e21 } } };
    await call('POST', `${STORE}/write`, { writes: { tuple_keys: [{ ...TUPLE, condition }] } });
    const context = '{"a":{"y":1e+21,"z":null},"b":[1,"é"]}';
    expect(asked.at(-1)).toMatchObject({ transaction: { operations: [{ condition: { name: 'office', context } }] } });
  });

  test.each([
    ['nothing to write', {}, 'invalid_write_input'],
    ['the same tuple twice', { writes: { tuple_keys: [TUPLE, TUPLE] } }, 'cannot_allow_duplicate_tuples_in_one_request'],
    [
      '101 tuples',
      { writes: { tuple_keys: Array.from({ length: 101 }, (_, i) => ({ ...TUPLE, user: `user:${i}` })) } },
      'exceeded_entity_limit',
    ],
    ['a number as user', { writes: { tuple_keys: [{ ...TUPLE, user: 5 }] } }, 'validation_error'],
    ['a missing relation', { writes: { tuple_keys: [{ user: 'user:a', object: 'doc:1' }] } }, 'validation_error'],
    ['an unknown model', { writes: { tuple_keys: [TUPLE] }, authorization_model_id: '01ARZ' }, 'authorization_model_not_found'],
  ])('%s is 400 and nothing is asked of the cluster', async (_name, body, code) => {
    const { call, asked } = gateway(done);
    const answer = await call('POST', `${STORE}/write`, body);
    expect([answer.status, answer.body.code]).toEqual([400, code]);
    expect(asked.some((request) => request.kind === 'transact')).toBe(false);
  });

  test('what admission refuses is 400 with its sentence', async () => {
    const refusal: OperationOutcome = { ok: false, code: 'invalid_argument', message: 'The relation is empty.' };
    const { call } = gateway((request) => (request.kind === 'transact' ? refusal : undefined));
    const answer = await call('POST', `${STORE}/write`, { writes: { tuple_keys: [{ ...TUPLE, relation: '' }] } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_error', message: 'The relation is empty.' } });
  });

  test('without a quorum the answer is 503 with Retry-After; an unknown outcome is 504 and never 503', async () => {
    const unavailable = gateway(() => ({ ok: false, code: 'unavailable', message: 'no leader' }));
    const first = await unavailable.call('POST', `${STORE}/write`, { writes: { tuple_keys: [TUPLE] } });
    expect([first.status, first.body.code, first.headers['retry-after']]).toEqual([503, 'unavailable', '1']);
    const unknown = gateway((request) =>
      request.kind === 'transact' ? { ok: false, code: 'unknown_outcome', message: 'nobody knows' } : undefined,
    );
    const second = await unknown.call('POST', `${STORE}/write`, { writes: { tuple_keys: [TUPLE] } });
    expect([second.status, second.body.code, second.headers['retry-after']]).toEqual([504, 'deadline_exceeded', undefined]);
  });
});

describe('check', () => {
  const present: Script = (request) =>
    request.kind === 'query'
      ? { kind: 'check', model: '', verdicts: [{ ok: true, allowed: true }], anchor: ANCHOR, proof: new Uint8Array([1, 0]) }
      : undefined;

  test('answers allowed, linearizable unless asked otherwise', async () => {
    const { call, asked } = gateway(present);
    const { status, body } = await call('POST', `${STORE}/check`, {
      tuple_key: TUPLE,
      consistency: 'MINIMIZE_LATENCY',
      unknown_field: 1,
    });
    expect([status, body]).toEqual([200, { allowed: true, resolution: '', ...HASHES, token: TOKEN }]);
    expect(asked.at(-1)).toMatchObject({ consistency: 'linearizable', proof: false });
  });

  test('Vouch-Proof: 1 answers with header, proof and statement, and nothing that could be changed unseen', async () => {
    const { call, asked } = gateway(present);
    const { body } = await call('POST', `${STORE}/check`, { tuple_key: TUPLE }, { 'vouch-proof': '1' });
    expect(body).toEqual({
      allowed: true,
      ...HASHES,
      tree_root: 'ef'.repeat(32),
      header: Buffer.alloc(196).toString('base64'),
      proof: 'AQA=',
      statement: { v: 1, org: VAULT.organization, store: VAULT.id, height: 7, tuple: TUPLE, verdict: 'allow' },
    });
    expect(asked.at(-1)).toMatchObject({ proof: true });
  });

  test('Vouch-Consistency: eventual is passed on; anything unknown is refused', async () => {
    const { call, asked } = gateway(present);
    await call('POST', `${STORE}/check`, { tuple_key: TUPLE }, { 'vouch-consistency': 'eventual' });
    expect(asked.at(-1)).toMatchObject({ consistency: 'eventual' });
    const refused = await call('POST', `${STORE}/check`, { tuple_key: TUPLE }, { 'vouch-consistency': 'fast' });
    expect([refused.status, refused.body.code]).toEqual([400, 'validation_error']);
  });

  test.each([
    ['bounded:250', { consistency: { boundedMs: 250 } }],
    ['bounded:0', { consistency: { boundedMs: 0 } }],
    ['linearizable', { consistency: 'linearizable' }],
  ])('Vouch-Consistency: %s is passed on', async (header, expected) => {
    const { call, asked } = gateway(present);
    await call('POST', `${STORE}/check`, { tuple_key: TUPLE }, { 'vouch-consistency': header });
    expect(asked.at(-1)).toMatchObject({ ...expected, at: { kind: 'newest' } });
  });

  test.each([
    ['7', { kind: 'height', height: 7 }],
    ['1970-01-01T00:00:01Z', { kind: 'time', time: 1_000_000 }],
    ['2026-01-31T12:00:00.1234567+01:00', { kind: 'time', time: Date.UTC(2026, 0, 31, 11) * 1000 + 123_456 }],
    ['2024-02-29t00:00:00z', { kind: 'time', time: Date.UTC(2024, 1, 29) * 1000 }],
  ])('Vouch-At: %s is passed on', async (header, at) => {
    const { call, asked } = gateway(present);
    await call('POST', `${STORE}/check`, { tuple_key: TUPLE }, { 'vouch-at': header });
    expect(asked.at(-1)).toMatchObject({ consistency: 'linearizable', at });
  });

  test.each([
    ['vouch-consistency', 'bounded'],
    ['vouch-consistency', 'bounded:'],
    ['vouch-consistency', 'bounded:-1'],
    ['vouch-consistency', 'bounded:1.5'],
    ['vouch-consistency', 'bounded:3600001'],
    ['vouch-consistency', 'Eventual'],
    ['vouch-at', '0'],
    ['vouch-at', '-1'],
    ['vouch-at', '07'],
    ['vouch-at', '2026-01-31'],
    ['vouch-at', '2026-01-31T12:00:00'],
    ['vouch-at', '2026-02-30T12:00:00Z'],
    ['vouch-at', '2026-13-01T12:00:00Z'],
    ['vouch-at', '2026-01-01T25:00:00Z'],
    ['vouch-at', '1969-12-31T23:59:59Z'],
    ['vouch-at', 'yesterday'],
  ])('%s: %s is refused with a sentence', async (header, value) => {
    const { call } = gateway(present);
    const { status, body } = await call('POST', `${STORE}/check`, { tuple_key: TUPLE }, { [header]: value });
    expect([status, body.code]).toEqual([400, 'validation_error']);
    expect(String(body.message).toLowerCase()).toContain(header);
  });

  test.each([
    ['time_in_future', 400],
    ['proof_unavailable', 400],
    ['pruned_height', 410],
    ['height_missing', 404],
  ] as const)('%s has a code of its own', async (code, expected) => {
    const { call } = gateway((request) => (request.kind === 'query' ? { ok: false, code, message: 'no' } : undefined));
    const { status, body } = await call('POST', `${STORE}/check`, { tuple_key: TUPLE }, { 'vouch-at': '3' });
    expect([status, body.code]).toEqual([expected, code === 'height_missing' ? 'height_not_found' : code]);
  });
});

describe('read and stores', () => {
  test('read and blocks take both headers, and a token goes on at its own height only', async () => {
    const { call, asked } = gateway((request) => {
      if (request.kind !== 'query') return undefined;
      if (request.query.kind === 'block')
        return { kind: 'block', anchor: ANCHOR, transactions: [], newest: 7 as Height, pruned: false };
      return { kind: 'list', rows: [], next: new Uint8Array([9, 9]), anchor: ANCHOR };
    });
    const headers = { 'vouch-at': '3', 'vouch-consistency': 'eventual' };
    const first = await call('POST', `${STORE}/read`, { tuple_key: { object: 'document:1' } }, headers);
    const asked3 = { consistency: 'eventual', at: { kind: 'height', height: 3 } };
    expect(asked.at(-1)).toMatchObject(asked3);
    await call('GET', `/v1/stores/${VAULT.id}/blocks/latest`, undefined, headers);
    expect(asked.at(-1)).toMatchObject({ ...asked3, query: { kind: 'block', height: 0 } });
    const next = { tuple_key: { object: 'document:1' }, continuation_token: first.body.continuation_token };
    expect((await call('POST', `${STORE}/read`, next, headers)).status).toBe(200);
    const other = await call('POST', `${STORE}/read`, next, { 'vouch-at': '4' });
    expect(other.body.code).toBe('invalid_continuation_token');
  });

  test('a continuation token works for its own question only', async () => {
    const { call, asked } = gateway((request) =>
      request.kind === 'query' ? { kind: 'list', rows: [], next: new Uint8Array([9, 9]), anchor: ANCHOR } : undefined,
    );
    const first = await call('POST', `${STORE}/read`, { tuple_key: { object: 'document:1' } });
    const token = first.body.continuation_token as string;
    await call('POST', `${STORE}/read`, { tuple_key: { object: 'document:1' }, continuation_token: token });
    expect(asked.at(-1)).toMatchObject({ query: { resource: 'document:1', after: new Uint8Array([9, 9]) } });
    for (const bad of [token.slice(0, -2), `${token}AA`.slice(2), '????']) {
      const answer = await call('POST', `${STORE}/read`, { tuple_key: { object: 'document:1' }, continuation_token: bad });
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_continuation_token']);
    }
    const other = await call('POST', `${STORE}/read`, { tuple_key: { object: 'document:2' }, continuation_token: token });
    expect(other.body.code).toBe('invalid_continuation_token');
  });

  test('POST /stores reserves the name, makes the vault, and is 201', async () => {
    const { call, asked } = gateway((request) => {
      if (request.kind === 'directory') return { kind: 'vault', vault: VAULT, created: true };
      return request.kind === 'createVault' ? { kind: 'vaultCreated', anchor: ANCHOR } : undefined;
    });
    const { status, body } = await call('POST', '/stores', { name: 'docs' });
    const createdAt = '2023-11-14T22:13:20.000Z';
    expect([status, body]).toEqual([201, { id: VAULT.id, name: 'docs', created_at: createdAt, updated_at: createdAt }]);
    expect(asked.map((request) => request.kind)).toEqual(['directory', 'createVault']);
  });

  test('a name whose vault was never finished is finished by the next request; a finished one is already_exists', async () => {
    const reserved: Answer = { kind: 'vault', vault: VAULT, created: false };
    const unfinished = gateway((request) => {
      if (request.kind === 'directory') return reserved;
      if (request.kind === 'createVault') return { kind: 'vaultCreated', anchor: ANCHOR };
      return { ok: false, code: 'vault_missing', message: '' };
    });
    expect((await unfinished.call('POST', '/stores', { name: 'docs' })).status).toBe(201);
    const finished = gateway((request) =>
      request.kind === 'directory'
        ? reserved
        : { kind: 'block', anchor: ANCHOR, transactions: [], newest: 7 as Height, pruned: false },
    );
    const answer = await finished.call('POST', '/stores', { name: 'docs' });
    expect([answer.status, answer.body.code]).toEqual([400, 'already_exists']);
  });

  test.each(['/stores/01ARZ3NDEKTSV4RRFFQ69G5FAX', STORE])(
    '%s of another organization, or of none, is not found',
    async (url) => {
      const { call } = gateway();
      for (const [method, path] of [
        ['GET', ''],
        ['POST', '/check'],
        ['POST', '/write'],
        ['POST', '/read'],
      ] as const) {
        const bodies = {
          '/check': { tuple_key: TUPLE },
          '/write': { writes: { tuple_keys: [TUPLE] } },
          '/read': {},
          '': undefined,
        };
        const answer = await call(method, url + path, bodies[path], { 'vouch-organization': 'acme' });
        expect([answer.status, answer.body.code]).toEqual([404, 'store_id_not_found']);
      }
    },
  );
});

describe('bad requests', () => {
  test.each([
    ['malformed JSON', '{"tuple_key":', 400, 'validation_error'],
    ['an empty body', '', 400, 'validation_error'],
    ['an array', '[]', 400, 'validation_error'],
    ['a body over 1 MiB', `{"x":"${'a'.repeat(1 << 20)}"}`, 413, 'payload_too_large'],
    ['a prototype in JSON', '{"__proto__":{"tuple_key":1}}', 400, 'validation_error'],
  ])('%s', async (_name, body, status, code) => {
    const answer = await gateway().call('POST', `${STORE}/check`, body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(JSON.stringify(answer.body)).not.toMatch(/at .*\.(ts|js)/);
  });

  test('another media type is 415: a page in a browser cannot post without a preflight', async () => {
    const answer = await gateway().call('POST', `${STORE}/check`, '{"tuple_key":{}}', { 'content-type': 'text/plain' });
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
  });

  test('an unknown route is 404 undefined_endpoint', async () => {
    expect(await gateway().call('GET', '/nothing?x=1')).toMatchObject({ status: 404, body: { code: 'undefined_endpoint' } });
  });

  test('a path that cannot be read is a sentence like any other error', async () => {
    const broken = await gateway().call('GET', '/stores/%ff');
    expect(broken).toMatchObject({
      status: 400,
      body: { code: 'validation_error', message: expect.stringContaining('cannot be read') },
    });
    const long = await gateway().call('GET', `/stores/${'x'.repeat(400)}`);
    expect(long).toMatchObject({ status: 414, body: { code: 'validation_error', message: expect.stringContaining('too long') } });
  });

  test('an unexpected failure is 500 without its details', async () => {
    const { call } = gateway(() => {
      throw new Error('secret detail');
    });
    const answer = await call('GET', STORE);
    expect([answer.status, answer.body.code]).toEqual([500, 'internal_error']);
    expect(JSON.stringify(answer.body)).not.toMatch(/secret/);
  });
});

describe('operators', () => {
  test('probes: live at once, ready only without a reason against it', async () => {
    const { call } = gateway();
    expect(await call('GET', '/healthz')).toMatchObject({ status: 200, body: { status: 'SERVING' } });
    expect(await call('GET', '/startupz')).toMatchObject({ status: 200 });
    expect(await call('GET', '/readyz')).toMatchObject({ status: 503, body: { reasons: ['no leader is known for group 1'] } });
  });

  test('metrics count requests by route pattern, never by path', async () => {
    const { call, gateway: made } = gateway();
    await call('GET', STORE);
    await call('GET', '/some/unknown/path');
    const { payload } = await made.app.inject({ method: 'GET', url: '/metrics' });
    expect(payload).toMatch(/vouch_http_request_seconds_count\{route="\/stores\/:store",method="GET",status="200"\} 1/);
    expect(payload).toMatch(/route="unknown",method="GET",status="404"/);
    expect(payload).not.toMatch(VAULT.id);
  });

  test.each([
    [{ name: 'bank' }, undefined],
    [
      { name: 'bank', group: 'new' },
      { kind: 'new', replicas: 3 },
    ],
    [
      { name: 'bank', group: 'new', replicas: 5 },
      { kind: 'new', replicas: 5 },
    ],
    [
      { name: 'bank', group: 7 },
      { kind: 'group', group: 7 },
    ],
  ])('an organization is placed as %j says', async (body, placement) => {
    const made = { kind: 'organization', id: VAULT.organization, name: 'bank', group: 9 as GroupId, created: true } as const;
    const { call, asked } = gateway(() => made);
    expect(await call('POST', '/v1/organizations', body)).toMatchObject({ status: 201, body: { name: 'bank', group: 9 } });
    expect(asked).toMatchObject([{ kind: 'directory', body: { kind: 'createOrganization', name: 'bank', placement } }]);
  });

  test.each([
    { name: 'bank', replicas: 3 },
    { name: 'bank', group: 'old' },
    { name: 'bank', group: 0 },
    { name: 'bank', group: 'new', replicas: 9 },
  ])('an organization cannot be placed as %j says', async (body) => {
    const { call, asked } = gateway();
    expect(await call('POST', '/v1/organizations', body)).toMatchObject({ status: 400, body: { code: 'validation_error' } });
    expect(asked).toEqual([]);
  });

  test('init that cannot be done says why', async () => {
    const answer = await gateway().call('POST', '/v1/init', { expect: 2 });
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'failed_precondition', message: 'Only 1 of 2 nodes are connected.' },
    });
  });

  test('an init repeated after one that died in between makes the organization that was missing', async () => {
    const again: Partial<NodeControl> = {
      status: () => ({ ...STATUS, cluster: 'c'.repeat(32) as ClusterId }),
      init: async () => ({ ok: false, code: 'already_initialised', message: 'This node already belongs to a cluster.' }),
    };
    const { call, asked } = gateway(() => undefined, again);
    expect(await call('POST', '/v1/init', {})).toMatchObject({ status: 400, body: { code: 'failed_precondition' } });
    expect(asked).toMatchObject([
      { kind: 'directory', body: { kind: 'createOrganization', name: 'default', placement: undefined } },
    ]);

    const elsewhere = gateway(() => undefined, { ...again, status: () => STATUS });
    await elsewhere.call('POST', '/v1/init', {});
    expect(elsewhere.asked).toEqual([]); // the cluster is a neighbour's
  });

  test('draining answers 503 and waits for what is in flight', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { call, gateway: made } = gateway();
    made.app.addHook('preHandler', async (request) => (request.url === STORE ? gate : undefined));
    const slow = call('GET', STORE);
    await new Promise((resolve) => setTimeout(resolve, 20));
    let drained = false;
    const draining = made.drain(5000).then(() => {
      drained = true;
    });
    expect((await call('GET', '/healthz')).status).toBe(503);
    expect(drained).toBe(false);
    release();
    expect((await slow).status).toBe(200);
    await draining;
  });
});
