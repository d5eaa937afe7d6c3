/** Watching a store's blocks over HTTP: from any height without a gap, at the client's pace, until either side ends it. */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyChainAnswer } from '../../../core/chain/chain-answer.ts';
import type { LogicalRequest, OperationOutcome } from '../../../core/client/operation.ts';
import type { NodeStatus, VaultEntry } from '../../../core/client/protocol.ts';
import type { Micros, NodeId } from '../../../core/ids.ts';
import { checkRequest } from '../../../core/state/admission.ts';
import { Gateway } from '../../../node/http/gateway.ts';
import type { WatchedBlock } from '../../../node/http/watch-routes.ts';
import { Ledger } from '../../../node/ledger.ts';
import { NodeMetrics } from '../../../node/metrics.ts';
import { everyOperation, vaultOf } from '../../chain/history.ts';
import { GROUP, ORGANIZATION, set, VAULT } from '../../state/support.ts';
import { idleControl } from './idle-control.ts';

const bench = everyOperation();
const newest = (): number => vaultOf(bench).height;

const ENTRY: VaultEntry = {
  id: VAULT,
  organization: ORGANIZATION,
  organizationName: 'default',
  name: 'docs',
  group: GROUP,
  createdAt: 1 as Micros,
};
const STATUS: NodeStatus = {
  node: 'a'.repeat(32) as NodeId,
  cluster: undefined,
  members: [],
  removed: false,
  groups: [],
  droppedFrames: 0,
};

let pages = 0;
let failing: OperationOutcome | undefined;

/** As a node answers: admission, then the state. */
async function ask(request: LogicalRequest): Promise<OperationOutcome> {
  if (request.kind === 'lookupVault') return { ok: true, answer: { kind: 'vault', vault: ENTRY, created: false } };
  if (request.kind !== 'query') throw new Error(`nobody asks for ${request.kind} here`);
  const refusal = checkRequest(request);
  if (refusal !== undefined) return { ok: false, ...refusal };
  if (request.query.kind === 'blocks') {
    pages += 1;
    if (failing !== undefined) return failing;
  }
  const answer = bench.state.query(request);
  return answer.kind === 'error' ? { ok: false, ...answer } : { ok: true, answer };
}

function made(): Gateway {
  return new Gateway({
    ledger: new Ledger(ask),
    metrics: new NodeMetrics(() => STATUS),
    log: pino({ level: 'silent' }),
    control: idleControl(STATUS),
  });
}

const gateway = made();
let url = '';
beforeAll(async () => {
  url = `${await gateway.app.listen({ host: '127.0.0.1', port: 0 })}/v1/stores/${VAULT}/blocks/watch`;
});
afterAll(() => gateway.app.close());

/** Lines as they come. */
class Watch {
  readonly response: Response;
  private readonly reader: ReadableStreamDefaultReader<string>;
  private readonly abort: AbortController;
  private rest: string = '';

