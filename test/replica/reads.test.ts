/** Every mode of reading, on leaders and followers, with what each may and may not do when the others are gone. */
import { describe, expect, test } from 'vitest';
import type { Consistency, ReadPoint, VaultEntry } from '../../core/client/protocol.ts';
import { decodeFrame } from '../../core/codec/frame.ts';
import type { Height, Micros, RequestId } from '../../core/ids.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { ANNE, checkRequest, createVault, expectKind, writeRequest } from './vaults.ts';

interface Stage {
  readonly cluster: TestCluster;
  readonly vault: VaultEntry;
  readonly leader: TestNode;
  readonly follower: TestNode;
  /** Writes a tuple of its own. @returns its block's height and time. */
  readonly write: () => { readonly height: number; readonly time: number };
}

/** Three nodes, a vault of height 1. */
function stage(leases: 'leases' | 'rounds' = 'rounds'): Stage {
  const cluster = new TestCluster(3, 1, leases);
  cluster.boot();
  const { vault, session } = createVault(cluster);
  const leader = cluster.leader(vault.group);
  const follower = cluster.nodes.find((node) => node !== leader) as TestNode;
  let sequence = 1;
  const write = () => {
    sequence += 1;
    const request = writeRequest(vault, session, sequence, { ...ANNE, subject: `user:${sequence}` });
    const { anchor } = expectKind(cluster.ask(cluster.leader(vault.group), request), 'transacted');
    return { height: anchor.height, time: timeOf(cluster, vault, anchor.height) };
  };
  return { cluster, vault, leader, follower, write };
}

function timeOf(cluster: TestCluster, vault: VaultEntry, height: number): number {
  const state = cluster.leader(vault.group).replica.group(vault.group)?.state.vault(vault.id);
  return state?.timeAt(height as Height) ?? 0;
}

function atHeight(height: number): ReadPoint {
  return { kind: 'height', height: height as Height };
}

function atTime(time: number): ReadPoint {
  return { kind: 'time', time: time as Micros };
}

function heightOf({ cluster, vault }: Stage, node: TestNode, consistency: Consistency, at?: ReadPoint): number {
  const request = checkRequest(vault, consistency, at === undefined ? {} : { at });
  return expectKind(cluster.ask(node, request), 'tuple').anchor.height;
}

/** Sends a read; whether it was answered in that very step, without a message. */
function answersAtOnce({ cluster, vault }: Stage, node: TestNode, consistency: Consistency, at?: ReadPoint): boolean {
  const id: RequestId = cluster.send(node, checkRequest(vault, consistency, at === undefined ? {} : { at }));
  return node.gated.some((reply) => reply.id === id && reply.result.kind === 'tuple');
}

describe('default reads', () => {
  test('a leader with a lease answers in the same step, one without asks a quorum', () => {
    const leased = stage('leases');
    leased.cluster.pass(60_000);
    expect(answersAtOnce(leased, leased.leader, 'linearizable')).toBe(true);
    const unleased = stage('rounds');
    unleased.cluster.pass(60_000);
    expect(answersAtOnce(unleased, unleased.leader, 'linearizable')).toBe(false);
  });

  test('a leader that nobody answers stops answering before another one can be elected', () => {
    const it = stage('leases');
    const { cluster, leader, vault } = it;
    cluster.pass(60_000);
    cluster.isolate(leader);
    const others = cluster.nodes.filter((node) => node !== leader);
    let answered = 0;
    const isReplaced = (): boolean => others.some((node) => node.replica.group(vault.group)?.raft.role === 'leader');
    while (!isReplaced()) {
      if (answersAtOnce(it, leader, 'linearizable')) answered += 1;
      cluster.pass(1000);
    }
    expect(answered).toBeGreaterThan(3);
    expect(answersAtOnce(it, leader, 'linearizable')).toBe(false);
  });

  test('a process that was stopped for longer than its lease answers nothing from before', () => {
    const it = stage('leases');
    const { cluster, leader, vault } = it;
    cluster.pass(60_000);
    leader.running = false; // stopped, not crashed: it keeps its memory
    it.write();
    leader.running = true;
    expect(cluster.nodes.filter((node) => node.replica.group(vault.group)?.raft.role === 'leader')).toHaveLength(2);
    expect(answersAtOnce(it, leader, 'linearizable')).toBe(false);
  });
});

