/**
 * A group under flood takes nothing from its siblings: each has at most one batch on its way to the disk, so that every persist has
 * room for all of them, and what is committed is applied in slices that take turns.
 */
import { expect, test } from 'vitest';
import type { ClientRequest } from '../../core/client/protocol.ts';
import type { GroupId, RequestId } from '../../core/ids.ts';
import { PROPOSAL_QUEUE_MAX } from '../../core/limits.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { openSession } from './vaults.ts';

/** Opening a session is the smallest command there is, and none is like the other: an entry opens one. */
function flood(cluster: TestCluster, node: TestNode, group: number, count: number): readonly RequestId[] {
  const request = { kind: 'openSession', group } as ClientRequest;
  return Array.from({ length: count }, () => cluster.send(node, request));
}

/** Persists of the node until it decides on the answer, and how many others it has answered by then. */
function persistsUntil(
  cluster: TestCluster,
  node: TestNode,
  request: RequestId,
): { readonly persists: number; readonly others: number } {
  let persists = 0;
  let others = 0;
  let atAnswer = { persists: Number.NaN, others: Number.NaN };
  const { step } = node.replica;
  node.replica.step = (input) => {
    if (input.kind === 'persisted') persists += 1;
    const effects = step.call(node.replica, input);
    for (const effect of effects) {
      if (effect.kind !== 'reply') continue;
      if (effect.id === request) atAnswer = { persists, others };
      else others += 1;
    }
    return effects;
  };
  cluster.runUntil(() => node.replies.has(request));
  node.replica.step = step;
  return atAnswer;
}

test('a command of a quiet group is answered after as many persists as without the flood in another one', () => {
  const cluster = new TestCluster(1, 2);
  cluster.boot();
  const node = cluster.leader(1);
  cluster.leader(2);
  openSession(cluster, 1);
  openSession(cluster, 2);
  const alone = persistsUntil(cluster, node, flood(cluster, node, 2, 1)[0] as RequestId);
  flood(cluster, node, 1, PROPOSAL_QUEUE_MAX);
  const besides = persistsUntil(cluster, node, flood(cluster, node, 2, 1)[0] as RequestId);
  expect(besides.persists).toBeLessThanOrEqual(alone.persists + 1); // one may be on its way already
  expect(besides.others).toBeLessThan(10);
});

test('the flood itself goes on: everything is answered in the end', () => {
  const cluster = new TestCluster(1, 2);
  cluster.boot();
  const node = cluster.leader(1);
  const hot = flood(cluster, node, 1, 200);
  cluster.runUntil(() => hot.every((request) => node.replies.has(request)));
  expect(hot.every((request) => node.replies.get(request)?.kind === 'session')).toBe(true);
});

test('what is to be written leaves before anything is applied, and what is committed is applied at once behind that', () => {
  const cluster = new TestCluster(3, 1);
  cluster.boot();
  openSession(cluster, 1);
  const leader = cluster.leader(1);
  const follower = cluster.nodes.find((node) => node !== leader) as TestNode;
  const { replica } = follower;
  const { step } = replica;
  const applied = (): number => replica.group(1 as GroupId)?.state.lastApplied ?? 0;
  const committed = (): number => replica.group(1 as GroupId)?.raft.commitIndex ?? 0;
  let deferred = 0;
  replica.step = (input) => {
    const before = applied();
    const effects = step.call(replica, input);
    const isWriting = effects.some(({ kind }) => kind === 'persist');
    if (isWriting) expect(applied()).toBe(before);
    if (isWriting && committed() > before) {
      deferred += 1;
      expect(replica.nextDeadline()).toBe(input.now);
    }
    return effects;
  };
  for (let round = 0; round < 10; round += 1) {
    flood(cluster, leader, 1, 1);
    cluster.settle();
  }
  cluster.runUntil(() => applied() === leader.replica.group(1 as GroupId)?.raft.lastIndex);
  expect(deferred).toBeGreaterThan(5);
});
