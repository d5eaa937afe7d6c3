/** "Rules for servers" of figure 2 of the Raft paper (Ongaro & Ousterhout 2014), one test for each bullet. */
import { describe, expect, test } from 'vitest';
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
  drain,
  grant,
  index,
  messages,
  proposal,
  sent,
  TIMING,
  term,
  termsOf,
} from '../support.ts';

describe('figure 2, rules for servers', () => {
  test('all: what is committed is handed out to be applied, once', () => {
    const raft = boot({ log: [1, 1] });
    raft.step(at(0), B, append(1, [1, 2], [1], 3));
    const [ready, ...more] = drain(raft);
    expect(ready?.commitIndex).toBe(3);
    expect(raft.entries(index(1), raft.commitIndex)).toHaveLength(3);
    expect(more.filter(({ commitIndex }) => commitIndex !== 3)).toEqual([]);
  });

  test('followers: every request of a candidate or leader is answered', () => {
    const raft = boot({ log: [1] });
    raft.step(at(0), B, { kind: 'requestVote', term: term(2), lastIndex: index(0), lastTerm: term(0), transfer: false });
    raft.step(at(0), C, append(2, [1, 1], []));
    raft.step(at(0), C, { kind: 'heartbeat', term: term(2), commit: index(0), context: 0 });
    expect(messages(raft).map(({ kind }) => kind)).toEqual(['requestVoteResponse', 'appendResponse', 'heartbeatResponse']);
  });

  test('candidates: on conversion a new term begins, with the own vote, a new timeout and a request to everybody', () => {
    const raft = boot({ log: [1], term: 3 });
    raft.campaign(at(500));
    expect(raft.status()).toMatchObject({ role: 'candidate', term: 4, votedFor: A });
    expect(raft.nextDeadline()).toBeGreaterThanOrEqual(500 + TIMING.electionTimeoutMinMicros);
    const request = { kind: 'requestVote', term: 4, lastIndex: 1, lastTerm: 1, transfer: false };
    expect(sent(raft)).toEqual([B, C].map((to) => ({ to, message: request, durable: true })));
  });

  test('leaders: a command is appended and sent, and committed once a majority has it', () => {
    const raft = bootLeader();
    expect(raft.propose(at(0), [proposal(7)])).toEqual({ ok: true, firstIndex: 2, term: 1 });
    drain(raft);
    expect(raft.commitIndex).toBe(0);
    ack(raft, B, 2);
    expect(raft.commitIndex).toBe(2);
  });

  test('leaders: who lacks entries gets those from its nextIndex on, and its progress moves with the answer', () => {
    const raft = bootLeader();
    ack(raft, B, 1);
    drain(raft);
    raft.propose(at(0), [proposal(1), proposal(2)]);
    const append = sent(raft).find(({ to }) => to === B)?.message;
    expect(append).toMatchObject({ kind: 'appendEntries', prevIndex: 1, entries: [{ index: 2 }, { index: 3 }] });
    ack(raft, B, 3);
    expect(raft.status().peers[0]).toMatchObject({ id: B, matchIndex: 3, nextIndex: 4 });
  });

  test('all: a higher term in any message makes a follower', () => {
    const raft = bootLeader();
    raft.step(at(0), B, { kind: 'heartbeatResponse', term: term(7), context: 0 });
    expect(raft.status()).toMatchObject({ role: 'follower', term: 7, votedFor: undefined });
    expect(raft.ready()).toMatchObject({ leadership: 'lost', hardState: { term: 7 } });
  });

  test('followers: campaign after an election timeout without leader', () => {
    const raft = boot();
    const due = raft.nextDeadline();
    expect(due).toBeGreaterThanOrEqual(TIMING.electionTimeoutMinMicros);
    expect(due).toBeLessThanOrEqual(TIMING.electionTimeoutMaxMicros);
    raft.deadline(at(due - 1));
    expect(raft.role).toBe('follower');
    raft.deadline(due);
    expect(raft.status()).toMatchObject({ role: 'candidate', term: 1, votedFor: A });
  });

  test('followers: a heartbeat and a granted vote start the timeout again, a refused vote does not', () => {
    const raft = boot({ log: [1] });
    const first = raft.nextDeadline();
    raft.step(at(500), B, { kind: 'heartbeat', term: term(1), commit: index(0), context: 0 });
    const second = raft.nextDeadline();
    expect(second).toBeGreaterThanOrEqual(500 + TIMING.electionTimeoutMinMicros);
    expect(second).not.toBe(first);
    raft.step(at(600), C, { kind: 'requestVote', term: term(1), lastIndex: index(0), lastTerm: term(0), transfer: false });
    expect(raft.nextDeadline()).toBe(second);
  });

  test('candidates: a majority makes a leader, which announces itself at once (paper, 5.2)', () => {
    const raft = boot();
    raft.campaign(at(0));
    drain(raft);
    grant(raft, B);
    expect(raft.role).toBe('leader');
    const appends = messages(raft);
    expect(appends.map((message) => message.kind)).toEqual(['appendEntries', 'appendEntries']);
  });

  test('candidates: an append of the same term makes a follower, the vote stays', () => {
    const raft = boot();
    raft.campaign(at(0));
    drain(raft);
    raft.step(at(0), B, append(1, [0, 0], []));
    expect(raft.status()).toMatchObject({ role: 'follower', term: 1, leader: B, votedFor: A });
  });

  test('candidates: another timeout starts another election', () => {
    const raft = boot();
    raft.campaign(at(0));
    raft.deadline(raft.nextDeadline());
    expect(raft.status()).toMatchObject({ role: 'candidate', term: 2, votedFor: A });
  });

  test('leaders: heartbeats at once and in idle periods', () => {
    const raft = bootLeader();
    expect(raft.nextDeadline()).toBe(TIMING.heartbeatMicros);
    raft.deadline(at(TIMING.heartbeatMicros));
    expect(messages(raft).map((message) => message.kind)).toEqual(['heartbeat', 'heartbeat']);
    expect(raft.nextDeadline()).toBe(2 * TIMING.heartbeatMicros);
  });

  test('leaders: a refused append is retried further back until the logs meet', () => {
    const cluster = new TestCluster([A, B, C]);
    cluster.elect(A);
    cluster.isolate(B);
    for (let i = 0; i < 5; i += 1) cluster.propose(A);
    cluster.settle();
    expect(cluster.raft(A).commitIndex).toBe(6);
    cluster.heal();
    cluster.passTo(A);
    cluster.settle();
    expect(termsOf(cluster.raft(B))).toEqual(termsOf(cluster.raft(A)));
    expect(cluster.raft(B).commitIndex).toBe(6);
  });

  test('leaders: what a majority has, of the own term, is committed', () => {
    const raft = bootLeader();
    raft.propose(at(0), [proposal(1)]);
    drain(raft);
    ack(raft, B, 1);
    expect(raft.commitIndex).toBe(1);
    ack(raft, B, 2);
    expect(raft.commitIndex).toBe(2);
  });
});
