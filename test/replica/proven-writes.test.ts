/** A write that asks for it is answered with its inclusion in the chain, the first time and again. */
import { expect, test } from 'vitest';
import { verifyTransactionInclusion } from '../../core/chain/inclusion.ts';
import { decodeUlid } from '../../core/chain/ulid.ts';
import type { ClientRequest } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { Operation } from '../../core/state/transaction.ts';
import { encodeLedgerTransaction } from '../../core/state/transaction-codec.ts';
import { TestCluster } from './harness.ts';
import { ANNE, createVault, expectKind, writeRequest } from './vaults.ts';

type Transact = Extract<ClientRequest, { kind: 'transact' }>;

function proven(request: ClientRequest): Transact {
  return { ...(request as Transact), proof: true };
}

function withOperations(request: Transact, operations: readonly Operation[]): Transact {
  return { ...request, transaction: { ...request.transaction, operations } };
}

test('the answer to a write carries its inclusion, in a batch with others and repeated after a failover', () => {
  const cluster = new TestCluster(3);
  cluster.boot();
  const { vault, session } = createVault(cluster);
  const leader = cluster.leader(vault.group);
  const tuples = ['a', 'b', 'c'].map((name) => ({ ...ANNE, subject: `user:${name}` }));
  const requests = tuples.map((tuple, at) => {
    const request = proven(writeRequest(vault, session, 2 + at, tuple));
    return { ...request, command: { ...request.command, lowestUnanswered: 2 } };
  });
  const ids = requests.map((request) => cluster.send(leader, request));
  cluster.runUntil(() => ids.every((id) => leader.replies.has(id)));
  const expected = {
    organization: decodeUlid(vault.organization) as Uint8Array,
    vault: decodeUlid(vault.id) as Uint8Array,
  };
  const check = (request: Transact, answer: unknown): void => {
    const { outcome, inclusion } = expectKind(answer as ReturnType<TestCluster['ask']>, 'transacted');
    if (!outcome.ok || inclusion === undefined) throw new Error('no inclusion came');
    expect(inclusion.transaction).toEqual(encodeLedgerTransaction({ kind: 'transact', transaction: request.transaction }));
    expect(verifyTransactionInclusion(portableHasher, inclusion, { ...expected, height: outcome.height }).ok).toBe(true);
  };
  requests.forEach((request, at) => {
    check(request, leader.replies.get(ids[at] as never));
  });
  cluster.kill(leader, false);
  const next = cluster.leader(vault.group);
  expect(next).not.toBe(leader);
  for (const request of requests) check(request, cluster.ask(next, request));
});

test('nothing is proven of a write that changed nothing, was refused, did not ask, or is pruned by now', () => {
  const cluster = new TestCluster(1);
  cluster.boot();
  const { vault, session } = createVault(cluster);
  const leader = cluster.leader(vault.group);
  const write = (sequence: number): Transact => {
    const request = proven(writeRequest(vault, session, sequence));
    return { ...request, command: { ...request.command, lowestUnanswered: 2 } };
  };
  const first = write(2);
  expect(expectKind(cluster.ask(leader, first), 'transacted').inclusion).toBeDefined();
  expect(expectKind(cluster.ask(leader, { ...first, proof: false }), 'transacted').inclusion).toBeUndefined();
  const refused = expectKind(cluster.ask(leader, write(3)), 'transacted');
  expect(refused).toMatchObject({ outcome: { ok: false, code: 'tuple_exists' } });
  expect(refused.inclusion).toBeUndefined();
  const ignored = { op: 'writeTuple', tuple: ANNE, condition: undefined, expiresAt: 0, onDuplicate: 'ignore' } as const;
  const same = expectKind(cluster.ask(leader, withOperations(write(4), [ignored])), 'transacted');
  expect(same).toMatchObject({ outcome: { ok: true, changed: false } });
  expect(same.inclusion).toBeUndefined();
  const keep: Operation = { op: 'setRetention', retention: { kind: 'heights', heights: 1 } };
  expect(expectKind(cluster.ask(leader, withOperations(write(5), [keep])), 'transacted').inclusion).toBeDefined();
  expect(expectKind(cluster.ask(leader, first), 'transacted').inclusion).toBeUndefined();
});
