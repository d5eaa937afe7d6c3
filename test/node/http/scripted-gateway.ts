/** A gateway over a cluster that answers by a script: for tests of what requests become, and of what answers look like. */
import { pino } from 'pino';
import { afterAll } from 'vitest';
import type { Answer, LogicalRequest, OperationOutcome } from '../../../core/client/operation.ts';
import type { Anchor, NodeStatus, VaultEntry } from '../../../core/client/protocol.ts';
import type { ClusterId, GroupId, Height, Micros, NodeId, OrganizationId, VaultId } from '../../../core/ids.ts';
import type { NodeControl } from '../../../node/control.ts';
import { Gateway } from '../../../node/http/gateway.ts';
import { Ledger } from '../../../node/ledger.ts';
import { NodeMetrics } from '../../../node/metrics.ts';

export const VAULT: VaultEntry = {
  id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' as VaultId,
  organization: '01BX5ZZKBKACTAV9WEVGEMMVRZ' as OrganizationId,
  organizationName: 'default',
  name: 'docs',
  group: 1 as GroupId,
  createdAt: 1_700_000_000_000_000 as Micros,
};
export const ANCHOR: Anchor = {
  height: 7 as Height,
  blockHash: new Uint8Array(32).fill(0xab),
  stateRoot: new Uint8Array(32).fill(0xcd),
  treeRoot: new Uint8Array(32).fill(0xef),
  header: new Uint8Array(196),
};
export const HASHES: { readonly height: number; readonly block_hash: string; readonly state_root: string } = {
  height: 7,
  block_hash: 'ab'.repeat(32),
  state_root: 'cd'.repeat(32),
};
/** Of that height and block. */
export const TOKEN: string = Buffer.from('010000000000000007abababab', 'hex').toString('base64url');
export const TUPLE: { readonly user: string; readonly relation: string; readonly object: string } = {
  user: 'user:anne',
  relation: 'viewer',
  object: 'document:1',
};
export const STATUS: NodeStatus = {
  node: 'a'.repeat(32) as NodeId,
  cluster: undefined,
  members: [],
  removed: false,
  groups: [],
  droppedFrames: 0,
};

export type Script = (request: LogicalRequest) => Answer | OperationOutcome | undefined;

const gateways: Gateway[] = [];
afterAll(() => Promise.all(gateways.map((gateway) => gateway.app.close())));

export interface Scripted {
  readonly gateway: Gateway;
  /** Everything that was asked of the cluster. */
  readonly asked: LogicalRequest[];
  readonly call: (
    method: 'GET' | 'POST',
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<{
    readonly status: number;
    readonly body: Record<string, unknown>;
    readonly headers: Readonly<Record<string, unknown>>;
  }>;
}

/** A gateway over a cluster that knows one vault, and answers other requests by the script. */
export function gateway(script: Script = () => undefined, control: Partial<NodeControl> = {}): Scripted {
  const asked: LogicalRequest[] = [];
  const ask = async (request: LogicalRequest): Promise<OperationOutcome> => {
    asked.push(request);
    const scripted = script(request);
    if (scripted !== undefined) return 'ok' in scripted ? scripted : { ok: true, answer: scripted };
    if (request.kind === 'lookupVault') {
      if (request.id === VAULT.id || request.name === VAULT.name)
        return { ok: true, answer: { kind: 'vault', vault: VAULT, created: false } };
      return { ok: false, code: 'vault_missing', message: 'no such vault' };
    }
    return { ok: false, code: 'unavailable', message: 'not scripted' };
  };
  const made = new Gateway({
    ledger: new Ledger(ask),
    metrics: new NodeMetrics(() => STATUS),
    log: pino({ level: 'silent' }),
    control: {
      status: () => STATUS,
      links: () => [],
      notReady: () => ['no leader is known for group 1'],
      init: async (request) =>
        request.expect > 1
          ? { ok: false, code: 'too_few_nodes', message: 'Only 1 of 2 nodes are connected.' }
          : { ok: true, cluster: 'c'.repeat(32) as ClusterId, members: [] },
      backup: {
        cluster: () => Promise.reject(new Error('not asked')),
        group: () => Promise.reject(new Error('not asked')),
        isEncrypted: false,
      },
      vaults: { of: () => undefined, unwell: () => [], recover: () => undefined },
      drain: async () => ({ handed_over: [], kept: [] }),
      ...control,
    },
  });
  gateways.push(made);
  const call = async (method: 'GET' | 'POST', url: string, body?: unknown, headers: Record<string, string> = {}) => {
    const payload = body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) };
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await made.app.inject({ method, url, headers: { ...type, ...headers }, ...payload });
    return { status: response.statusCode, body: response.json() as Record<string, unknown>, headers: response.headers };
  };
  return { gateway: made, asked, call };
}

export const STORE: string = `/stores/${VAULT.id}`;
