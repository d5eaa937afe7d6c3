/** Groups that are made while the cluster runs, on some of its nodes: made, written to, restarted, and moved as the members change. */
import { expect, test } from 'vitest';
import type { ClientRequest, DirectoryCommand, SessionRef, VaultEntry } from '../../core/client/protocol.ts';
import type { GroupId } from '../../core/ids.ts';
import type { ReplicaOptions } from '../../core/replica/options.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { Operator, voters } from './operator.ts';
import { checkRequest, expectKind, openSession, writeRequest } from './vaults.ts';

const MADE = 2;
const ORGANIZATION = 'bank';

/** A cluster with one data group, and an organization of its own group with a vault. */
function withGroup(
  size: number,
  replicas: number,
  overrides: Partial<ReplicaOptions> = {},
): { cluster: TestCluster; vault: VaultEntry; session: SessionRef } {
  const cluster = new TestCluster(size, 1, 'rounds', overrides);
  cluster.boot();
  const session = openSession(cluster, 0);
  const ask = (sequence: number, body: DirectoryCommand) =>
    cluster.ask(cluster.leader(0), { kind: 'directory', command: { session, sequence, lowestUnanswered: sequence }, body });
  const placement = { kind: 'new', replicas } as const;
  const made = expectKind(ask(1, { kind: 'createOrganization', name: ORGANIZATION, placement }), 'organization');
  expect(made).toMatchObject({ created: true, group: MADE });
  const reserve = { kind: 'reserveVault', organization: ORGANIZATION, name: 'main', allowExisting: false } as const;
  const { vault } = expectKind(ask(2, reserve), 'vault');
  expect(vault.group).toBe(MADE);
  const own = openSession(cluster, MADE);
  const { group, organization, id } = vault;
  const command = { session: own, sequence: 1, lowestUnanswered: 1 };
  expectKind(cluster.ask(cluster.leader(MADE), { kind: 'createVault', group, command, organization, vault: id }), 'vaultCreated');
  expectKind(cluster.ask(cluster.leader(MADE), writeRequest(vault, own, 2)), 'transacted');
  return { cluster, vault, session: own };
}

function holders(cluster: TestCluster): readonly TestNode[] {
  return cluster.nodes.filter((node) => node.running && node.replica.group(MADE as GroupId)?.hasMember(node.id) === true);
}

/** Runs until exactly these nodes vote in the group, as they see it themselves. */
function untilHeldBy(cluster: TestCluster, wanted: (holding: readonly TestNode[]) => boolean): void {
  cluster.runUntil(() => {
    const holding = holders(cluster);
    const ids = JSON.stringify(holding.map(({ id }) => id).sort());
    return wanted(holding) && holding.every((node) => JSON.stringify(voters(node, MADE)) === ids);
  });
}

test('a new group is on as many nodes as were asked for, and the others say who leads it', () => {
  const { cluster, vault } = withGroup(5, 3);
  untilHeldBy(cluster, (holding) => holding.length === 3);
  const stranger = cluster.nodes.find((node) => node.replica.group(MADE as GroupId) === undefined) as TestNode;
  const answer = cluster.ask(stranger, checkRequest(vault, 'eventual'));
  expect(answer).toMatchObject({ kind: 'error', code: 'not_leader' });
  const { leader } = expectKind(answer, 'error');
  expect(holders(cluster).map(({ id }) => id)).toContain(leader);
});

test('it is there again after loss of power everywhere, with what was written', () => {
  const { cluster, vault } = withGroup(5, 3);
  for (const node of cluster.nodes) cluster.kill(node, true);
  for (const node of cluster.nodes) cluster.open(node);
  expect(cluster.ask(cluster.leader(MADE), checkRequest(vault, 'linearizable'))).toMatchObject({ kind: 'tuple', present: true });
  untilHeldBy(cluster, (holding) => holding.length === 3);
});

