/**
 * A cluster whose members change: what the directory is told to want is what every group becomes, one step at a time, while
 * clients write and messages are lost. Directory, reconciler, raft, manifest and restart together, in lock step.
 */
import { describe, expect, test } from 'vitest';
import type { GroupId, NodeId } from '../../core/ids.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { add, GROUPS, Operator, untilVoters, voters } from './operator.ts';

function booted(size: number): { readonly cluster: TestCluster; readonly operator: Operator } {
  const cluster = new TestCluster(size);
  cluster.boot();
  return { cluster, operator: new Operator(cluster) };
}

describe('adding', () => {
  test.each([0, 20])('a node that is added votes in every group once it has caught up (%i in 100 messages lost)', (loss) => {
    const { cluster, operator } = booted(3);
    cluster.lossPercent = loss;
    const joiner = add(cluster, operator);
    untilVoters(cluster, cluster.nodes);
    expect(cluster.nodes.map((node) => node.replica.manifest()?.members.length)).toEqual([4, 4, 4, 4]);
    expect(joiner.fatals).toEqual([]);
  });

  test('a learner stays one until it is promoted', () => {
    const { cluster, operator } = booted(3);
    const node = cluster.join();
    operator.change({ kind: 'addMember', node: node.id, address: cluster.address(node), role: 'learner' });
    const learns = (): boolean => node.replica.status().groups.every(({ learners }) => learners.includes(node.id));
    cluster.runUntil(() => node.replica.status().groups.length === 2 && learns());
    cluster.pass(2_000_000);
    expect(learns()).toBe(true);
    expect(operator.change({ kind: 'promoteMember', node: node.id })).toMatchObject({ changed: true });
    untilVoters(cluster, cluster.nodes);
  });

  test('a node that has joined is there after loss of power everywhere, with the addresses of all', () => {
    const { cluster, operator } = booted(1);
    const joiner = add(cluster, operator);
    untilVoters(cluster, cluster.nodes);
    const members = cluster.nodes[0]?.replica.manifest()?.members;
    for (const node of cluster.nodes) cluster.kill(node, true);
    for (const node of cluster.nodes) cluster.open(node);
    expect(cluster.nodes.map((node) => node.replica.manifest()?.members)).toEqual([members, members]);
    cluster.leader(1);
    untilVoters(cluster, cluster.nodes);
    expect(
      joiner.replica
        .status()
        .members.map(({ address }) => address)
        .sort(),
    ).toEqual(['127.0.0.1:7400', '127.0.0.1:7401']);
  });

  test('a node without votes that has not heard from a group yet says so to its clients, who ask elsewhere', () => {
    const { cluster, operator } = booted(1);
    const node = cluster.join();
    const founder = cluster.nodes[0] as TestNode;
    cluster.cut.add(`${founder.id}>${node.id}`);
    operator.change({ kind: 'addMember', node: node.id, address: cluster.address(node), role: 'voter' });
    cluster.settle();
    expect(cluster.ask(node, { kind: 'listMembers', consistency: 'linearizable' })).toMatchObject({ code: 'unavailable' });
  });
});

/** Three nodes of which one has been dead for a while. */
function withOneDead() {
  const { cluster, operator } = booted(3);
  const leader = cluster.leader(1);
  const [dead, other] = cluster.nodes.filter((node) => node !== leader) as [TestNode, TestNode];
  cluster.kill(dead, false);
  cluster.pass(500_000);
  return { cluster, operator, leader, dead, other };
}

