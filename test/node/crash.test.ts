/** What a SIGKILL may cost: nothing that was acknowledged, on any node, and the nodes stay of one mind. */
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { TupleKey } from '../../core/state/transaction.ts';
import { blockOf, nameOf, post, tuplesOf } from '../../node/demo/audit.ts';
import { load } from '../../node/demo/loader.ts';
import { LocalCluster } from '../../node/local/local-cluster.ts';
import { mainGroup, statusOf } from '../../node/local/operator-client.ts';
import { binary, cleanUp, freePorts, temporary } from './support/vouch.ts';

const TUPLES: readonly TupleKey[] = Array.from({ length: 600 }, (_, i) => ({
  resource: `document:${i}`,
  relation: 'viewer',
  subject: `user:${i % 7}`,
}));

let cluster: LocalCluster | undefined;
afterAll(async () => {
  await cluster?.down();
  await cleanUp();
});

test('the leader is killed while it is written to: every acknowledged tuple is on every node, under equal roots', async () => {
  cluster = new LocalCluster({ binary, directory: join(temporary(), 'c'), nodes: 3, port: await freePorts(3) });
  const { nodes } = cluster;
  await cluster.up();
  const urls = nodes.map((node) => node.url);
  const { id: store } = await post<{ id: string }>(`${urls[0]}/stores`, { name: 'docs' });

  let killed: Promise<void> | undefined;
  const killLeader = async (): Promise<void> => {
    for (const node of nodes) {
      const status = await statusOf(node.url);
      if (status === undefined || mainGroup(status)?.role !== 'leader') continue;
      await node.kill();
      node.start();
      return;
    }
    throw new Error('there was no leader to kill');
  };
  const report = await load({ urls, store }, TUPLES, {
    batch: 5,
    onProgress: (count) => {
      if (count >= 150) killed ??= killLeader();
    },
  });
  await killed;
  expect(killed).toBeDefined();
  expect(report.acknowledged).toHaveLength(TUPLES.length);

  await cluster.ready();
  const expected = TUPLES.map(nameOf).sort();
  const blocks = [];
  for (const url of urls) {
    expect([...(await tuplesOf(url, store))].sort()).toEqual(expected);
    blocks.push(await blockOf(url, store, 'latest'));
  }
  expect(blocks[1]).toEqual(blocks[0]);
  expect(blocks[2]).toEqual(blocks[0]);
});

test('a node that is killed alone, again and again, comes back with what it had', async () => {
  const alone = new LocalCluster({ binary, directory: join(temporary(), 'c'), nodes: 1, port: await freePorts(1) });
  const node = alone.nodes[0];
  if (node === undefined) throw new Error('a cluster of one has one node');
  try {
    await alone.up();
    const { id: store } = await post<{ id: string }>(`${node.url}/stores`, { name: 'docs' });
    for (let round = 0; round < 3; round += 1) {
      const tuple_keys = [{ user: `user:${round}`, relation: 'viewer', object: 'document:1' }];
      await post(`${node.url}/stores/${store}/write`, { writes: { tuple_keys } });
      await node.kill();
      node.start();
      await alone.ready();
      expect((await tuplesOf(node.url, store)).size).toBe(round + 1);
    }
  } finally {
    await alone.down();
  }
});
