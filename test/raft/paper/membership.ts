/** Membership changes of the Raft thesis (Ongaro 2014, chapter 4), and the correction of 2015 to it. */
import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../../core/ids.ts';
import type { MemberChange } from '../../../core/raft/configuration.ts';
import { configurationOf } from '../../../core/raft/message.ts';
import { TestCluster } from '../harness.ts';
import {
  A,
  ack,
  append,
  at,
  B,
  boot,
  bootLeader,
  C,
  D,
  drain,
  E,
  grant,
  index,
  NODES,
  proposal,
  sent,
  TIMING,
} from '../support.ts';

const voter = (id: NodeId): MemberChange => ({ kind: 'voter', id });
const remove = (id: NodeId): MemberChange => ({ kind: 'remove', id });
const learner = (id: NodeId, promote: boolean = false): MemberChange => ({ kind: 'learner', id, promote });

/** A leads A, B and C; the other nodes have nothing. */
function clusterOf(voters: readonly NodeId[] = [A, B, C]): TestCluster {
  const cluster = new TestCluster(NODES, { configuration: configurationOf(voters) });
  cluster.elect(A);
  return cluster;
}

describe('4.1, safety', () => {
  test('a configuration is in force as soon as it is in the log, on the leader and on followers', () => {
    const cluster = clusterOf();
    expect(cluster.change(A, [voter(D)])).toBeUndefined();
    expect(cluster.raft(A).status()).toMatchObject({ configuration: configurationOf([A, B, C, D]), epoch: 2 });
    expect(cluster.raft(A).commitIndex).toBe(1);
    cluster.settle();
    for (const id of [B, C, D]) expect(cluster.raft(id).status().configuration).toEqual(configurationOf([A, B, C, D]));
  });

  test('one change is on its way at a time', () => {
    const cluster = clusterOf();
    cluster.change(A, [voter(D)]);
    expect(cluster.change(A, [voter(E)])).toBe('pending_change');
    cluster.settle();
    expect(cluster.change(A, [voter(E)])).toBeUndefined();
  });

  test('a configuration that is truncated is not in force any more', () => {
    const cluster = clusterOf();
    cluster.isolate(A);
    cluster.change(A, [remove(C)]);
    cluster.campaign(B);
    cluster.pass(TIMING.electionTimeoutMaxMicros);
    cluster.settle();
    cluster.heal();
    for (let i = 0; i < 100 && cluster.raft(A).role === 'leader'; i += 1) {
      cluster.pass(100);
      cluster.settle();
    }
    for (let i = 0; i < 100 && cluster.raft(A).lastIndex !== cluster.leaders[0]?.lastIndex; i += 1) {
      cluster.pass(100);
      cluster.settle();
    }
    expect(cluster.raft(A).status()).toMatchObject({ configuration: configurationOf([A, B, C]), epoch: 0 });
  });

  test('nothing changes before the leader has committed an entry of its own term (raft-dev, 2015)', () => {
    const raft = bootLeader();
    const change = { changes: [voter(D)], transition: 'auto', epoch: undefined } as const;
    expect(raft.proposeConfiguration(at(0), change)).toMatchObject({ ok: false, code: 'no_own_term_commit' });
    ack(raft, B, 1);
    expect(raft.proposeConfiguration(at(0), change)).toEqual({ ok: true, index: 2, term: 1 });
  });

  test('who has read an older configuration is refused', () => {
    const cluster = clusterOf();
    cluster.change(A, [voter(D)], { epoch: index(0) });
    cluster.settle();
    expect(cluster.change(A, [remove(D)], { epoch: index(0) })).toBe('epoch_mismatch');
    expect(cluster.change(A, [remove(D)], { epoch: index(2) })).toBeUndefined();
  });

  test('followers, stranger members and the last voter: each refusal has its code', () => {
    const cluster = clusterOf([A]);
    expect(cluster.change(B, [voter(C)])).toBe('not_leader');
    expect(cluster.change(A, [remove(C)])).toBe('unknown_member');
    expect(cluster.change(A, [remove(A)])).toBe('no_voters_left');
    expect(cluster.change(A, [])).toBe('not_joint');
  });

  test('a restarted node has the configurations of its log', () => {
    const cluster = clusterOf();
    cluster.change(A, [voter(D)]);
    cluster.settle();
    cluster.crash(B);
    cluster.start(B);
    expect(cluster.raft(B).status()).toMatchObject({ configuration: configurationOf([A, B, C, D]), epoch: 2 });
  });
});