describe('removing', () => {
  test('a removed node is let go by every group, knows it, and answers nobody', () => {
    const { cluster, operator } = booted(3);
    const leader = cluster.leader(0);
    const gone = cluster.nodes.find((node) => node !== leader && node !== cluster.leader(1)) as TestNode;
    operator.change({ kind: 'removeMember', node: gone.id });
    untilVoters(
      cluster,
      cluster.nodes.filter((node) => node !== gone),
    );
    cluster.runUntil(() => gone.replica.status().removed);
    cluster.pass(1_000_000);
    expect(gone.replica.status().groups.map(({ role }) => role)).toEqual(['follower', 'follower']);
    expect(gone.replica.contacts()).toEqual([]);
    expect(cluster.ask(gone, { kind: 'listMembers', consistency: 'linearizable' })).toMatchObject({ code: 'unavailable' });
    expect(leader.replica.contacts().map(({ id }) => id)).not.toContain(gone.id);
  });

  test('a leader that is removed hands over first: no group waits for an election', () => {
    const { cluster, operator } = booted(3);
    const gone = cluster.leader(1);
    const term = gone.replica.group(1 as GroupId)?.raft.term as number;
    operator.change({ kind: 'removeMember', node: gone.id });
    const rest = cluster.nodes.filter((node) => node !== gone);
    const before = cluster.now;
    untilVoters(cluster, rest);
    expect(cluster.now - before).toBeLessThan(150_000); // shorter than any election timeout
    expect(cluster.leader(1).replica.group(1 as GroupId)?.raft.term).toBe(term + 1);
  });

  test('frames of a removed node are dropped, and its id never comes back', () => {
    const { cluster, operator } = booted(3);
    const gone = cluster.nodes.find((node) => node !== cluster.leader(0) && node !== cluster.leader(1)) as TestNode;
    for (const other of cluster.nodes) cluster.cut.add(`${other.id}>${gone.id}`); // it does not hear of it, and campaigns on
    operator.change({ kind: 'removeMember', node: gone.id });
    const rest = cluster.nodes.filter((node) => node !== gone);
    untilVoters(cluster, rest);
    cluster.cut.clear();
    const terms = rest.map((node) => node.replica.group(1 as GroupId)?.raft.term);
    const dropped = rest.map((node) => node.replica.status().droppedFrames);
    cluster.pass(3_000_000);
    expect(rest.map((node) => node.replica.group(1 as GroupId)?.raft.term)).toEqual(terms);
    rest.forEach((node, i) => {
      expect(node.replica.status().droppedFrames).toBeGreaterThan(dropped[i] as number);
    });
    const again = operator.change({ kind: 'addMember', node: gone.id, address: '127.0.0.1:9', role: 'voter' });
    expect(again).toMatchObject({ kind: 'error', code: 'member_removed' });
    cluster.input(gone, { kind: 'bootstrap', manifest: rest[0]?.replica.manifest() as never });
    expect(gone.replica.status().removed).toBe(true);
  });

  test('nobody is let go while the others that are alive could not decide without it', () => {
    const { cluster, operator, leader, dead, other } = withOneDead();
    operator.change({ kind: 'removeMember', node: other.id });
    cluster.pass(3_000_000);
    expect(voters(leader, 1)).toHaveLength(3);
    operator.change({ kind: 'removeMember', node: dead.id });
    untilVoters(cluster, [cluster.leader(1)]);
  });

  test('whoever leads anew does not take one for alive that died before', () => {
    const { cluster, operator, leader, other } = withOneDead();
    operator.change({ kind: 'removeMember', node: other.id });
    cluster.pass(1_000_000);
    for (const node of [leader, other]) cluster.kill(node, false);
    for (const node of [leader, other]) cluster.open(node);
    cluster.pass(3_000_000);
    expect(voters(cluster.leader(1), 1).length).toBe(3);
  });

  test('the last voter stays', () => {
    const { cluster, operator } = booted(1);
    const refused = operator.change({ kind: 'removeMember', node: cluster.nodes[0]?.id as NodeId });
    expect(refused).toMatchObject({ kind: 'error', code: 'no_voter_left' });
  });
});

test('a node that was away while everybody else was replaced finds its cluster again', () => {
  const { cluster, operator } = booted(3);
  const [away, ...others] = cluster.nodes as [TestNode, TestNode, TestNode];
  cluster.kill(away, true);
  for (const node of others) {
    const next = cluster.join();
    operator.change({ kind: 'replaceMember', node: node.id, by: next.id, address: cluster.address(next) });
    cluster.runUntil(() => GROUPS.every((group) => !voters(cluster.leader(group), group).includes(node.id)));
    cluster.kill(node, true);
  }
  cluster.open(away);
  untilVoters(cluster, [away, ...cluster.nodes.slice(3)]);
});

