/** The chain over HTTP: what the routes answer from a real vault, verified from their JSON alone, and what they refuse. */
import { pino } from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../core/bytes/text.ts';
import { decodeBlockPage } from '../../../core/chain/block-bytes.ts';
import { verifyChainAnswer } from '../../../core/chain/chain-answer.ts';
import { verifyConsistency } from '../../../core/chain/log-proof.ts';
import type { LogicalRequest, OperationOutcome } from '../../../core/client/operation.ts';
import type { NodeStatus, VaultEntry } from '../../../core/client/protocol.ts';
import type { Micros, NodeId } from '../../../core/ids.ts';
import { checkRequest } from '../../../core/state/admission.ts';
import { nativeHasher } from '../../../node/hasher.ts';
import { Gateway } from '../../../node/http/gateway.ts';
import { Ledger } from '../../../node/ledger.ts';
import { NodeMetrics } from '../../../node/metrics.ts';
import { blocksOf, chainOf, vaultOf } from '../../chain/history.ts';
import { GROUP, keep, ORGANIZATION, VAULT } from '../../state/support.ts';
import { idleControl } from './idle-control.ts';

const bench = chainOf(12);
bench.run([keep({ kind: 'heights', heights: 6 })]);
const NEWEST = 14;
const { log } = vaultOf(bench);

const ENTRY: VaultEntry = {
  id: VAULT,
  organization: ORGANIZATION,
  organizationName: 'default',
  name: 'docs',
  group: GROUP,
  createdAt: 1 as Micros,
};
const STATUS = {
  node: 'a'.repeat(32) as NodeId,
  cluster: undefined,
  members: [],
  removed: false,
  groups: [],
  droppedFrames: 0,
} satisfies NodeStatus;

/** As a node answers: admission, then the state. */
async function ask(request: LogicalRequest): Promise<OperationOutcome> {
  if (request.kind === 'lookupVault') return { ok: true, answer: { kind: 'vault', vault: ENTRY, created: false } };
  if (request.kind !== 'query') throw new Error(`nobody asks for ${request.kind} here`);
  const refusal = checkRequest(request);
  if (refusal !== undefined) return { ok: false, ...refusal };
  const answer = bench.state.query(request);
  return answer.kind === 'error' ? { ok: false, ...answer } : { ok: true, answer };
}

const gateway = new Gateway({
  ledger: new Ledger(ask),
  metrics: new NodeMetrics(() => STATUS),
  log: pino({ level: 'silent' }),
  control: idleControl(STATUS),
});
afterAll(() => gateway.app.close());

function get(path: string, headers: Readonly<Record<string, string>> = {}) {
  return gateway.app.inject({ method: 'GET', url: `/v1/stores/${VAULT}${path}`, headers });
}

describe('answers', () => {
  test('a block in the log of a size, of pruned blocks as well', async () => {
    const size = 11;
    const answer = (await get(`/log/inclusion?height=2&size=${size}`)).json();
    const pinned = { size, root: toHex(log.root(size)) };
    expect(verifyChainAnswer(answer, { store: VAULT, organization: ORGANIZATION, height: 2, log: pinned })).toMatchObject({
      ok: true,
      anchored: 'log',
      transaction: undefined,
    });
    expect((await get('/log/inclusion?height=2')).json().log.size).toBe(NEWEST);
  });

  test('a transaction with its place, and none that the store has dropped', async () => {
    const answer = (await get('/blocks/11/transactions/1/proof')).json();
    const block = toHex(vaultOf(bench).anchorAt(11 as never).blockHash);
    expect(verifyChainAnswer(answer, { block })).toMatchObject({ ok: true, anchored: 'block' });
    const gone = await get('/blocks/3/transactions/0/proof');
    expect([gone.statusCode, gone.json()]).toMatchObject([410, { code: 'pruned_height', oldest_height: 9 }]);
  });

  test('one size of the log in another', async () => {
    const { from, to, from_root, to_root, path } = (await get('/log/consistency?from=5')).json();
    expect([from, to]).toEqual([5, NEWEST]);
    const bytes = (text: string): Uint8Array => fromHex(text) as Uint8Array;
    expect(bytes(from_root)).toEqual(log.root(5));
    const claim = {
      olderSize: from,
      newerSize: to,
      olderRoot: bytes(from_root),
      newerRoot: bytes(to_root),
      path: path.map(bytes),
    };
    expect(verifyConsistency(nativeHasher, claim)).toBe(true);
  });

  test('whole blocks, without what the store has dropped', async () => {
    const answer = await get('/log/blocks?from=1');
    expect(answer.headers['content-type']).toBe('application/octet-stream');
    const decoded = decodeBlockPage(new Uint8Array(answer.rawPayload));
    expect(decoded).toEqual({ ok: true, value: { newest: NEWEST, blocks: blocksOf(bench) } });
  });
});

describe('refusals', () => {
  test.each([
    ['/log/inclusion', 400, 'validation_error'],
    ['/log/inclusion?height=0', 400, 'validation_error'],
    ['/log/inclusion?height=x', 400, 'validation_error'],
    ['/log/inclusion?height=5&size=4', 400, 'validation_error'],
    ['/log/inclusion?height=99', 404, 'height_not_found'],
    ['/log/inclusion?height=1&size=99', 404, 'height_not_found'],
    ['/log/inclusion?height=1&height=2', 400, 'validation_error'],
    ['/log/consistency?from=0', 400, 'validation_error'],
    ['/log/consistency?from=4&to=3', 400, 'validation_error'],
    ['/log/consistency?from=4&to=99', 404, 'height_not_found'],
    ['/blocks/11/transactions/9/proof', 404, 'transaction_not_found'],
    ['/blocks/11/transactions/-1/proof', 400, 'validation_error'],
    ['/blocks/latest/transactions/0/proof', 400, 'validation_error'],
    ['/log/blocks?from=99', 404, 'height_not_found'],
    ['/log/blocks', 400, 'validation_error'],
  ])('%s is %i %s', async (path, status, code) => {
    const answer = await get(path);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(answer.json().message.length).toBeGreaterThan(15);
  });

  test('a moment beside the heights that the question names', async () => {
    const answer = await get('/log/inclusion?height=1', { 'vouch-at': '3' });
    expect([answer.statusCode, answer.json().message]).toEqual([400, expect.stringMatching(/leave Vouch-At out/)]);
  });

  test('a store of another organization', async () => {
    expect((await get('/log/inclusion?height=1', { 'vouch-organization': 'acme' })).statusCode).toBe(404);
  });
});
