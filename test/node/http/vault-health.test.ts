/** Routes that tell how a node holds its vaults, and that have one rebuilt. */
import pino from 'pino';
import { afterAll, expect, test } from 'vitest';
import type { OperationOutcome } from '../../../core/client/operation.ts';
import type { NodeStatus, VaultEntry } from '../../../core/client/protocol.ts';
import type { GroupId, Height, Micros, NodeId, OrganizationId, VaultId } from '../../../core/ids.ts';
import type { VaultHealth } from '../../../core/replica/divergence.ts';
import type { NodeControl } from '../../../node/control.ts';
import { Gateway } from '../../../node/http/gateway.ts';
import { Ledger } from '../../../node/ledger.ts';
import { NodeMetrics } from '../../../node/metrics.ts';
import type { VaultCopy } from '../../../node/vault-health.ts';

const NODE = 'a'.repeat(32) as NodeId;
const STATUS: NodeStatus = { node: NODE, cluster: undefined, members: [], removed: false, groups: [], droppedFrames: 0 };
const VAULT: VaultEntry = {
  id: '01HZZZZZZZZZZZZZZZZZZZZZZZ' as VaultId,
  organization: '01HYYYYYYYYYYYYYYYYYYYYYYY' as OrganizationId,
  organizationName: 'default',
  name: 'docs',
  group: 1 as GroupId,
  createdAt: 0 as Micros,
};
const gateways: Gateway[] = [];
afterAll(() => Promise.all(gateways.map((gateway) => gateway.app.close())));

function gateway(health: VaultHealth | undefined) {
  const recovered: VaultId[] = [];
  const copy: VaultCopy | undefined =
    health === undefined ? undefined : { vault: VAULT.id, group: VAULT.group, height: 7, blockHash: 'ab', health };
  const ask = async (): Promise<OperationOutcome> => ({ ok: true, answer: { kind: 'vault', vault: VAULT, created: false } });
  const vaults: NodeControl['vaults'] = {
    of: () => copy,
    unwell: () => (copy === undefined || copy.health.state === 'healthy' ? [] : [copy]),
    recover: (_group, vault) => void recovered.push(vault),
  };
  const made = new Gateway({
    ledger: new Ledger(ask),
    metrics: new NodeMetrics(() => STATUS),
    log: pino({ level: 'silent' }),
    control: {
      status: () => STATUS,
      links: () => [],
      notReady: () => [],
      init: async () => ({ ok: false, code: 'not_possible', message: 'not asked' }),
      backup: {
        cluster: () => Promise.reject(new Error('not asked')),
        group: () => Promise.reject(new Error('not asked')),
        isEncrypted: false,
      },
      drain: async () => ({ handed_over: [], kept: [] }),
      vaults,
    },
  });
  gateways.push(made);
  const call = async (method: 'GET' | 'POST', url: string, headers: Record<string, string> = {}) => {
    const response = await made.app.inject({ method, url, headers });
    return { status: response.statusCode, body: response.json() as unknown };
  };
  return { call, recovered };
}

const STORE = `/v1/stores/${VAULT.id}`;
const SINCE = 5 as Height;

test('a healthy vault is told with its newest block, and there is nothing to recover', async () => {
  const { call, recovered } = gateway({ state: 'healthy' });
  const told = { node: NODE, id: VAULT.id, group: 1, height: 7, block_hash: 'ab', state: 'healthy' };
  expect(await call('GET', `${STORE}/status`)).toEqual({ status: 200, body: told });
  expect(await call('GET', '/v1/vaults')).toEqual({ status: 200, body: { node: NODE, unwell: [] } });
  expect(await call('POST', `${STORE}/recover`)).toMatchObject({ status: 400, body: { code: 'failed_precondition' } });
  expect(recovered).toEqual([]);
});

test('an escalated vault is told with since when and how often, and is recovered when asked', async () => {
  const { call, recovered } = gateway({ state: 'escalated', since: SINCE, attempt: 3 });
  const told = { id: VAULT.id, state: 'escalated', since_height: 5, attempt: 3 };
  expect(await call('GET', `${STORE}/status`)).toMatchObject({ status: 200, body: told });
  expect(await call('GET', '/v1/vaults')).toMatchObject({ body: { unwell: [told] } });
  expect(await call('POST', `${STORE}/recover`)).toMatchObject({ status: 202, body: { id: VAULT.id } });
  expect(recovered).toEqual([VAULT.id]);
});

test('a vault of another organization, or of a group that is elsewhere, is not found', async () => {
  const { call } = gateway(undefined);
  expect(await call('GET', `${STORE}/status`, { 'vouch-organization': 'other' })).toMatchObject({
    status: 404,
    body: { code: 'store_id_not_found' },
  });
  expect(await call('GET', `${STORE}/status`)).toMatchObject({ status: 404, body: { code: 'group_not_found' } });
});