describe('replacing', () => {
  test.each([0, 15])(
    'every node is replaced, one after the other, and no group ever has less than three voters (%i in 100 messages lost)',
    (loss) => {
      const { cluster, operator } = booted(3);
      cluster.lossPercent = loss;
      const old = [...cluster.nodes];
      for (const node of old) {
        const next = cluster.join();
        const address = cluster.address(next);
        const answer = operator.change({ kind: 'replaceMember', node: node.id, by: next.id, address });
        expect(answer).toMatchObject({ member: { id: node.id, removed: true, replacedBy: next.id } });
        cluster.runUntil(() => {
          for (const group of GROUPS) {
            const count = voters(cluster.leader(group), group).length;
            if (count < 3) throw new Error(`${count} voters`);
          }
          return GROUPS.every((group) => !voters(cluster.leader(group), group).includes(node.id));
        });
        cluster.kill(node, true);
      }
      untilVoters(cluster, cluster.nodes.slice(3));
      for (const node of cluster.nodes.slice(3)) cluster.kill(node, true);
      for (const node of cluster.nodes.slice(3)) cluster.open(node);
      untilVoters(
        cluster,
        [cluster.leader(0), ...cluster.nodes.slice(3)].filter((node, i, all) => all.indexOf(node) === i),
      );
      expect(cluster.leader(1).replica.status().members).toHaveLength(3);
    },
  );

  test('a node follows a leader that it is to replace, though that was no founder and is removed already', () => {
    const { cluster, operator } = booted(3);
    const second = add(cluster, operator);
    untilVoters(cluster, cluster.nodes);
    const group = 1 as GroupId;
    cluster.ask(cluster.leader(1), { kind: 'transfer', group, from: undefined, to: second.id });
    expect(cluster.leader(1)).toBe(second);
    const third = cluster.join();
    operator.change({ kind: 'replaceMember', node: second.id, by: third.id, address: cluster.address(third) });
    untilVoters(
      cluster,
      cluster.nodes.filter((node) => node !== second),
    );
  });

  test('the old node stays while the new one cannot be reached, until it is removed without waiting', () => {
    const { cluster, operator } = booted(3);
    const leader = cluster.leader(1);
    const gone = cluster.nodes.find((node) => node !== leader && node !== cluster.leader(0)) as TestNode;
    const by = 'f'.repeat(32) as NodeId;
    operator.change({ kind: 'replaceMember', node: gone.id, by, address: '127.0.0.1:9' });
    cluster.pass(3_000_000);
    expect(voters(leader, 1)).toContain(gone.id);
    operator.change({ kind: 'removeMember', node: gone.id });
    cluster.runUntil(() => !voters(leader, 1).includes(gone.id));
  });
});

describe('transfer', () => {
  test('leadership goes to the node that was named, and the answer says so', () => {
    const { cluster } = booted(3);
    const leader = cluster.leader(1);
    const to = cluster.nodes.find((node) => node !== leader) as TestNode;
    const group = 1 as GroupId;
    const answer = cluster.ask(leader, { kind: 'transfer', group, from: undefined, to: to.id });
    expect(answer).toEqual({ kind: 'transferred', group, leader: to.id });
    expect(cluster.leader(1)).toBe(to);
    // Asked again, after a lost answer: it is as it was wanted.
    expect(cluster.ask(to, { kind: 'transfer', group, from: undefined, to: to.id })).toEqual(answer);
    expect(cluster.ask(to, { kind: 'transfer', group, from: leader.id, to: undefined })).toEqual(answer);
  });

  test('without a name it goes to a voter that is alive', () => {
    const { cluster } = booted(3);
    const leader = cluster.leader(1);
    const [dead, alive] = cluster.nodes.filter((node) => node !== leader) as [TestNode, TestNode];
    cluster.kill(dead, false);
    cluster.pass(400_000);
    const answer = cluster.ask(leader, { kind: 'transfer', group: 1 as GroupId, from: leader.id, to: undefined });
    expect(answer).toMatchObject({ kind: 'transferred', leader: alive.id });
  });

  test('to a node that does not answer it fails in time, and commands that waited are executed then', () => {
    const { cluster } = booted(3);
    const leader = cluster.leader(1);
    const to = cluster.nodes.find((node) => node !== leader) as TestNode;
    cluster.kill(to, false);
    const group = 1 as GroupId;
    const asked = cluster.send(leader, { kind: 'transfer', group, from: undefined, to: to.id });
    const opening = cluster.send(leader, { kind: 'openSession', group });
    cluster.settle();
    expect(leader.replies.has(opening)).toBe(false);
    cluster.runUntil(() => leader.replies.has(asked) && leader.replies.has(opening));
    expect(leader.replies.get(asked)).toMatchObject({ code: 'transfer_failed' });
    expect(leader.replies.get(opening)).toMatchObject({ kind: 'session' });
  });

  test('a stranger, a group of one and a follower are told apart', () => {
    const { cluster } = booted(3);
    const leader = cluster.leader(1);
    const follower = cluster.nodes.find((node) => node !== leader) as TestNode;
    const group = 1 as GroupId;
    const stranger = { kind: 'transfer', group, from: undefined, to: 'f'.repeat(32) as NodeId } as const;
    expect(cluster.ask(leader, stranger)).toMatchObject({ code: 'not_a_voter' });
    expect(cluster.ask(follower, stranger)).toMatchObject({ code: 'not_leader', leader: leader.id });
    const alone = booted(1).cluster;
    const any = { kind: 'transfer', group, from: undefined, to: undefined } as const;
    expect(alone.ask(alone.leader(1), any)).toMatchObject({ code: 'not_a_voter' });
  });
});