describe('4.2.1, catching up', () => {
  test('a learner receives the log and is not counted', () => {
    const raft = bootLeader({ configuration: configurationOf([A, B, C], [D]) });
    expect(raft.status().peers.find(({ id }) => id === D)).toMatchObject({ voter: false });
    ack(raft, D, 1);
    expect(raft.commitIndex).toBe(0);
    ack(raft, B, 1);
    expect(raft.commitIndex).toBe(1);
  });

  test('a learner that is to be promoted becomes a voter after a round within an election timeout', () => {
    const cluster = clusterOf();
    cluster.change(A, [learner(D, true)]);
    for (let round = 0; round < 20 && !cluster.raft(A).status().configuration.voters.includes(D); round += 1) {
      cluster.propose(A);
      cluster.pass(TIMING.heartbeatMicros);
      cluster.settle();
    }
    expect(cluster.raft(A).status().configuration).toEqual(configurationOf([A, B, C, D]));
  });

  test('a round ends when the learner has what the log held at its beginning, not with any sign of life', () => {
    const raft = bootLeader({ configuration: { ...configurationOf([A, B, C], [D]), promotable: [D] } });
    ack(raft, B, 1);
    const alive = { kind: 'heartbeatResponse', term: raft.term, context: 0 } as const;
    for (let now = 0; now < 5; now += 1) raft.step(at(now), D, alive);
    expect(raft.status().configuration.learners).toEqual([D]);
    ack(raft, D, 1, 5);
    expect(raft.status().configuration.voters).toEqual([A, B, C, D]);
  });

  test('a learner whose rounds take longer stays one', () => {
    const raft = bootLeader({ configuration: { ...configurationOf([A, B, C], [D]), promotable: [D] } });
    ack(raft, B, 1);
    for (let now = 0, last = 1; now < 20_000; now += TIMING.electionTimeoutMinMicros + 1) {
      for (const from of [B, C]) raft.step(at(now), from, { kind: 'heartbeatResponse', term: raft.term, context: 0 });
      raft.propose(at(now), [proposal(1)]);
      drain(raft);
      last += 1;
      for (const from of [B, D]) ack(raft, from, last, now);
    }
    expect(raft.status()).toMatchObject({ role: 'leader', configuration: { learners: [D], promotable: [D] } });
  });
});

describe('4.2.2, removing the leader', () => {
  test('a removed leader counts nobody but the others, replicates until that is committed, and steps down', () => {
    const raft = bootLeader();
    ack(raft, B, 1);
    drain(raft);
    raft.proposeConfiguration(at(0), { changes: [remove(A)], transition: 'auto', epoch: undefined });
    drain(raft);
    ack(raft, B, 2);
    drain(raft);
    expect(raft.status()).toMatchObject({ role: 'leader', commitIndex: 1 });
    ack(raft, C, 2);
    const told = sent(raft).map(({ to, message }) => [to, message.kind === 'appendEntries' && message.commit]);
    expect(told).toEqual([
      [B, 2],
      [C, 2],
    ]);
    expect(raft.status()).toMatchObject({ role: 'follower', commitIndex: 2, leader: undefined });
    raft.campaign(at(0));
    expect(raft.role).toBe('follower');
  });

  test('a removed follower is told, and does not campaign any more', () => {
    const cluster = clusterOf();
    cluster.change(A, [remove(C)]);
    cluster.settle();
    expect(cluster.raft(C).status()).toMatchObject({ configuration: configurationOf([A, B]), commitIndex: 2 });
    const { peers } = cluster.raft(A).status();
    expect(peers.map(({ id }) => id)).toEqual([B]);
    cluster.isolate(C);
    cluster.pass(10 * TIMING.electionTimeoutMaxMicros);
    expect(cluster.raft(C)).toMatchObject({ role: 'follower', term: 1 });
  });

  test('a node that alone has the entry that removes it is elected, commits it, and steps down', () => {
    const cluster = clusterOf([A, B]);
    cluster.settle();
    cluster.change(A, [remove(B)]);
    // It is on its way before A has it on its disk.
    const carries = cluster.network.findIndex(({ to, message }) => to === B && message.kind === 'appendEntries');
    cluster.deliver(carries);
    cluster.sync(B);
    cluster.crash(A);
    cluster.network.length = 0;
    cluster.start(A);
    expect([A, B].map((id) => cluster.raft(id).lastIndex)).toEqual([1, 2]);
    for (let round = 0; round < 20 && cluster.raft(A).commitIndex < 3; round += 1) {
      cluster.pass(TIMING.electionTimeoutMaxMicros);
      cluster.settle();
    }
    expect(cluster.raft(A).status()).toMatchObject({ configuration: configurationOf([A]) });
    expect(cluster.raft(A).commitIndex).toBeGreaterThanOrEqual(3);
    expect(cluster.raft(B).role).toBe('follower');
  });
});

