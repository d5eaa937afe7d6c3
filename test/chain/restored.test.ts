/**
 * Byte identity of the chain where its hashes are rows of the tree (core/state/chain-hashes.ts): more blocks than a run of 256, then a
 * checkpoint and a restart, a snapshot and its installation, and on. Short chains of every shape: test/snapshot/state.prop.test.ts and
 * test/checkpoint/reopen.prop.test.ts, which ask for the same proofs.
 */
import { expect, test } from 'vitest';
import type { ChainQuery } from '../../core/client/chain-protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import { HEIGHT_ZERO, type Height } from '../../core/ids.ts';
import type { GroupState } from '../../core/state/group-state.ts';
import { CheckpointHost } from '../checkpoint/host.ts';
import { restore, snapshotOf } from '../snapshot/support.ts';
import { Bench, GROUP, keep, ORGANIZATION, set, VAULT } from '../state/support.ts';

function ask(state: GroupState, query: ChainQuery): unknown {
  const where = { group: GROUP, organization: ORGANIZATION, vault: VAULT } as const;
  return state.query({ kind: 'query', ...where, query, consistency: 'linearizable', at: { kind: 'newest' }, proof: false });
}

/** Proofs at heights and sizes around every edge of a run. */
function proofsOf(state: GroupState): readonly unknown[] {
  const newest = state.vault(VAULT)?.height ?? 0;
  const edges = [1, 256, 257, 512, 513, newest - 1, newest].filter((height) => height >= 1 && height <= newest);
  return edges.flatMap((from) => {
    const height = from as Height;
    const sizes = edges.filter((size) => size >= from) as Height[];
    return [
      ask(state, { kind: 'blocks', from: height }),
      ask(state, { kind: 'transactionProof', height, index: 0, size: HEIGHT_ZERO }),
      ...sizes.map((size) => ask(state, { kind: 'logInclusion', height, size })),
      ...sizes.map((to) => ask(state, { kind: 'logConsistency', from: height, to })),
    ];
  });
}

function grow(bench: Bench, blocks: number, others: readonly GroupState[] = []): void {
  for (let i = 0; i < blocks; i += 1) {
    bench.run([set(`k${i % 7}`, `v${i}`)]);
    for (const state of others) state.apply(bench.entries.at(-1) as (typeof bench.entries)[number]);
  }
}

const OPTIONS = { group: GROUP, hasher: portableHasher, dataGroups: [GROUP] };

test('headers and proofs of a long chain are the same after a checkpoint, a restart, a snapshot’s installation, and on', {
  timeout: 120_000,
}, () => {
  const host = new CheckpointHost({ pageBytes: 1024, cacheBytes: 4096 });
  const bench = new Bench({ pages: host.begin() });
  bench.createVault(1000);
  grow(bench, 300);
  expect(host.finish(host.checkpoint(bench.state))).toBe(true);
  const before = proofsOf(bench.state);
  grow(bench, 260);
  expect(host.finish(host.checkpoint(bench.state))).toBe(true);
  const reopened = host.open(OPTIONS)?.state as GroupState;
  const installed = restore(snapshotOf(bench.state)) as GroupState;
  expect(proofsOf(reopened)).toEqual(proofsOf(bench.state));
  expect(proofsOf(installed)).toEqual(proofsOf(bench.state));
  grow(bench, 230, [reopened, installed]);
  expect(bench.state.vault(VAULT)?.height).toBe(791);
  expect(proofsOf(reopened)).toEqual(proofsOf(bench.state));
  expect(proofsOf(installed)).toEqual(proofsOf(bench.state));
  // What was proven of a log stays proven of it, byte for byte.
  const inclusion = { kind: 'logInclusion', height: 256 as Height, size: 301 as Height } as const;
  const told = (state: GroupState) => (ask(state, inclusion) as { readonly inclusion: unknown }).inclusion;
  expect(before).toContainEqual(expect.objectContaining({ inclusion: told(installed) }));
});

test('headers stay provable in a snapshot that leaves the bodies out', () => {
  const bench = new Bench();
  bench.createVault(1000);
  grow(bench, 600);
  const size = 601 as Height;
  const heights = [1, 2, 100, 255, 256, 257, 300, 511, 512, 513, 598, 600, 601] as Height[];
  const told = (state: GroupState) =>
    heights.map((height) => (ask(state, { kind: 'logInclusion', height, size }) as { readonly inclusion: unknown }).inclusion);
  const before = told(bench.state);
  bench.run([keep({ kind: 'heights', heights: 3 })]);
  const installed = restore(snapshotOf(bench.state)) as GroupState;
  expect(told(installed)).toEqual(before);
  expect(ask(installed, { kind: 'transactionProof', height: 300 as Height, index: 0, size: HEIGHT_ZERO })).toMatchObject({
    code: 'pruned_height',
    oldest: 600,
  });
});
