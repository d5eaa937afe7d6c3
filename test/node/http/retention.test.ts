/** What a store keeps of its past, over HTTP: the routes, and what a read below it is told. */
import { pino } from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import type { LogicalRequest, OperationOutcome } from '../../../core/client/operation.ts';
import type { Anchor, NodeStatus, VaultEntry } from '../../../core/client/protocol.ts';
import type { GroupId, Height, Micros, NodeId, OrganizationId, VaultId } from '../../../core/ids.ts';
import { Gateway } from '../../../node/http/gateway.ts';
import { Ledger } from '../../../node/ledger.ts';
import { NodeMetrics } from '../../../node/metrics.ts';
import { idleControl } from './idle-control.ts';

const VAULT: VaultEntry = {
  id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' as VaultId,
  organization: '01BX5ZZKBKACTAV9WEVGEMMVRZ' as OrganizationId,
  organizationName: 'default',
  name: 'docs',
  group: 1 as GroupId,
  createdAt: 1_700_000_000_000_000 as Micros,
};
const HASH = new Uint8Array(32);
const ANCHOR: Anchor = { height: 9 as Height, blockHash: HASH, stateRoot: HASH, treeRoot: HASH, header: new Uint8Array(196) };
const KEPT = { retention: '4', oldest_height: 6, oldest_time: '2023-11-14T22:13:20.000Z', height: 9 };
const STATUS = {
  node: 'a'.repeat(32) as NodeId,
  cluster: undefined,
  members: [],
  removed: false,
  groups: [],
  droppedFrames: 0,
} satisfies NodeStatus;

const gateways: Gateway[] = [];
afterAll(() => Promise.all(gateways.map((gateway) => gateway.app.close())));

/** A gateway over one vault that keeps its four newest heights. */
function gateway(script: (request: LogicalRequest) => OperationOutcome | undefined = () => undefined) {
  const asked: LogicalRequest[] = [];
  const answer = (request: LogicalRequest): OperationOutcome => {
    switch (request.kind) {
      case 'directory':
      case 'lookupVault':
        return { ok: true, answer: { kind: 'vault', vault: VAULT, created: true } };
      case 'createVault':
        return { ok: true, answer: { kind: 'vaultCreated', anchor: ANCHOR } };
      case 'transact': {
        const outcome = { ok: true, changed: true, height: 9 as Height, model: '' } as const;
        return { ok: true, answer: { kind: 'transacted', outcome, anchor: ANCHOR } };
      }
      default: {
        const kept = { retention: { kind: 'heights', heights: 4 }, oldest: 6 as Height, oldestTime: VAULT.createdAt } as const;
        return { ok: true, answer: { kind: 'retention', ...kept, anchor: ANCHOR } };
      }
    }
  };
  const ask = async (request: LogicalRequest): Promise<OperationOutcome> => {
    asked.push(request);
    return script(request) ?? answer(request);
  };
  const made = new Gateway({
    ledger: new Ledger(ask),
    metrics: new NodeMetrics(() => STATUS),
    log: pino({ level: 'silent' }),
    control: idleControl(STATUS),
  });
  gateways.push(made);
  const call = async (method: 'GET' | 'POST' | 'PUT', url: string, body?: object, headers: Record<string, string> = {}) => {
    const payload = body === undefined ? {} : { payload: body };
    const response = await made.app.inject({ method, url, headers, ...payload });
    return { status: response.statusCode, body: response.json() as Record<string, unknown> };
  };
  return { asked, call };
}

const PATH = `/v1/stores/${VAULT.id}/retention`;

describe('the routes', () => {
  test('GET says what is kept, and from where on', async () => {
    const { call } = gateway();
    expect(await call('GET', PATH)).toMatchObject({ status: 200, body: KEPT });
  });

  test('PUT is one transaction with its actor and reason', async () => {
    const { asked, call } = gateway();
    const headers = { 'vouch-actor': 'user:anne', 'vouch-reason': 'policy 7' };
    expect(await call('PUT', PATH, { retention: '30d' }, headers)).toMatchObject({
      status: 200,
      body: { ...KEPT, changed: true },
    });
    const operations = [{ op: 'setRetention', retention: { kind: 'duration', micros: 30 * 86_400 * 1_000_000 } }];
    const transaction = { actor: 'user:anne', reason: 'policy 7', operations };
    expect(asked.find(({ kind }) => kind === 'transact')).toMatchObject({ vault: VAULT.id, transaction });
  });

  test('nothing is asked of the cluster where the text is no retention', async () => {
    const { asked, call } = gateway();
    for (const retention of ['', '0', '-1', 'forever', '1.5d', '9007199254740992', '52125d', '3 d', '1y']) {
      expect(await call('PUT', PATH, { retention })).toMatchObject({ status: 400, body: { code: 'validation_error' } });
      expect(await call('POST', '/stores', { name: 'docs', retention })).toMatchObject({ status: 400 });
    }
    expect(await call('PUT', PATH, {})).toMatchObject({ status: 400 });
    expect(asked).toEqual([]);
  });

  test('a store is made first and told what to keep then', async () => {
    const { asked, call } = gateway();
    expect((await call('POST', '/stores', { name: 'docs', retention: '1000' })).status).toBe(201);
    expect(asked.map(({ kind }) => kind)).toEqual(['directory', 'createVault', 'transact']);
    const failing = gateway(({ kind }) =>
      kind === 'transact' ? { ok: false, code: 'unknown_outcome', message: 'No answer came.' } : undefined,
    );
    const { status, body } = await failing.call('POST', '/stores', { name: 'docs', retention: '1000' });
    expect([status, body.code]).toEqual([504, 'deadline_exceeded']);
    expect(body.message).toMatch(/was created and keeps everything.*No answer came.*PUT \/v1\/stores\//);
  });
});

test('a read below the floor is 410 and names the oldest height', async () => {
  const pruned = { ok: false, code: 'pruned_height', message: 'this vault does not keep that', oldest: 6 as Height } as const;
  const { call } = gateway(({ kind }) => (kind === 'query' ? pruned : undefined));
  const body = { code: 'pruned_height', message: pruned.message, oldest_height: 6 };
  const tuple_key = { user: 'user:anne', relation: 'viewer', object: 'document:1' };
  for (const [route, question] of [
    ['check', { tuple_key }],
    ['read', {}],
  ] as const) {
    expect(await call('POST', `/stores/${VAULT.id}/${route}`, question, { 'vouch-at': '3' })).toEqual({ status: 410, body });
  }
});