describe('bounded reads', () => {
  test('a follower answers from a round that was asked for recently enough, and asks again when it was not', () => {
    const it = stage();
    it.write();
    expect(answersAtOnce(it, it.follower, { boundedMs: 50 })).toBe(false);
    expect(heightOf(it, it.follower, 'linearizable')).toBe(2);
    expect(answersAtOnce(it, it.follower, { boundedMs: 50 })).toBe(true);
    it.cluster.pass(51_000);
    expect(answersAtOnce(it, it.follower, { boundedMs: 50 })).toBe(false);
    expect(answersAtOnce(it, it.follower, { boundedMs: 500 })).toBe(true);
  });

  test('the age counts from when the round was asked for, not from when it was confirmed', () => {
    const it = stage();
    const { cluster, follower, vault, leader } = it;
    cluster.pass(60_000);
    const id = cluster.send(follower, checkRequest(vault, 'linearizable'));
    const links = [`${follower.id}>${leader.id}`];
    cluster.settle();
    expect(follower.replies.has(id)).toBe(true);
    cluster.pass(100_000);
    for (const link of links) cluster.cut.add(link);
    expect(answersAtOnce(it, follower, { boundedMs: 99 })).toBe(false);
    expect(answersAtOnce(it, follower, { boundedMs: 200 })).toBe(true);
  });

  test('without a leader they go on for as long as they allow, and then say so', () => {
    const it = stage();
    const { cluster, follower, vault } = it;
    it.write();
    heightOf(it, follower, 'linearizable');
    cluster.isolate(follower);
    cluster.pass(400_000);
    expect(heightOf(it, follower, { boundedMs: 10_000 })).toBe(2);
    expect(cluster.ask(follower, checkRequest(vault, { boundedMs: 100 }))).toMatchObject({ code: 'unavailable' });
  });
});

describe('reads at a height', () => {
  test('are answered alike on every node, and by a node that is alone', () => {
    const it = stage();
    it.write();
    it.write();
    it.write();
    const mine = { ...ANNE, subject: 'user:3' };
    const presentAt = (node: TestNode, height: number): boolean =>
      expectKind(it.cluster.ask(node, checkRequest(it.vault, 'linearizable', { tuple: mine, at: atHeight(height) })), 'tuple')
        .present;
    for (const node of it.cluster.nodes)
      expect([1, 2, 3, 4].map((height) => presentAt(node, height))).toEqual([false, false, true, true]);
    it.cluster.isolate(it.follower);
    expect(presentAt(it.follower, 2)).toBe(false);
  });

  test('a height that is not there yet is looked for with a quorum, unless the reader wants no more than what is here', () => {
    const it = stage();
    const { cluster, follower, vault } = it;
    cluster.pass(10_000); // it hears that the vault is there
    cluster.isolate(follower);
    it.write();
    cluster.cut.clear();
    expect(cluster.ask(follower, checkRequest(vault, 'eventual', { at: atHeight(2) }))).toMatchObject({ code: 'height_missing' });
    expect(heightOf(it, follower, 'linearizable', atHeight(2))).toBe(2);
    expect(cluster.ask(follower, checkRequest(vault, 'linearizable', { at: atHeight(3) }))).toMatchObject({
      code: 'height_missing',
    });
  });

  test('a proof of the past comes from whoever has that block', () => {
    const it = stage();
    const request = { ...checkRequest(it.vault, 'linearizable', { at: atHeight(1) }), proof: true };
    for (const node of it.cluster.nodes) {
      const result = it.cluster.ask(node, request);
      expect(result).toMatchObject({ kind: 'tuple', present: false, anchor: { height: 1 } });
      // The empty tree.
      expect(result.kind === 'tuple' ? [...result.proof] : []).toEqual([1, 0]);
    }
  });
});

