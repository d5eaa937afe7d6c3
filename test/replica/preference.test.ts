/**
 * Who is preferred leads: a priority in the directory is followed by the leaders of all groups, by themselves, also after the
 * preferred node was away, and also where the groups sleep meanwhile. And never in haste.
 */
import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../core/ids.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { GROUPS, Operator } from './operator.ts';

function booted(hibernateMicros: number = 200_000): { readonly cluster: TestCluster; readonly operator: Operator } {
  const cluster = new TestCluster(3, 1, 'rounds', { hibernateMicros });
  cluster.boot();
  return { cluster, operator: new Operator(cluster) };
}

function leads(node: TestNode, group: number): boolean {
  return node.replica.status().groups.some((status) => status.group === group && status.role === 'leader');
}

/** Runs until the node leads every group. */
function untilLeads(cluster: TestCluster, node: TestNode): void {
  cluster.runUntil(() => GROUPS.every((group) => leads(node, group)));
}

function prefer(operator: Operator, node: TestNode, priority: number): void {
  expect(operator.change({ kind: 'preferMember', node: node.id, priority })).toMatchObject({ member: { priority } });
}

/** A node that leads nothing, where there is one. */
function follower(cluster: TestCluster): TestNode {
  const leaders = GROUPS.map((group) => cluster.leader(group));
  return cluster.nodes.find((node) => !leaders.includes(node)) as TestNode;
}

describe('priorities', () => {
  test('a node with a higher one comes to lead every group, and stays', () => {
    const { cluster, operator } = booted();
    const node = follower(cluster);
    prefer(operator, node, 200);
    untilLeads(cluster, node);
    const { term } = node.replica.status().groups[0] as { term: number };
    cluster.pass(5_000_000);
    expect(node.replica.status().groups[0]).toMatchObject({ role: 'leader', term });
  });

  test('a node with a lower one gives up what it leads, to those of the highest', () => {
    const { cluster, operator } = booted();
    const node = cluster.leader(1);
    prefer(operator, node, 0);
    cluster.runUntil(() => GROUPS.every((group) => !leads(node, group)));
    cluster.pass(3_000_000);
    expect(GROUPS.map((group) => cluster.leader(group) === node)).toEqual([false, false]);
  });

  test('equal ones move nothing', () => {
    const { cluster, operator } = booted();
    for (const node of cluster.nodes) prefer(operator, node, 7);
    const before = GROUPS.map((group) => cluster.leader(group).id);
    cluster.pass(5_000_000);
    expect(GROUPS.map((group) => cluster.leader(group).id)).toEqual(before);
  });

  test('while the preferred node is away others lead; it takes over when it is back, though the groups slept', () => {
    const { cluster, operator } = booted();
    const node = follower(cluster);
    prefer(operator, node, 200);
    untilLeads(cluster, node);
    cluster.kill(node, true);
    const others = cluster.nodes.filter((other) => other !== node);
    cluster.runUntil(() => GROUPS.every((group) => others.some((other) => leads(other, group))));
    cluster.runUntil(() => others.every((other) => other.replica.status().groups.every(({ asleep }) => asleep)));
    cluster.open(node);
    untilLeads(cluster, node);
    cluster.runUntil(() => cluster.nodes.every((each) => each.replica.status().groups.every(({ asleep }) => asleep)));
  });

  test.each([5_000, 20_000, 45_000])(
    'a group that sleeps after %i µs waits for a preferred node that has just been heard',
    (micros) => {
      const { cluster, operator } = booted(micros);
      const node = follower(cluster);
      prefer(operator, node, 200);
      for (let times = 0; times < 3; times += 1) {
        untilLeads(cluster, node);
        cluster.isolate(node);
        cluster.pass(2_000_000);
        cluster.cut.clear();
      }
      untilLeads(cluster, node);
    },
  );

  test('who has just come back does not take over at once', () => {
    const { cluster, operator } = booted();
    const node = follower(cluster);
    prefer(operator, node, 200);
    untilLeads(cluster, node);
    cluster.kill(node, false);
    const others = cluster.nodes.filter((other) => other !== node);
    cluster.runUntil(() => GROUPS.every((group) => others.some((other) => leads(other, group))));
    for (let times = 0; times < 3; times += 1) {
      cluster.pass(500_000); // it is missed
      cluster.open(node);
      cluster.pass(600_000);
      expect(GROUPS.map((group) => leads(node, group))).toEqual([false, false]);
      cluster.kill(node, false);
    }
  });

  test('a successor has the priority of the node it replaces', () => {
    const { cluster, operator } = booted();
    const node = follower(cluster);
    prefer(operator, node, 200);
    const joiner = cluster.join();
    const address = cluster.address(joiner);
    operator.change({ kind: 'replaceMember', node: node.id, by: joiner.id, address });
    untilLeads(cluster, joiner);
    const { members } = joiner.replica.manifest() as { members: readonly { id: NodeId; priority: number }[] };
    expect(members.find(({ id }) => id === joiner.id)).toMatchObject({ priority: 200 });
  });
});