  constructor(response: Response, abort: AbortController) {
    this.response = response;
    this.abort = abort;
    this.reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next line; undefined at the end. */
  async line(): Promise<string | undefined> {
    while (!this.rest.includes('\n')) {
      const { value, done } = await this.reader.read();
      if (done) return undefined;
      this.rest += value;
    }
    const end = this.rest.indexOf('\n');
    const line = this.rest.slice(0, end);
    this.rest = this.rest.slice(end + 1);
    return line;
  }

  async block(): Promise<WatchedBlock> {
    return JSON.parse((await this.line()) ?? 'null') as WatchedBlock;
  }

  close(): void {
    this.abort.abort();
  }
}

async function watch(query: string, headers: Readonly<Record<string, string>> = {}): Promise<Watch> {
  const abort = new AbortController();
  return new Watch(await fetch(`${url}${query}`, { headers, signal: abort.signal }), abort);
}

test('every block from the first, decoded and proven, then those that come while it watches', async () => {
  const watching = await watch('?from=1', { 'vouch-proof': '1' });
  expect(watching.response.headers.get('content-type')).toBe('application/x-ndjson');
  const operations = new Set<string>();
  const before = newest();
  for (let height = 1; height <= before; height += 1) {
    const block = await watching.block();
    expect(block.height).toBe(height);
    const expected = { store: VAULT, organization: ORGANIZATION, height, block: block.block_hash };
    expect(verifyChainAnswer(block.inclusion, expected)).toMatchObject({ ok: true, anchored: 'block' });
    for (const { operations: shown = [] } of block.transactions) for (const { op } of shown) operations.add(op);
  }
  expect([...operations].sort()).toEqual([
    'delete_entity',
    'delete_tuple',
    'set_entity',
    'set_retention',
    'write_model',
    'write_tuple',
  ]);
  const next = watching.block();
  bench.run([set('fresh', 'v')]);
  expect(await next).toMatchObject({
    height: before + 1,
    pruned: false,
    transactions: [{ kind: 'transact', operations: [{ op: 'set_entity', key: 'fresh', value: 'dg==' }] }],
  });
  watching.close();
});

test('without a height it begins with the next block, and a browser goes on behind the last event', async () => {
  const events = { accept: 'text/event-stream' };
  const watching = await watch('', events);
  expect(watching.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  bench.run([set('fresh', 'w')]);
  expect([await watching.line(), await watching.line()]).toEqual([`id: ${newest()}`, 'event: block']);
  watching.close();
  bench.run([set('fresh', 'x')]);
  const again = await watch('', { ...events, 'last-event-id': String(newest() - 1) });
  expect(await again.line()).toBe(`id: ${newest()}`);
  again.close();
});

test('a client that does not read holds the reading of blocks back', async () => {
  const from = newest() + 1;
  for (let i = 0; i < 60; i += 1) bench.run([set(`large/${i % 4}`, 'x'.repeat(200_000))]);
  pages = 0;
  const watching = await watch(`?from=${from}`);
  await new Promise((resolve) => setTimeout(resolve, 700));
  const heldBack = pages;
  expect(heldBack).toBeGreaterThan(0);
  for (let height = from; height <= newest(); height += 1) expect((await watching.block()).height).toBe(height);
  // Sockets and streams hold some of it: 4 to 10 MB of 32.
  expect(heldBack).toBeLessThan(pages / 2);
  watching.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const after = pages;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(pages).toBe(after);
});

test('while the cluster elects it waits; where the store is gone it says so and ends', async () => {
  const watching = await watch('');
  failing = { ok: false, code: 'unavailable', message: 'no leader' };
  await new Promise((resolve) => setTimeout(resolve, 100));
  failing = undefined;
  bench.run([set('fresh', 'y')]);
  expect((await watching.block()).height).toBe(newest());
  failing = { ok: false, code: 'vault_deleted', message: 'this vault was deleted' };
  expect(JSON.parse((await watching.line()) as string)).toEqual({
    error: { code: 'store_id_not_found', message: 'this vault was deleted' },
  });
  expect(await watching.line()).toBeUndefined();
  failing = undefined;
});

test('a node that ends lets its watchers go, in order', async () => {
  const other = made();
  const at = await other.app.listen({ host: '127.0.0.1', port: 0 });
  const abort = new AbortController();
  const response = await fetch(`${at}/v1/stores/${VAULT}/blocks/watch`, { signal: abort.signal });
  const watching = new Watch(response, abort);
  await other.drain(5_000);
  expect(await watching.line()).toBeUndefined();
  await other.app.close();
});

describe('refusals', () => {
  test.each([
    ['?from=0', {}, 400, 'validation_error'],
    ['?from=x', {}, 400, 'validation_error'],
    ['?from=99999', {}, 404, 'height_not_found'],
    ['', { 'last-event-id': 'x' }, 400, 'validation_error'],
    ['', { 'vouch-organization': 'acme' }, 404, 'store_id_not_found'],
  ] as const)('%s %j is %i %s', async (query, headers, status, code) => {
    const response = await fetch(`${url}${query}`, { headers });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  });
});