describe('4.3, joint consensus', () => {
  test('several voters change in a joint configuration, which its leader leaves by itself', () => {
    const cluster = clusterOf();
    expect(cluster.change(A, [remove(B), remove(C), voter(D), voter(E)])).toBeUndefined();
    expect(cluster.raft(A).status().configuration).toMatchObject({
      voters: [A, D, E],
      votersOutgoing: [A, B, C],
      autoLeave: true,
    });
    cluster.settle();
    for (const id of [A, D, E]) expect(cluster.raft(id).status().configuration).toEqual(configurationOf([A, D, E]));
  });

  test('an entry is committed by majorities of both halves', () => {
    const raft = bootLeader({ configuration: { ...configurationOf([A, B, C]), votersOutgoing: [A, D, E] } });
    ack(raft, B, 1);
    ack(raft, C, 1);
    expect(raft.commitIndex).toBe(0);
    ack(raft, D, 1);
    expect(raft.commitIndex).toBe(1);
  });

  test('a candidate needs majorities of both halves', () => {
    const raft = boot({ configuration: { ...configurationOf([A, B, C]), votersOutgoing: [A, D, E] } });
    raft.campaign(at(0));
    drain(raft);
    grant(raft, B);
    grant(raft, C);
    expect(raft.role).toBe('candidate');
    grant(raft, E);
    expect(raft.role).toBe('leader');
  });

  test('one that is to stay is left by a change without operations, and nothing else changes it', () => {
    const cluster = clusterOf();
    cluster.change(A, [voter(D)], { transition: 'explicit' });
    cluster.settle();
    expect(cluster.change(A, [voter(E)])).toBe('already_joint');
    expect(cluster.change(A, [])).toBeUndefined();
    cluster.settle();
    expect(cluster.raft(D).status().configuration).toEqual(configurationOf([A, B, C, D]));
  });

  test('a leader that inherits one leaves it only after it is committed under an entry of its own term', () => {
    const cluster = clusterOf();
    cluster.change(A, [voter(D), voter(E)]);
    cluster.settle(({ message }) => message.kind === 'appendResponse');
    cluster.crash(A);
    cluster.pass(TIMING.electionTimeoutMinMicros);
    const lost = { at: 0 };
    cluster.campaign(B);
    cluster.settle(({ message }) => message.kind === 'appendResponse' && lost.at === 0);
    expect(cluster.raft(B).status()).toMatchObject({
      role: 'leader',
      ownTermCommitted: false,
      configuration: { autoLeave: true },
    });
    lost.at = 1;
    for (let i = 0; i < 10; i += 1) {
      cluster.pass(TIMING.heartbeatMicros);
      cluster.settle();
    }
    expect(cluster.raft(B).status().configuration).toEqual(configurationOf(NODES));
  });

  test('a follower takes a joint configuration from an append, and falls back to the one before', () => {
    const raft = boot({ log: [1] });
    const cluster = clusterOf();
    cluster.change(A, [voter(D), voter(E)]);
    const [, entry] = cluster.raft(A).entries(index(1), index(2));
    raft.step(at(0), B, {
      ...(append(1, [1, 1], []) as Extract<ReturnType<typeof append>, { kind: 'appendEntries' }>),
      entries: entry === undefined ? [] : [entry],
    });
    expect(raft.status().configuration.votersOutgoing).toEqual([A, B, C]);
    raft.step(at(0), C, append(2, [1, 1], [2]));
    expect(raft.status().configuration).toEqual(configurationOf([A, B, C]));
  });
});
