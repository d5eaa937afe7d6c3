/**
 * Groups that sleep: what goes over the wire while nothing happens, and that nothing is missed meanwhile. With timeouts of 150 to
 * 300 ms, heartbeats of 30 ms, and sleep after 200 ms.
 */
import { expect, test } from 'vitest';
import { assert } from '../../core/assert.ts';
import { decodeFrame } from '../../core/codec/frame.ts';
import { GLOBAL_GROUP, type GroupId } from '../../core/ids.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { Operator, untilVoters } from './operator.ts';
import { checkRequest, createVault, writeRequest } from './vaults.ts';

const HEARTBEAT = 30_000;
const TIMEOUT_MAX = 300_000;
const OPTIONS = { hibernateMicros: 200_000 };

function isAsleep(node: TestNode, group: number): boolean {
  return node.replica.group(group as GroupId)?.raft.isAsleep === true;
}

function asleep(cluster: TestCluster): void {
  const { groups } = cluster.manifest;
  cluster.runUntil(() => cluster.nodes.every((node) => !node.running || groups.every(({ group }) => isAsleep(node, group))));
}

/** A cluster in which every group has a leader and sleeps. */
function sleeping(size: number, groups: number, leases: 'leases' | 'rounds' = 'rounds'): TestCluster {
  const cluster = new TestCluster(size, groups, leases, OPTIONS);
  cluster.boot();
  for (let group = 0; group <= groups; group += 1) cluster.leader(group);
  asleep(cluster);
  return cluster;
}

test('a leader that sleeps hands over when it is asked, to a voter of its choice', () => {
  const cluster = sleeping(3, 1);
  const leader = cluster.leader(1);
  cluster.pass(5_000_000); // nobody has answered a heartbeat for long
  const answer = cluster.ask(leader, { kind: 'transfer', group: 1 as GroupId, from: leader.id, to: undefined });
  expect(answer).toMatchObject({ kind: 'transferred' });
  expect(cluster.leader(1).id).not.toBe(leader.id);
});

/** Counts what the links carry from now on. */
function listen(cluster: TestCluster): { readonly frames: () => number; readonly kinds: () => readonly string[] } {
  let frames = 0;
  const kinds = new Set<string>();
  cluster.wire = (bytes) => {
    frames += 1;
    const decoded = decodeFrame(bytes);
    if (decoded.ok) for (const { message } of decoded.value.envelopes) kinds.add(message.kind);
    return bytes;
  };
  return { frames: () => frames, kinds: () => [...kinds].sort() };
}

test('a hundred idle groups cost two frames for each pair of nodes and heartbeat, and nothing else', () => {
  const cluster = sleeping(3, 100);
  const heard = listen(cluster);
  const intervals = 50;
  cluster.pass(intervals * HEARTBEAT);
  expect(heard.kinds()).toEqual(['alive']);
  expect(heard.frames()).toBeLessThanOrEqual(2 * 3 * (intervals + 1));
  expect(heard.frames()).toBeGreaterThanOrEqual(3 * (intervals - 1));
  asleep(cluster);
});

test('what is written to a sleeping group is committed and reaches everybody, and the group sleeps again', () => {
  const cluster = sleeping(3, 2);
  const { vault, session } = createVault(cluster);
  asleep(cluster);
  expect(cluster.ask(cluster.leader(vault.group), writeRequest(vault, session, 2))).toMatchObject({ kind: 'transacted' });
  asleep(cluster);
  const applied = cluster.nodes.map((node) => node.replica.group(vault.group)?.state.lastApplied);
  expect(new Set(applied).size).toBe(1);
});

test('a read on a sleeping leader that has leases costs a round: the lease was dropped', () => {
  const cluster = sleeping(3, 1, 'leases');
  const { vault } = createVault(cluster);
  asleep(cluster);
  const heard = listen(cluster);
  expect(cluster.ask(cluster.leader(vault.group), checkRequest(vault, 'linearizable'))).toMatchObject({ kind: 'tuple' });
  expect(heard.kinds()).toContain('heartbeatResponse');
});

test('the groups of a node that dies have another leader as soon as with heartbeats', () => {
  const cluster = sleeping(3, 30);
  const victim = cluster.leader(7);
  cluster.kill(victim, false);
  const died = cluster.now;
  for (let group = 0; group <= 30; group += 1) cluster.leader(group);
  expect(cluster.now - died).toBeLessThan(2 * TIMEOUT_MAX + 2 * HEARTBEAT);
  asleep(cluster);
});

