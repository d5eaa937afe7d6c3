/**
 * The Raft paper and thesis as tests, one claim each, cited by section (Ongaro & Ousterhout 2014 = "paper",
 * Ongaro 2014 = "thesis"). Only what exists; membership, snapshots and leases bring their own.
 */
import { describe, expect, test } from 'vitest';
import { EntryKind } from '../../core/raft/message.ts';
import { TestCluster } from './harness.ts';
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
  grant,
  index,
  messages,
  NODES,
  proposal,
  sent,
  TIMING,
  term,
  termsOf,
} from './support.ts';

describe('figure 2, state', () => {
  test('term and vote are persisted before any answer leaves (paper, figure 2: persistent state)', () => {
    const raft = boot({ log: [1] });
    raft.step(at(0), B, { kind: 'requestVote', term: term(2), lastIndex: index(1), lastTerm: term(1), transfer: false });
    const ready = raft.ready();
    expect(ready?.hardState).toMatchObject({ term: 2, votedFor: B });
    expect(ready?.messages).toEqual([{ to: B, durable: true, message: { kind: 'requestVoteResponse', term: 2, granted: true } }]);
  });

  test('a restarted node has its term, vote and log (paper, figure 2: persistent state)', () => {
    const raft = boot({ log: [1, 1, 3], term: 4, votedFor: B, commit: 2 });
    expect(raft.status()).toMatchObject({
      role: 'follower',
      term: 4,
      votedFor: B,
      lastIndex: 3,
      lastTerm: 3,
      commitIndex: 2,
      stableIndex: 3,
    });
  });

  test('nextIndex begins behind the last entry, matchIndex at 0 (paper, figure 2: volatile state on leaders)', () => {
    const raft = bootLeader({ log: [1, 1] });
    for (const peer of raft.status().peers) expect(peer).toMatchObject({ state: 'probe', matchIndex: 0, nextIndex: 3 });
  });
});

describe('figure 2, AppendEntries', () => {
  test('1. an append of an older term is refused with the newer term', () => {
    const raft = boot({ term: 5 });
    raft.step(at(0), B, append(4, [0, 0], []));
    expect(messages(raft)).toEqual([expect.objectContaining({ kind: 'appendResponse', term: 5, ok: false })]);
    expect(raft.leader).toBeUndefined();
  });

  test('2. an append behind an entry that the log does not hold is refused', () => {
    const raft = boot({ log: [1, 1] });
    raft.step(at(0), B, append(2, [1, 3], [2]));
    expect(messages(raft)).toEqual([expect.objectContaining({ ok: false, index: 3, hintIndex: 2, hintTerm: 1 })]);
    raft.step(at(0), B, append(2, [2, 2], [2]));
    expect(messages(raft)).toEqual([expect.objectContaining({ ok: false, index: 2, hintIndex: 2, hintTerm: 1 })]);
    expect(termsOf(raft)).toEqual([1, 1]);
  });

  test('3. an entry that conflicts goes, and all that follow it', () => {
    const raft = boot({ log: [1, 1, 1, 1] });
    raft.step(at(0), B, append(2, [1, 2], [2]));
    expect(termsOf(raft)).toEqual([1, 1, 2]);
    expect(raft.ready()).toMatchObject({ truncateFrom: 3, entries: [{ index: 3, term: 2 }] });
  });

  test('4. entries that the log holds already stay, and so does what is behind them', () => {
    const raft = boot({ log: [1, 1, 1, 1], term: 1 });
    raft.step(at(0), B, append(1, [1, 1], [1]));
    expect(termsOf(raft)).toEqual([1, 1, 1, 1]);
    expect(drain(raft).every((ready) => ready.truncateFrom === undefined && ready.entries.length === 0)).toBe(true);
  });

  test('5. the commit index is the lower of the leader’s and the last new entry', () => {
    const raft = boot({ log: [1, 1, 1, 1], term: 1 });
    raft.step(at(0), B, append(1, [1, 1], [1], 4));
    expect(raft.commitIndex).toBe(2);
    raft.step(at(0), B, append(1, [1, 3], [1], 3));
    expect(raft.commitIndex).toBe(3);
  });
});