test.each([1, 3])('a node that is removed leaves the group to another one (%i replicas)', (replicas) => {
  const { cluster, vault } = withGroup(4, replicas);
  const leaving = cluster.leader(MADE);
  new Operator(cluster).change({ kind: 'removeMember', node: leaving.id });
  untilHeldBy(cluster, (holding) => holding.length === replicas && !holding.includes(leaving));
  expect(cluster.ask(cluster.leader(MADE), checkRequest(vault, 'linearizable'))).toMatchObject({ kind: 'tuple', present: true });
});

test('a node that replaces another one takes over its groups, and nobody else gets any', () => {
  const { cluster } = withGroup(5, 3);
  const before = holders(cluster);
  const leaving = before[0] as TestNode;
  const joiner = cluster.join();
  new Operator(cluster).change({ kind: 'replaceMember', node: leaving.id, by: joiner.id, address: cluster.address(joiner) });
  untilHeldBy(cluster, (holding) => holding.includes(joiner) && !holding.includes(leaving));
  expect(holders(cluster)).toEqual([...before.filter((node) => node !== leaving), joiner]);
});

test('a group that lost a replica for want of nodes gets one as soon as there is another node', () => {
  const { cluster } = withGroup(3, 3);
  const operator = new Operator(cluster);
  const leaving = cluster.nodes.find((node) => node !== cluster.leader(MADE)) as TestNode;
  operator.change({ kind: 'removeMember', node: leaving.id });
  untilHeldBy(cluster, (holding) => holding.length === 2);
  const joiner = cluster.join();
  operator.change({ kind: 'addMember', node: joiner.id, address: cluster.address(joiner), role: 'voter' });
  untilHeldBy(cluster, (holding) => holding.length === 3 && holding.includes(joiner));
});

test('a group that is made wakes no other group', () => {
  const { cluster } = withGroup(3, 1, { hibernateMicros: 100_000 });
  const isAsleep = (group: number): boolean =>
    cluster.nodes.every((node) => node.replica.group(group as GroupId)?.raft.isAsleep !== false);
  cluster.runUntil(() => [0, 1, MADE].every(isAsleep));
  const session = openSession(cluster, 0);
  const placement = { kind: 'new', replicas: 3 } as const;
  const body = { kind: 'createOrganization', name: 'another', placement } as const;
  const command = { session, sequence: 1, lowestUnanswered: 1 };
  expect(cluster.ask(cluster.leader(0), { kind: 'directory', command, body })).toMatchObject({ group: MADE + 1 });
  for (let passed = 0; passed < 20; passed += 1) {
    cluster.pass(5_000);
    expect([1, MADE].map(isAsleep)).toEqual([true, true]);
  }
  expect(cluster.leader(MADE + 1)).toBeDefined();
});

test('more replicas than there are voting nodes are refused, and so is a group that there is not', () => {
  const cluster = new TestCluster(3);
  cluster.boot();
  const session = openSession(cluster, 0);
  const request = (
    sequence: number,
    placement: Extract<DirectoryCommand, { kind: 'createOrganization' }>['placement'],
  ): ClientRequest => ({
    kind: 'directory',
    command: { session, sequence, lowestUnanswered: sequence },
    body: { kind: 'createOrganization', name: ORGANIZATION, placement },
  });
  const leader = cluster.leader(0);
  expect(cluster.ask(leader, request(1, { kind: 'new', replicas: 5 }))).toMatchObject({ code: 'too_few_voters' });
  expect(cluster.ask(leader, request(2, { kind: 'group', group: 9 as GroupId }))).toMatchObject({ code: 'group_missing' });
  expect(cluster.ask(leader, request(3, { kind: 'new', replicas: 2 }))).toMatchObject({ code: 'invalid_argument' });
  expect(cluster.ask(leader, request(4, { kind: 'group', group: 1 as GroupId }))).toMatchObject({ created: true, group: 1 });
  expect(cluster.ask(leader, request(5, { kind: 'new', replicas: 3 }))).toMatchObject({ created: false, group: 1 });
});