test('a node that starts again before it is missed is told by the list that its groups sleep no more', () => {
  const cluster = sleeping(3, 30);
  const victim = cluster.leader(7);
  const terms = new Map(cluster.manifest.groups.map(({ group }) => [group, victim.replica.group(group)?.raft.term]));
  cluster.kill(victim, false);
  cluster.open(victim);
  cluster.pass(HEARTBEAT);
  for (let group = 0; group <= 30; group += 1) cluster.leader(group);
  asleep(cluster);
  expect(victim.replica.group(7 as GroupId)?.raft.term).toBeGreaterThan(terms.get(7 as GroupId) as number);
});

test('a leader that cannot be heard loses its sleeping groups, and so does one that hears nobody', () => {
  for (const direction of ['mute', 'deaf'] as const) {
    const cluster = sleeping(3, 5);
    const victim = cluster.leader(1);
    for (const { id } of cluster.nodes) cluster.cut.add(direction === 'mute' ? `${victim.id}>${id}` : `${id}>${victim.id}`);
    const others = cluster.nodes.filter((node) => node !== victim);
    cluster.runUntil(() => others.some((node) => node.replica.group(1 as GroupId)?.raft.status().ownTermCommitted === true));
    cluster.cut.clear();
    asleep(cluster);
    expect(cluster.nodes.filter((node) => node.replica.group(1 as GroupId)?.raft.role === 'leader')).toHaveLength(1);
  }
});

test('a group that is quarantined where it sleeps is led by another node, though that node lives and leads others', () => {
  const cluster = sleeping(3, 5);
  const leader = cluster.leader(GLOBAL_GROUP);
  const broken = leader.replica.group(GLOBAL_GROUP);
  if (broken === undefined) throw new Error('the leader has the group');
  Object.assign(broken.state, { begin: () => assert(false, 'a test breaks an invariant') });
  cluster.ask(leader, { kind: 'listOrganizations', consistency: 'eventual' });
  expect(broken.quarantined).toBe(true);
  const others = cluster.nodes.filter((node) => node !== leader);
  const isLed = (node: TestNode): boolean => node.replica.group(GLOBAL_GROUP)?.raft.status().ownTermCommitted === true;
  cluster.runUntil(() => others.some(isLed));
});

test('groups sleep although a node is down, and it catches up once it is back', () => {
  const cluster = sleeping(3, 3);
  const leader = cluster.leader(1);
  const victim = cluster.nodes.find((node) => node !== leader) as TestNode;
  cluster.kill(victim, true);
  const { vault } = createVault(cluster);
  asleep(cluster);
  const heard = listen(cluster);
  cluster.pass(20 * HEARTBEAT);
  expect(heard.kinds()).toEqual(['alive']);
  cluster.open(victim);
  cluster.pass(TIMEOUT_MAX);
  asleep(cluster);
  for (const { group } of cluster.manifest.groups) {
    expect(victim.replica.group(group)?.state.lastApplied).toBe(leader.replica.group(group)?.state.lastApplied);
  }
  expect(victim.replica.group(vault.group)?.state.vault(vault.id)).toBeDefined();
});

test('a node that starts again does not take leadership from a leader that sleeps', () => {
  const cluster = sleeping(3, 10);
  const leader = cluster.leader(1);
  const led = (): readonly (GroupId | undefined)[] =>
    cluster.manifest.groups.filter(({ group }) => leader.replica.group(group)?.raft.role === 'leader').map(({ group }) => group);
  const before = led();
  const victim = cluster.nodes.find((node) => node !== leader && led().length > 0) as TestNode;
  cluster.kill(victim, false);
  cluster.open(victim);
  cluster.pass(2 * TIMEOUT_MAX);
  asleep(cluster);
  expect(led()).toEqual(expect.arrayContaining([...before]));
});

test('what the directory wants reaches groups that sleep: a member that is removed leaves all of them', () => {
  const cluster = sleeping(4, 20);
  const operator = new Operator(cluster);
  const leaving = cluster.nodes[3] as TestNode;
  operator.change({ kind: 'removeMember', node: leaving.id });
  untilVoters(
    cluster,
    cluster.nodes.filter((node) => node !== leaving),
  );
});
