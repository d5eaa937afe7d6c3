/** Proofs under way in a group: each has its turn, and none outlives what it reads. */
import { beforeEach, expect, test } from 'vitest';
import { NEWEST } from '../../core/client/protocol.ts';
import type { RequestId } from '../../core/ids.ts';
import { PROOFS_UNDER_WAY_MAX } from '../../core/limits.ts';
import type { PendingRead } from '../../core/replica/pending-reads.ts';
import { ProofQueue } from '../../core/replica/proof-queue.ts';
import type { StateQuery } from '../../core/state/group-state.ts';
import type { ProofWork } from '../../core/state/proof-work.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { Bench, GROUP, ORGANIZATION, VAULT, write } from '../state/support.ts';

let bench: Bench;
let queue: ProofQueue;

beforeEach(() => {
  bench = new Bench({ hasher: nativeHasher });
  bench.createVault();
  bench.run(['doc:1#viewer@user:a', 'doc:1#viewer@user:b', 'doc:2#viewer@user:a'].map((text) => write(text)));
  queue = new ProofQueue();
});

function readOf(request: number, resource: string): PendingRead & { readonly body: StateQuery } {
  const query = { kind: 'proof', questions: [{ kind: 'resource', resource }] } as const;
  const where = { group: GROUP, organization: ORGANIZATION, vault: VAULT } as const;
  const body = { kind: 'query', ...where, query, consistency: 'eventual', at: NEWEST, proof: true } as const;
  return { request: request as RequestId, body };
}

function add(request: number, resource: string = 'doc:1'): boolean {
  const read = readOf(request, resource);
  return queue.add({ read, work: bench.state.begin(read.body) as ProofWork, state: bench.state });
}

test('each proof has one slice in turn, and is answered when it is done', () => {
  add(1);
  add(2, 'doc:2');
  const order: number[] = [];
  for (let slices = 0; slices < 100 && !queue.isEmpty; slices += 1) {
    const done = queue.work(1);
    if (done === undefined) continue;
    expect(done.result).toMatchObject({ kind: 'proof' });
    order.push(done.read.request);
  }
  // The second has less to show: it need not wait for the first.
  expect(order).toEqual([2, 1]);
  expect(bench.state.pages.space.pinnedPages).toBe(0);
});

test('what reads a state that is closed, or a vault that is deleted, is to be asked anew', () => {
  add(1);
  expect(queue.work(1)).toBeUndefined();
  bench.one({ kind: 'deleteVault', ref: bench.ref(), organization: ORGANIZATION, vault: VAULT });
  expect(queue.work(1)).toMatchObject({ read: { request: 1 }, result: 'ask anew' });
  expect(bench.state.query(readOf(1, 'doc:1').body)).toMatchObject({ code: 'vault_deleted' });
});

test('there is a bound on how many, and a group that gives up gives all of them back', () => {
  for (let request = 1; request <= PROOFS_UNDER_WAY_MAX; request += 1) expect(add(request)).toBe(true);
  expect(add(0)).toBe(false);
  queue.work(1);
  expect(queue.drain().length).toBe(PROOFS_UNDER_WAY_MAX);
  expect(queue.isEmpty).toBe(true);
  expect(bench.state.pages.space.pinnedPages).toBe(0);
});