describe('figure 2, RequestVote', () => {
  test('1. a request of an older term is refused with the newer term', () => {
    const raft = boot({ term: 5 });
    raft.step(at(0), B, { kind: 'requestVote', term: term(4), lastIndex: index(9), lastTerm: term(4), transfer: false });
    expect(messages(raft)).toEqual([{ kind: 'requestVoteResponse', term: 5, granted: false }]);
  });

  test('2. one vote a term, first come first served, and again to the same candidate', () => {
    const raft = boot();
    const ask = { kind: 'requestVote', term: term(1), lastIndex: index(0), lastTerm: term(0), transfer: false } as const;
    for (const [candidate, granted] of [
      [B, true],
      [C, false],
      [B, true],
    ] as const) {
      raft.step(at(0), candidate, ask);
      expect(messages(raft)).toEqual([{ kind: 'requestVoteResponse', term: 1, granted }]);
    }
  });

  test.each([
    ['a lower last term, however long', 9, 1, false],
    ['an equal last term and a shorter log', 2, 2, false],
    ['an equal last term and an equal length', 3, 2, true],
    ['a higher last term, however short', 1, 3, true],
  ])('2. candidates whose log is up to date only: %s (paper, 5.4.1)', (_, lastIndex, lastTerm, granted) => {
    const raft = boot({ log: [1, 2, 2] });
    raft.step(at(0), B, {
      kind: 'requestVote',
      term: term(4),
      lastIndex: index(lastIndex),
      lastTerm: term(lastTerm),
      transfer: false,
    });
    expect(messages(raft)).toEqual([{ kind: 'requestVoteResponse', term: 4, granted }]);
  });
});

describe('figure 2, rules for servers', () => {
  test('all: a higher term in any message makes a follower', () => {
    const raft = bootLeader();
    raft.step(at(0), B, { kind: 'heartbeatResponse', term: term(7), context: 0 });
    expect(raft.status()).toMatchObject({ role: 'follower', term: 7, votedFor: undefined });
    expect(raft.ready()).toMatchObject({ leadership: 'lost', hardState: { term: 7 } });
  });

  test('followers: campaign after an election timeout without leader', () => {
    const raft = boot({ startedAt: 0 });
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

describe('figures 7 and 8', () => {
  const leaderLog = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  test.each([
    ['a', [1, 1, 1, 4, 4, 5, 5, 6, 6]],
    ['b', [1, 1, 1, 4]],
    ['c', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]],
    ['d', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]],
    ['e', [1, 1, 1, 4, 4, 4, 4]],
    ['f', [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]],
  ])('figure 7 %s: the follower ends with the leader’s log, within one refusal per term of conflict', (_, followerLog) => {
    const leader = boot({ id: A, voters: [A, B, C], log: leaderLog, term: 7 });
    const follower = boot({ id: B, voters: [A, B, C], log: followerLog, term: 7 });
    leader.campaign(at(0));
    drain(leader);
    grant(leader, C);
    let refusals = 0;
    for (let round = 0; round < 20; round += 1) {
      for (const { to, message } of sent(leader)) if (to === B) follower.step(at(0), A, message);
      for (const { message } of sent(follower)) {
        if (message.kind === 'appendResponse' && !message.ok) refusals += 1;
        leader.step(at(0), B, message);
      }
    }
    expect(termsOf(follower)).toEqual([...leaderLog, 8]);
    expect(refusals).toBeLessThanOrEqual(2);
  });

  test('figure 8: an entry of an older term on a majority is not committed by counting, but with one of the own term', () => {
    const raft = bootLeader({ voters: NODES, log: [1, 2], term: 3 });
    expect(raft.term).toBe(4);
    ack(raft, B, 2);
    ack(raft, C, 2);
    expect(raft.commitIndex).toBe(0);
    ack(raft, B, 3);
    ack(raft, C, 3);
    expect(raft.commitIndex).toBe(3);
  });

  test('figure 8 (c) to (d): the uncounted entry may be replaced by a later leader', () => {
    const raft = bootLeader({ voters: NODES, log: [1, 2], term: 3 });
    ack(raft, B, 2);
    ack(raft, C, 2);
    raft.step(at(0), D, append(5, [1, 1], [3, 5], 3));
    expect(termsOf(raft)).toEqual([1, 3, 5]);
    expect(raft.commitIndex).toBe(3);
  });
});

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
