/** One group on one node: what waits moves as soon as it can, nothing waits without a bound, and everybody is answered. */
import { expect, test } from 'vitest';
import { InvariantError } from '../../core/assert.ts';
import { encodeUlid } from '../../core/chain/ulid.ts';
import type { ClientRequest } from '../../core/client/protocol.ts';
import { GLOBAL_GROUP, type GroupId, type LogIndex, type OrganizationId, type VaultId } from '../../core/ids.ts';
import { APPLY_BYTES_MAX, ENTRY_BYTES_MAX, OWN_BACKLOG_ENTRIES_MAX } from '../../core/limits.ts';
import type { GroupState } from '../../core/state/group-state.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { ANNE, createVault, writeRequest } from './vaults.ts';

const LIST: ClientRequest = { kind: 'listOrganizations', consistency: 'linearizable' };

function openSession(group: GroupId): ClientRequest {
  return { kind: 'openSession', group };
}

function breakQueries(node: TestNode): void {
  const state = node.replica.group(GLOBAL_GROUP)?.state as GroupState;
  state.begin = () => {
    throw new InvariantError('planted');
  };
}

test('reads that arrive during a round begin the next one when it ends, without waiting for a heartbeat', () => {
  const cluster = new TestCluster(3);
  cluster.boot();
  const leader = cluster.leader(GLOBAL_GROUP);
  const follower = cluster.nodes.find((node) => node !== leader) as TestNode;
  cluster.pass(100_000);
  const ids = [cluster.send(follower, LIST), cluster.send(follower, LIST), cluster.send(follower, LIST)];
  cluster.settle(); // no time passes
  expect(ids.map((id) => follower.replies.get(id)?.kind)).toEqual(['organizations', 'organizations', 'organizations']);
});

test('a leader whose disk hangs runs ahead of it by a bounded number of entries, though the others could commit more', () => {
  const cluster = new TestCluster(3);
  cluster.boot();
  const group = 1 as GroupId;
  const leader = cluster.leader(group);
  leader.diskWorks = false;
  const ids = Array.from({ length: 2 * OWN_BACKLOG_ENTRIES_MAX }, () => {
    const id = cluster.send(leader, openSession(group));
    cluster.settle();
    return id;
  });
  const raft = leader.replica.group(group)?.raft;
  expect((raft?.lastIndex as number) - (raft?.stableIndex as number)).toBe(OWN_BACKLOG_ENTRIES_MAX);
  expect(leader.persists.length).toBeLessThanOrEqual(OWN_BACKLOG_ENTRIES_MAX);
  leader.diskWorks = true;
  cluster.runUntil(() => ids.every((id) => leader.replies.has(id)));
  expect(ids.map((id) => leader.replies.get(id)?.kind)).toEqual(ids.map(() => 'session'));
});

test('a log of large entries is applied in short steps after a restart', () => {
  const cluster = new TestCluster(1);
  cluster.boot();
  const group = 1 as GroupId;
  const node = cluster.leader(group);
  const opened = cluster.ask(node, openSession(group));
  const session = opened.kind === 'session' ? opened.session : { group, index: 0 as LogIndex };
  const ulid = encodeUlid(new Uint8Array(16).fill(1));
  const value = new Uint8Array(200_000);
  const operations = [{ op: 'setEntity', key: 'k', value, expiresAt: 0, condition: undefined }] as const;
  for (let sequence = 1; sequence <= 20; sequence += 1) {
    const answer = cluster.ask(node, {
      kind: 'transact',
      group,
      command: { session, sequence, lowestUnanswered: sequence },
      organization: ulid as OrganizationId,
      vault: ulid as VaultId,
      transaction: { actor: '', reason: '', operations },
      model: undefined,
      proof: false,
    });
    expect(answer).toMatchObject({ code: 'vault_missing' }); // it is in the log all the same
  }
  cluster.kill(node, false);
  cluster.open(node);
  cluster.settle();

  const { replica } = node;
  const state = replica.group(group)?.state as GroupState;
  const perStep: number[] = [];
  const [step, apply] = [replica.step.bind(replica), state.apply.bind(state)];
  replica.step = (input) => {
    perStep.push(0);
    return step(input);
  };
  state.apply = (entry) => {
    perStep.push((perStep.pop() as number) + entry.data.length);
    return apply(entry);
  };
  cluster.runUntil(() => state.lastApplied > 20);
  expect(Math.max(...perStep)).toBeLessThan(APPLY_BYTES_MAX + ENTRY_BYTES_MAX);
  expect(perStep.filter((bytes) => bytes > 0).length).toBeGreaterThan(1);
});

test('a read that breaks an invariant quarantines its group, and every read that waited with it is answered', () => {
  const cluster = new TestCluster(3);
  cluster.boot();
  const leader = cluster.leader(GLOBAL_GROUP);
  breakQueries(leader);
  const ids = [cluster.send(leader, LIST), cluster.send(leader, LIST), cluster.send(leader, LIST)];
  cluster.settle();
  expect(ids.map((id) => leader.replies.get(id))).toMatchObject(ids.map(() => ({ kind: 'error', code: 'quarantined' })));
  expect(leader.fatals).toMatchObject([{ kind: 'fatal', scope: GLOBAL_GROUP, code: 'invariant' }]);
});

test('a stale read that breaks an invariant stops its group, not the node', () => {
  const cluster = new TestCluster(1);
  cluster.boot();
  const node = cluster.leader(GLOBAL_GROUP);
  breakQueries(node);
  expect(cluster.ask(node, { ...LIST, consistency: 'eventual' } as ClientRequest)).toMatchObject({ code: 'quarantined' });
  expect(cluster.ask(cluster.leader(1), openSession(1 as GroupId)).kind).toBe('session');
});

test('who asks while leadership changes hands is told the new leader, not that there is none', () => {
  const cluster = new TestCluster(3);
  cluster.boot();
  const leader = cluster.leader(1);
  const target = cluster.nodes.find((node) => node !== leader) as TestNode;
  cluster.send(leader, { kind: 'transfer', group: 1 as GroupId, from: undefined, to: target.id });
  const asked = cluster.send(leader, openSession(1 as GroupId));
  cluster.runUntil(() => leader.replies.has(asked));
  expect(leader.replies.get(asked)).toMatchObject({ code: 'not_leader', leader: target.id });
});

test('what expires while a leader may propose nothing costs a look a millisecond, not one a microsecond', () => {
  const cluster = new TestCluster(3, 1, 'rounds', { limits: { uncommittedBytesMax: 64 } });
  cluster.boot();
  const { vault, session } = createVault(cluster);
  const leader = cluster.leader(vault.group);
  const request = writeRequest(vault, session, 2) as Extract<ClientRequest, { kind: 'transact' }>;
  const [operation] = request.transaction.operations;
  const expiring = { ...operation, expiresAt: cluster.clocks().wall + 20_000 } as (typeof request.transaction.operations)[number];
  const transaction = { ...request.transaction, operations: [expiring] };
  expect(cluster.ask(leader, { ...request, transaction })).toMatchObject({ kind: 'transacted', outcome: { ok: true } });
  cluster.isolate(leader); // what it proposes from now on stays uncommitted
  cluster.send(leader, writeRequest(vault, session, 3, { ...ANNE, subject: 'user:bob' }));
  let looks = 0;
  const { step } = leader.replica;
  leader.replica.step = (input) => {
    if (input.kind === 'deadline') looks += 1;
    return step.call(leader.replica, input);
  };
  cluster.pass(100_000);
  expect(looks).toBeGreaterThan(10);
  expect(looks).toBeLessThan(400);
});
