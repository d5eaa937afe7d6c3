/** Signed checkpoints and keys over HTTP: what is asked of the cluster, and in which form it is given away. */
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import type { LogicalRequest, OperationOutcome } from '../../../core/client/operation.ts';
import type { ClusterId, GroupId, Height, LogIndex, Micros, NodeId, OrganizationId, VaultId } from '../../../core/ids.ts';
import { memberOf } from '../../../core/state/member-table.ts';
import { Gateway } from '../../../node/http/gateway.ts';
import { Ledger } from '../../../node/ledger.ts';
import { NodeMetrics } from '../../../node/metrics.ts';
import { idleControl } from './idle-control.ts';

const NODE = 'a'.repeat(32) as NodeId;
const CLUSTER = 'c'.repeat(32) as ClusterId;
const VAULT = {
  id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' as VaultId,
  organization: '01BX5ZZKBKACTAV9WEVGEMMVRZ' as OrganizationId,
  organizationName: 'default',
  name: 'docs',
  group: 1 as GroupId,
  createdAt: 1_700_000_000_000_000 as Micros,
};
const STATUS = { node: NODE, cluster: CLUSTER, members: [], removed: false, groups: [], droppedFrames: 0 };
const NOTE = 'origin\n9\nAAAA\n\n\u2014 name AAAA\n';
const KEYS = [
  { node: NODE, publicKey: new Uint8Array(32).fill(9), from: 3 as LogIndex, retired: 8 as LogIndex },
  { node: NODE, publicKey: new Uint8Array(32).fill(8), from: 8 as LogIndex, retired: undefined },
];

const asked: LogicalRequest[] = [];
let refusal: OperationOutcome | undefined;

async function ask(request: LogicalRequest): Promise<OperationOutcome> {
  asked.push(request);
  if (request.kind === 'lookupVault') return { ok: true, answer: { kind: 'vault', vault: VAULT, created: true } };
  if (request.kind === 'listMembers')
    return { ok: true, answer: { kind: 'members', members: [memberOf(NODE, 'h:1')], keys: KEYS } };
  return refusal ?? { ok: true, answer: { kind: 'checkpoint', note: NOTE, size: 9 as Height, signatures: 2 } };
}

const { app } = new Gateway({
  ledger: new Ledger(ask),
  metrics: new NodeMetrics(() => STATUS),
  log: pino({ level: 'silent' }),
  control: idleControl(STATUS),
});
afterAll(() => app.close());

test('a checkpoint is the note itself, as text, with how many signed', async () => {
  const answer = await app.inject(`/v1/stores/${VAULT.id}/checkpoint?signatures=2`);
  expect(answer.statusCode).toBe(200);
  expect(answer.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'vouch-height': '9',
    'vouch-signatures': '2',
  });
  expect(answer.body).toBe(NOTE);
  expect(asked.at(-1)).toMatchObject({ query: { kind: 'checkpoint', signatures: 2 }, consistency: 'linearizable', proof: false });
});

test('without a number a majority is asked for; what is no number of nodes is refused, and too few signatures are said to be that', async () => {
  await app.inject(`/v1/stores/${VAULT.id}/checkpoint`);
  expect(asked.at(-1)).toMatchObject({ query: { signatures: 0 } });
  for (const text of ['-1', '65', 'all', '2.5']) {
    expect((await app.inject(`/v1/stores/${VAULT.id}/checkpoint?signatures=${text}`)).statusCode, text).toBe(400);
  }
  refusal = { ok: false, code: 'unavailable', message: 'Of 3 nodes 2 signed in time.' } as OperationOutcome;
  const answer = await app.inject(`/v1/stores/${VAULT.id}/checkpoint?signatures=3`);
  refusal = undefined;
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({ code: 'unavailable' });
});

test('keys are told in the form that notes are checked with, and members with the one in force', async () => {
  const { cluster, keys } = (await app.inject('/v1/keys')).json() as {
    cluster: string;
    keys: { vkey: string; retired?: number }[];
  };
  expect(cluster).toBe(CLUSTER);
  expect(keys.map(({ retired }) => retired)).toEqual([8, undefined]);
  for (const { vkey } of keys) expect(vkey).toMatch(new RegExp(`^vouch/${CLUSTER}/${NODE}\\+[0-9a-f]{8}\\+BA?`));
  const { members } = (await app.inject('/v1/members')).json() as { members: { vkey?: string }[] };
  expect(members.map(({ vkey }) => vkey)).toEqual([keys[1]?.vkey]);
});