describe('reads at a time', () => {
  test('show the last block up to that time, on every node that has something behind it', () => {
    const it = stage();
    const second = it.write();
    it.cluster.pass(10_000);
    const third = it.write();
    it.write();
    it.cluster.pass(100_000);
    for (const node of it.cluster.nodes) {
      expect(heightOf(it, node, 'linearizable', atTime(second.time))).toBe(2);
      expect(heightOf(it, node, 'linearizable', atTime(third.time - 1))).toBe(2);
      expect(heightOf(it, node, 'linearizable', atTime(third.time))).toBe(3);
    }
  });

  test('before the vault there was none, whether or not the node has heard of it', () => {
    const it = stage();
    it.write();
    const first = timeOf(it.cluster, it.vault, 1);
    const request = checkRequest(it.vault, 'linearizable', { at: atTime(first - 1) });
    expect(it.cluster.ask(it.leader, request)).toMatchObject({ code: 'vault_missing' });
  });

  test('an idle leader closes the time with one empty entry, however many wait, and no block', () => {
    const it = stage();
    const { cluster, leader, vault } = it;
    const { time } = it.write();
    cluster.pass(50_000);
    const raft = leader.replica.group(vault.group)?.raft;
    const before = raft?.lastIndex ?? 0;
    leader.diskWorks = false;
    const ids = Array.from({ length: 5 }, (_, i) =>
      cluster.send(leader, checkRequest(vault, 'linearizable', { at: atTime(time + 5 - i) })),
    );
    leader.diskWorks = true;
    cluster.runUntil(() => ids.every((id) => leader.replies.has(id)));
    for (const id of ids) expect(leader.replies.get(id)).toMatchObject({ kind: 'tuple', anchor: { height: 2 } });
    expect((raft?.lastIndex ?? 0) - before).toBe(1);
  });

  test('a write under way with a time at or before the one asked for is waited for', () => {
    const it = stage();
    const { cluster, leader, vault } = it;
    it.write();
    for (const node of cluster.nodes) node.diskWorks = false;
    const open = cluster.send(leader, { kind: 'openSession', group: vault.group });
    cluster.now += 5_000;
    const { wall } = cluster.clocks();
    const read = cluster.send(leader, checkRequest(vault, 'linearizable', { at: atTime(wall - 1) }));
    cluster.settle();
    expect(leader.replies.has(read)).toBe(false);
    for (const node of cluster.nodes) node.diskWorks = true;
    cluster.runUntil(() => leader.replies.has(read) && leader.replies.has(open));
    expect(leader.replies.get(read)).toMatchObject({ kind: 'tuple' });
  });

  test('a time beyond the leader’s clock is in the future, but never one that a block already has', () => {
    const it = stage();
    const { cluster, leader, vault } = it;
    const { time } = it.write();
    cluster.pass(10_000);
    const { wall } = cluster.clocks();
    expect(cluster.ask(leader, checkRequest(vault, 'linearizable', { at: atTime(wall + 1) }))).toMatchObject({
      code: 'time_in_future',
    });
    cluster.wallStep = -3_600_000_000;
    expect(heightOf(it, leader, 'linearizable', atTime(time))).toBe(2);
    const later = it.write();
    expect(later.time).toBeGreaterThan(time);
  });

  test('a follower that has nothing behind the time names the leader; a leader that is deposed tells those who wait', () => {
    const it = stage();
    const { cluster, leader, follower, vault } = it;
    it.write();
    cluster.pass(50_000);
    const { wall } = cluster.clocks();
    const request = checkRequest(vault, 'linearizable', { at: atTime(wall) });
    expect(cluster.ask(follower, request)).toMatchObject({ code: 'not_leader', leader: leader.id });
    cluster.isolate(leader);
    expect(cluster.ask(leader, request)).toMatchObject({ code: 'not_leader' });
  });
});

test('under leases a follower’s question is answered without heartbeats', () => {
  const it = stage('leases');
  const { cluster, leader, follower, vault } = it;
  cluster.pass(60_000);
  const group = leader.replica.group(vault.group);
  const before = group?.raft.status().pendingReads;
  expect(before).toBe(0);
  const id = cluster.send(follower, checkRequest(vault, 'linearizable'));
  const [frame] = follower.outbox.release(follower.durable);
  const bytes = frame?.bytes.slice() ?? new Uint8Array(0);
  expect(decodeFrame(bytes)).toMatchObject({ ok: true, value: { envelopes: [{ message: { kind: 'readIndex' } }] } });
  cluster.input(leader, { kind: 'frame', from: follower.id, bytes });
  expect(group?.raft.status().pendingReads).toBe(0);
  cluster.settle();
  expect(follower.replies.get(id)).toMatchObject({ kind: 'tuple' });
});
