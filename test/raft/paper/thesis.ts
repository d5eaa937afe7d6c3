/** Sections of the Raft thesis (Ongaro 2014) on elections, reads and replication, one claim each. */
import { describe, expect, test } from 'vitest';
import { EntryKind } from '../../../core/raft/message.ts';
import { TestCluster } from '../harness.ts';
import {
  A,
  ack,
  at,
  B,
  boot,
  bootLeader,
  C,
  drain,
  index,
  messages,
  NODES,
  proposal,
  sent,
  TIMING,
  term,
  termsOf,
} from '../support.ts';

describe('thesis', () => {
  test('3.10: TimeoutNow makes the target campaign at once, and stickiness does not stop it', () => {
    const cluster = new TestCluster([A, B, C]);
    cluster.elect(A);
    cluster.propose(A);
    expect(cluster.transfer(A, B)).toBe(true);
    cluster.settle();
    expect(cluster.raft(B).role).toBe('leader');
    expect(cluster.raft(A)).toMatchObject({ role: 'follower', leader: B });
    expect(termsOf(cluster.raft(A))).toEqual([1, 1, 2]);
  });

  test('3.10: TimeoutNow waits until the target has every entry of the leader', () => {
    const raft = bootLeader();
    ack(raft, B, 1);
    raft.propose(at(0), [proposal(1)]);
    drain(raft);
    raft.transferLeadership(at(0), B);
    expect(messages(raft).map(({ kind }) => kind)).not.toContain('timeoutNow');
    ack(raft, B, 2);
    expect(sent(raft).filter(({ message }) => message.kind === 'timeoutNow')).toMatchObject([{ to: B }]);
  });

  test('3.10: the leader takes no proposals while it hands over, and goes on after an election timeout', () => {
    const raft = bootLeader();
    raft.transferLeadership(at(0), B);
    expect(raft.propose(at(0), [proposal(1)])).toEqual({ ok: false, code: 'not_leader', leader: B });
    raft.deadline(at(TIMING.electionTimeoutMinMicros));
    expect(raft.propose(at(TIMING.electionTimeoutMinMicros), [proposal(1)]).ok).toBe(true);
  });

  test('4.2.3: a follower that hears its leader ignores votes: no answer, no new term', () => {
    const raft = boot({ term: 1 });
    raft.step(at(0), B, { kind: 'heartbeat', term: term(1), commit: index(0), context: 0 });
    drain(raft);
    const ask = { kind: 'requestVote', term: term(2), lastIndex: index(9), lastTerm: term(1), transfer: false } as const;
    raft.step(at(TIMING.electionTimeoutMinMicros - 1), C, ask);
    expect(messages(raft)).toEqual([]);
    expect(raft.term).toBe(1);
    raft.step(at(TIMING.electionTimeoutMinMicros), C, ask);
    expect(messages(raft)).toEqual([{ kind: 'requestVoteResponse', term: 2, granted: true }]);
  });

  test('6.2: a leader that hears no quorum for an election timeout steps down, one that does stays', () => {
    const raft = bootLeader({ voters: NODES });
    raft.step(at(1500), B, { kind: 'heartbeatResponse', term: raft.term, context: 0 });
    raft.step(at(1500), C, { kind: 'heartbeatResponse', term: raft.term, context: 0 });
    raft.deadline(at(2000));
    expect(raft.role).toBe('leader');
    raft.deadline(at(3499));
    expect(raft.role).toBe('leader');
    raft.deadline(at(3500));
    expect(raft.status()).toMatchObject({ role: 'follower', leader: undefined, term: 1, votedFor: A });
  });

  test('6.4: a new leader appends a no-op, and answers no read before it is committed', () => {
    const raft = bootLeader({ log: [1], commit: 1 });
    expect(raft.entry(index(2))?.kind).toBe(EntryKind.noop);
    expect(raft.readIndex(at(0), 7)).toBe(true);
    for (const from of [B, C]) raft.step(at(0), from, { kind: 'heartbeatResponse', term: raft.term, context: 0 });
    expect(drain(raft).flatMap((ready) => ready.reads)).toEqual([]);
    ack(raft, B, 2);
    expect(drain(raft).flatMap((ready) => ready.reads)).toEqual([]);
    raft.step(at(0), B, { kind: 'heartbeatResponse', term: raft.term, context: 1 });
    expect(drain(raft).flatMap((ready) => ready.reads)).toEqual([{ context: 7, index: 2, ok: true }]);
  });

  test('6.4: one round of heartbeats answers all reads of a turn, on every node', () => {
    const cluster = new TestCluster([A, B, C]);
    const leader = cluster.elect(A);
    for (let i = 0; i < 10; i += 1) leader.readIndex(cluster.now, 1000 + i);
    const readys = drain(leader);
    expect(readys.flatMap((ready) => ready.messages).map(({ message }) => message.kind)).toEqual(['heartbeat', 'heartbeat']);
    for (const { to, message } of readys.flatMap((ready) => ready.messages)) {
      cluster.raft(to).step(cluster.now, A, message);
      for (const answer of messages(cluster.raft(to))) leader.step(cluster.now, to, answer);
    }
    expect(drain(leader).flatMap((ready) => ready.reads)).toHaveLength(10);
    expect([B, C].map((id) => cluster.read(id) > 0)).toEqual([true, true]);
    cluster.settle();
    expect(cluster.oracles.readsAnswered).toBe(2);
  });

  test('9.6: PreVote changes nothing at the receiver, and its refusal tells the higher term', () => {
    const raft = boot({ log: [1, 1], term: 5, votedFor: C });
    const before = { status: raft.status(), deadline: raft.nextDeadline() };
    for (const asked of [2, 5, 6, 9]) {
      raft.step(at(0), B, { kind: 'preVote', term: term(asked), lastIndex: index(2), lastTerm: term(1) });
      const granted = asked > 5;
      expect(messages(raft)).toEqual([{ kind: 'preVoteResponse', term: granted ? asked : 5, granted }]);
    }
    expect({ status: raft.status(), deadline: raft.nextDeadline() }).toEqual(before);
  });

  test('9.6: a node that was cut off comes back without disturbing the leader', () => {
    const cluster = new TestCluster([A, B, C]);
    cluster.elect(A);
    cluster.isolate(C);
    const live = (micros: number): void => {
      for (let passed = 0; passed < micros; passed += 50) {
        cluster.pass(50);
        cluster.settle();
      }
    };
    live(5 * TIMING.electionTimeoutMaxMicros);
    expect(cluster.raft(C)).toMatchObject({ role: 'preCandidate', term: 1 });
    cluster.heal();
    live(TIMING.electionTimeoutMaxMicros);
    expect(cluster.raft(A)).toMatchObject({ role: 'leader', term: 1 });
    expect(cluster.raft(C)).toMatchObject({ role: 'follower', leader: A, term: 1 });
  });

  test('10.2.1: the leader’s append leaves before its own write, and commits without it where a quorum of others is durable', () => {
    const raft = bootLeader();
    raft.propose(at(0), [proposal(1)]);
    const ready = raft.ready();
    expect(ready?.messages.map(({ message, durable }) => [message.kind, durable])).toEqual([]);
    ack(raft, B, 1);
    ack(raft, C, 1);
    raft.ready();
    raft.propose(at(0), [proposal(2)]);
    const pipelined = raft.ready();
    expect(pipelined?.messages.map(({ message, durable }) => [message.kind, durable])).toEqual([
      ['appendEntries', false],
      ['appendEntries', false],
    ]);
    ack(raft, B, 3);
    expect(raft.status()).toMatchObject({ commitIndex: 1, stableIndex: 1 });
    ack(raft, C, 3);
    expect(raft.status()).toMatchObject({ commitIndex: 3, stableIndex: 1 });
  });

  test('10.2.1: appends are pipelined up to the window, and an acknowledgement frees it', () => {
    const raft = bootLeader({ limits: { inflightAppendsMax: 2 } });
    ack(raft, B, 1);
    drain(raft);
    let appends = 0;
    for (let i = 0; i < 5; i += 1) {
      raft.propose(at(0), [proposal(i)]);
      appends += sent(raft).filter(({ to }) => to === B).length;
    }
    expect(appends).toBe(2);
    ack(raft, B, 3);
    const last = sent(raft)
      .filter(({ to }) => to === B)
      .map(({ message }) => message);
    expect(last).toEqual([expect.objectContaining({ kind: 'appendEntries', prevIndex: 3, commit: 3 })]);
    expect(last[0]?.kind === 'appendEntries' && last[0].entries.map((entry) => entry.index)).toEqual([4, 5, 6]);
  });
});
