/** The replica as a whole: bootstrap, writes and reads on every node, durability gates, restart, and what it refuses. */

import { describe, expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import type { ClientResult } from '../../core/client/protocol.ts';
import { StorageError } from '../../core/errors.ts';
import type { GroupId, Seq } from '../../core/ids.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { ANNE, checkRequest, createVault, expectKind, writeRequest } from './vaults.ts';

describe('a cluster of three', () => {
  test('a write acknowledged by the leader is seen by a default read on every node, with one state root', () => {
    const cluster = new TestCluster(3);
    cluster.boot();
    const { vault, session } = createVault(cluster);
    expectKind(cluster.ask(cluster.leader(vault.group), writeRequest(vault, session, 2)), 'transacted');
    const answers = cluster.nodes.map((node) => expectKind(cluster.ask(node, checkRequest(vault, 'linearizable')), 'tuple'));
    expect(answers.map((answer) => answer.present)).toEqual([true, true, true]);
    expect(new Set(answers.map((answer) => toHex(answer.anchor.stateRoot))).size).toBe(1);
  });

  test('everything acknowledged is there after loss of power everywhere', () => {
    const cluster = new TestCluster(3);
    cluster.boot();
    const { vault, session } = createVault(cluster);
    const tuples = Array.from({ length: 20 }, (_, i) => ({ ...ANNE, subject: `user:${i}` }));
    for (const [i, tuple] of tuples.entries()) {
      expectKind(cluster.ask(cluster.leader(vault.group), writeRequest(vault, session, 2 + i, tuple)), 'transacted');
    }
    for (const node of cluster.nodes) cluster.kill(node, true);
    for (const node of cluster.nodes) cluster.open(node);
    cluster.leader(vault.group);
    for (const tuple of tuples) {
      const answer = expectKind(
        cluster.ask(cluster.nodes[0] as TestNode, checkRequest(vault, 'linearizable', { tuple })),
        'tuple',
      );
      expect(answer.present).toBe(true);
    }
  });

  test('a repeated command is executed once and answered alike, also by the next leader', () => {
    const cluster = new TestCluster(3);
    cluster.boot();
    const { vault, session } = createVault(cluster);
    const first = cluster.leader(vault.group);
    const answer = expectKind(cluster.ask(first, writeRequest(vault, session, 2)), 'transacted');
    cluster.kill(first, false);
    const second = cluster.leader(vault.group);
    const again = expectKind(cluster.ask(second, writeRequest(vault, session, 2)), 'transacted');
    expect(again.outcome).toEqual(answer.outcome);
  });

  test('nothing is acknowledged while no quorum can write, and the outcome is unknown, not failed, once leadership is lost', () => {
    const cluster = new TestCluster(3);
    cluster.boot();
    const { vault, session } = createVault(cluster);
    const leader = cluster.leader(vault.group);
    for (const node of cluster.nodes) node.diskWorks = false;
    const id = cluster.send(leader, writeRequest(vault, session, 2));
    cluster.settle();
    expect(leader.replies.has(id)).toBe(false);
    for (const node of cluster.nodes)
      if (node !== leader)
        for (const end of ['>', '<']) cluster.cut.add(end === '>' ? `${leader.id}>${node.id}` : `${node.id}>${leader.id}`);
    for (const node of cluster.nodes) node.diskWorks = true;
    cluster.runUntil(() => leader.replies.has(id));
    expect(leader.replies.get(id)).toMatchObject({ kind: 'error', code: 'unknown_outcome' });
  });

  test('a cut-off leader answers no default read, but an eventual one', () => {
    const cluster = new TestCluster(3);
    cluster.boot();
    const { vault, session } = createVault(cluster);
    const leader = cluster.leader(vault.group);
    cluster.ask(leader, writeRequest(vault, session, 2));
    for (const node of cluster.nodes) {
      cluster.cut.add(`${leader.id}>${node.id}`);
      cluster.cut.add(`${node.id}>${leader.id}`);
    }
    expect(cluster.ask(leader, checkRequest(vault, 'linearizable'))).toMatchObject({ kind: 'error', code: 'unavailable' });
    expect(cluster.ask(leader, checkRequest(vault, 'eventual'))).toMatchObject({ kind: 'tuple', present: true });
  });

  test('commands that arrive while the leader’s disk is busy travel as one entry', () => {
    const cluster = new TestCluster(3);
    cluster.boot();
    const { vault, session } = createVault(cluster);
    const leader = cluster.leader(vault.group);
    const before = leader.replica.group(vault.group)?.raft.lastIndex as number;
    leader.diskWorks = false;
    const ids = Array.from({ length: 10 }, (_, i) =>
      cluster.send(leader, writeRequest(vault, session, 2 + i, { ...ANNE, subject: `user:${i}` })),
    );
    leader.diskWorks = true;
    cluster.runUntil(() => ids.every((id) => leader.replies.has(id)));
    expect((leader.replica.group(vault.group)?.raft.lastIndex as number) - before).toBe(2);
  });

  test('sessions asked for at the same time are all opened, each by an entry of its own', () => {
    const cluster = new TestCluster(3);
    cluster.boot();
    const leader = cluster.leader(1);
    leader.diskWorks = false;
    const ids = Array.from({ length: 5 }, () => cluster.send(leader, { kind: 'openSession', group: 1 as GroupId }));
    leader.diskWorks = true;
    cluster.runUntil(() => ids.every((id) => leader.replies.has(id)));
    const indexes = ids.map((id) => expectKind(leader.replies.get(id) as ClientResult, 'session').session.index);
    expect(new Set(indexes).size).toBe(5);
  });

  test('all groups that write in one step share one persist', () => {
    const cluster = new TestCluster(1, 3);
    cluster.boot();
    const node = cluster.nodes[0] as TestNode;
    cluster.now += 1_000_000; // every group's election is due
    const effects = node.replica.step({ ...cluster.clocks(), kind: 'deadline' });
    expect(node.replica.status().groups.map((group) => group.role)).toEqual(Array(4).fill('candidate'));
    expect(effects.filter((effect) => effect.kind === 'persist')).toHaveLength(1);
  });

  test('a refused write is fatal for the node: nothing is done after it', () => {
    const cluster = new TestCluster(1);
    cluster.boot();
    const node = cluster.nodes[0] as TestNode;
    const failed = node.replica.step({ ...cluster.clocks(), kind: 'persistFailed', seq: (node.durable + 1) as Seq, code: 'EIO' });
    expect(failed).toMatchObject([{ kind: 'fatal', scope: 'node', code: 'persist_failed' }]);
    cluster.now += 1_000_000;
    expect(node.replica.step({ ...cluster.clocks(), kind: 'deadline' })).toEqual([]);
  });
});

describe('opening', () => {
  test('no group starts before what recovery read is durable again', () => {
    const cluster = new TestCluster(3);
    cluster.boot();
    const node = cluster.nodes[0] as TestNode;
    cluster.kill(node, false);
    node.diskWorks = false;
    cluster.open(node);
    cluster.pass(1_000_000);
    expect(node.replica.status().groups).toEqual([]);
    expect(cluster.ask(node, { kind: 'openSession', group: 0 as GroupId })).toMatchObject({ kind: 'error', code: 'unavailable' });
    node.diskWorks = true;
    cluster.runUntil(() => node.replica.status().groups.length === 2);
  });

  test('a node without a manifest says so, and takes exactly one', () => {
    const cluster = new TestCluster(1);
    const node = cluster.nodes[0] as TestNode;
    cluster.open(node);
    cluster.settle();
    expect(cluster.ask(node, { kind: 'listOrganizations', consistency: 'eventual' })).toMatchObject({
      kind: 'error',
      code: 'not_initialised',
    });
    cluster.input(node, { kind: 'bootstrap', manifest: { ...cluster.manifest, members: [] } });
    expect(node.replica.manifest()).toBeUndefined();
    cluster.input(node, { kind: 'bootstrap', manifest: cluster.manifest });
    cluster.settle();
    expect(node.replica.manifest()).toEqual(cluster.manifest);
    cluster.input(node, { kind: 'bootstrap', manifest: { ...cluster.manifest, cluster: 'd'.repeat(32) as never } });
    cluster.settle();
    expect(node.replica.manifest()).toEqual(cluster.manifest);
  });

  test('a node whose log is gone refuses to open: it forgot its votes', () => {
    const cluster = new TestCluster(1);
    cluster.boot();
    const node = cluster.nodes[0] as TestNode;
    cluster.kill(node, false);
    for (const file of node.disk.list()) if (!['IDENTITY', 'CLUSTER'].includes(file)) node.disk.execute({ op: 'remove', file });
    expect(() => cluster.open(node)).toThrow(StorageError);
  });
});

describe('frames', () => {
  test('garbage, a foreign cluster’s frames and frames of strangers are dropped and counted', () => {
    const cluster = new TestCluster(3);
    cluster.boot();
    const [a, b] = cluster.nodes as [TestNode, TestNode];
    const before = a.replica.status().droppedFrames;
    cluster.input(a, { kind: 'frame', from: b.id, bytes: new Uint8Array([1, 2, 3]) });
    cluster.input(a, { kind: 'frame', from: 'f'.repeat(32) as never, bytes: new Uint8Array(64) });
    expect(a.replica.status().droppedFrames).toBe(before + 2);
    expect(a.fatals).toEqual([]);
  });
});
