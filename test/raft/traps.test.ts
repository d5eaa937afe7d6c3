/** One regression per bug that was seen elsewhere or is easily made here; the generic schedules of cluster.prop find most too. */
import { describe, expect, test } from 'vitest';
import type { Message } from '../../core/raft/message.ts';
import { configurationOf } from '../../core/raft/message.ts';
import { DEFAULT_RAFT_LIMITS } from '../../core/raft/options.ts';
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
  E,
  grant,
  index,
  messages,
  NODES,
  proposal,
  sent,
  TIMING,
  term,
} from './support.ts';

describe('snapshots', () => {
  test('a fetch that the log has overtaken does not keep a later offer of the same leader away', () => {
    const raft = boot();
    const offer = (upTo: number): Message => ({
      kind: 'installSnapshot',
      term: term(1),
      index: index(upTo),
      indexTerm: term(1),
      configuration: configurationOf([A, B, C]),
      manifest: Uint8Array.of(upTo),
    });
    raft.step(at(0), B, offer(2));
    expect(drain(raft).map(({ snapshot }) => snapshot?.meta.index)).toEqual([2]);
    raft.step(at(1), B, append(1, [0, 0], [1, 1, 1], 3));
    drain(raft);
    expect(raft.commitIndex).toBe(3);
    raft.step(at(2), B, offer(9));
    expect(drain(raft).map(({ snapshot }) => snapshot?.meta.index)).toEqual([9]);
  });
});

describe('elections', () => {
  test('a learner is not asked for its vote, its grant does not count, and it never campaigns', () => {
    const raft = boot({ configuration: configurationOf([A, B, C], [D]) });
    raft.campaign(at(0));
    expect(sent(raft).map(({ to }) => to)).toEqual([B, C]);
    grant(raft, D);
    grant(raft, E);
    expect(raft.role).toBe('candidate');
    const learner = boot({ id: D, configuration: configurationOf([A, B, C], [D]) });
    learner.campaign(at(0));
    learner.deadline(at(1e9));
    expect(learner.role).toBe('follower');
  });

  test('a learner’s acknowledgement does not commit', () => {
    const raft = bootLeader({ configuration: configurationOf([A, B], [D]) });
    ack(raft, D, 1);
    expect(raft.commitIndex).toBe(0);
    ack(raft, B, 1);
    expect(raft.commitIndex).toBe(1);
  });

  test('a grant that arrives twice is one vote', () => {
    const raft = boot({ voters: NODES });
    raft.campaign(at(0));
    drain(raft);
    grant(raft, B);
    grant(raft, B);
    expect(raft.role).toBe('candidate');
    grant(raft, C);
    expect(raft.role).toBe('leader');
  });

  test('the vote survives a step-down within the term', () => {
    const raft = boot();
    raft.campaign(at(0));
    drain(raft);
    raft.step(at(0), B, append(1, [0, 0], []));
    raft.step(at(9000), C, { kind: 'requestVote', term: term(1), lastIndex: index(9), lastTerm: term(1), transfer: false });
    expect(messages(raft)).toContainEqual({ kind: 'requestVoteResponse', term: 1, granted: false });
  });

  test('a grant of an older election does not count', () => {
    const raft = boot();
    raft.campaign(at(0));
    raft.campaign(at(0));
    drain(raft);
    raft.step(at(0), B, { kind: 'requestVoteResponse', term: term(1), granted: true });
    expect(raft.status()).toMatchObject({ role: 'candidate', term: 2 });
  });

  test('the own vote counts only once it is durable, also in a group of one', () => {
    const raft = boot({ voters: [A], preVote: true });
    raft.campaign(at(0));
    const ready = raft.ready();
    expect(raft.role).toBe('candidate');
    raft.persisted(ready?.mark ?? 0);
    expect(raft.role).toBe('leader');
    expect(raft.commitIndex).toBe(0);
    raft.persisted(raft.ready()?.mark ?? 0);
    expect(raft.commitIndex).toBe(1);
  });

  test('others’ grants alone make a majority though the own vote is not durable yet', () => {
    const raft = boot();
    raft.campaign(at(0));
    raft.ready();
    grant(raft, B);
    expect(raft.role).toBe('candidate');
    grant(raft, C);
    expect(raft.role).toBe('leader');
  });

  test('a candidate that cannot win does not make an up-to-date node wait anew, though it raises its term', () => {
    const raft = boot({ log: [1, 1] });
    const deadline = raft.nextDeadline();
    for (let round = 2; round < 5; round += 1) {
      const message = {
        kind: 'requestVote',
        term: term(round),
        lastIndex: index(1),
        lastTerm: term(1),
        transfer: false,
      } as const;
      raft.step(at(deadline - 10 + round), C, message);
      expect(messages(raft)).toContainEqual({ kind: 'requestVoteResponse', term: round, granted: false });
      expect(raft.nextDeadline()).toBe(deadline);
    }
  });

  test('a request for votes waits for its own term and vote, a PreVote for nothing', () => {
    const asking = boot({ preVote: true });
    asking.campaign(at(0));
    expect(asking.ready()?.messages.map(({ durable }) => durable)).toEqual([false, false]);
    const raft = boot();
    raft.campaign(at(0));
    expect(raft.ready()).toMatchObject({ hardState: { term: 1, votedFor: A }, messages: [{ durable: true }, { durable: true }] });
  });

  test('a leader of a lower term learns the newer one from the answer', () => {
    const messagesOfOldLeaders: readonly Message[] = [
      append(3, [0, 0], []),
      { kind: 'heartbeat', term: term(3), commit: index(0), context: 0 },
    ];
    for (const message of messagesOfOldLeaders) {
      const raft = boot({ term: 8 });
      raft.step(at(0), B, message);
      expect(messages(raft)).toEqual([expect.objectContaining({ kind: 'appendResponse', term: 8, ok: false })]);
    }
  });

  test('a node stuck at a higher term rejoins: its refusal makes the others catch up with the term', () => {
    const cluster = new TestCluster([A, B, C]);
    cluster.elect(A);
    cluster.raft(C).step(cluster.now, B, { kind: 'requestVoteResponse', term: term(9), granted: false });
    for (let i = 0; i < 200; i += 1) {
      cluster.pass(50);
      cluster.settle();
    }
    expect(cluster.leaders).toHaveLength(1);
    expect(cluster.nodes.map(({ raft }) => raft?.term)).toEqual(Array(3).fill(cluster.leaders[0]?.term));
    expect(cluster.raft(C).term).toBeGreaterThanOrEqual(9);
  });
});

describe('replication', () => {
  test('an acknowledgement names the last verified index, not the length of the log', () => {
    const raft = boot({ log: [1, 1, 1, 1] });
    raft.step(at(0), B, append(2, [1, 2], []));
    expect(messages(raft)).toEqual([expect.objectContaining({ ok: true, index: 2 })]);
  });

  test('an acknowledgement waits for the disk, a refusal does not', () => {
    const raft = boot();
    raft.step(at(0), B, append(1, [0, 0], [1]));
    raft.step(at(0), B, append(1, [1, 7], [1]));
    expect(raft.ready()?.messages.map(({ durable }) => durable)).toEqual([true, false]);
  });

  test('a heartbeat’s commit is capped by what its receiver has acknowledged', () => {
    const raft = bootLeader();
    ack(raft, B, 1);
    raft.deadline(at(TIMING.heartbeatMicros));
    const heartbeats = sent(raft).flatMap(({ to, message }) => (message.kind === 'heartbeat' ? [[to, message.commit]] : []));
    expect(heartbeats).toEqual([
      [B, 1],
      [C, 0],
    ]);
  });

  test('a completed write of entries that were replaced does not count for those that came back', () => {
    const raft = boot({ voters: [A, B, C], term: 1 });
    raft.step(at(0), B, append(1, [0, 0], [1, 1]));
    const first = raft.ready();
    raft.step(at(0), C, append(2, [0, 0], [2]));
    const second = raft.ready();
    expect(second?.truncateFrom).toBe(1);
    raft.step(at(0), B, append(3, [0, 0], [1, 1]));
    const third = raft.ready();
    raft.persisted(first?.mark ?? 0);
    expect(raft.stableIndex).toBe(0);
    raft.persisted(second?.mark ?? 0);
    expect(raft.stableIndex).toBe(0);
    raft.persisted(third?.mark ?? 0);
    expect(raft.stableIndex).toBe(2);
  });

  test('a commit hint is never above what is durable with it', () => {
    const raft = boot({ term: 1 });
    raft.step(at(0), B, append(1, [0, 0], [1, 1], 2));
    raft.step(at(5000), C, { kind: 'requestVote', term: term(2), lastIndex: index(9), lastTerm: term(1), transfer: false });
    expect(raft.ready()).toMatchObject({ commitIndex: 2, hardState: { term: 2, commitIndex: 0 } });
  });

  test('a committed entry is never replaced: such an append is refused and counted', () => {
    const raft = boot({ log: [1, 1], commit: 2 });
    raft.step(at(0), B, append(3, [0, 0], [3]));
    expect(raft.status()).toMatchObject({ lastIndex: 2, lastTerm: 1, dropped: 1 });
  });

  test('match never regresses and a stale refusal changes nothing', () => {
    const raft = bootLeader();
    for (let i = 0; i < 4; i += 1) raft.propose(at(0), [proposal(i)]);
    drain(raft);
    ack(raft, B, 4);
    ack(raft, B, 2);
    const refusal = { kind: 'appendResponse', ok: false, hintIndex: index(0), hintTerm: term(0) } as const;
    raft.step(at(0), B, { ...refusal, term: raft.term, index: index(3) });
    expect(raft.status().peers[0]).toMatchObject({ id: B, state: 'replicate', matchIndex: 4, nextIndex: 6 });
  });

  test('a window whose every append or answer was lost is found by the next heartbeat’s answer', () => {
    for (const lostKind of ['appendEntries', 'appendResponse'] as const) {
      const cluster = new TestCluster([A, B, C], { limits: { inflightAppendsMax: 2 } });
      cluster.elect(A);
      for (let i = 0; i < 8; i += 1) cluster.propose(A);
      cluster.settle(({ message }) => message.kind === lostKind);
      expect(cluster.raft(A).commitIndex).toBe(1);
      for (let beat = 0; beat < 3; beat += 1) {
        cluster.pass(TIMING.heartbeatMicros);
        cluster.settle();
      }
      expect(cluster.nodes.map(({ raft }) => raft?.commitIndex)).toEqual([9, 9, 9]);
    }
  });

  test('beyond the uncommitted limit a proposal is refused as overloaded, and taken again after the commit', () => {
    const raft = bootLeader({ limits: { uncommittedBytesMax: 4 } });
    expect(raft.propose(at(0), [proposal(1, 2, 3, 4, 5, 6)]).ok).toBe(true);
    expect(raft.propose(at(0), [proposal(1)])).toEqual({ ok: false, code: 'overloaded', leader: A });
    drain(raft);
    ack(raft, B, 2);
    expect(raft.status().uncommittedBytes).toBe(0);
    expect(raft.propose(at(0), [proposal(1)]).ok).toBe(true);
  });

  test('entries that survived a crash without the hard state of their batch raise the term at restart', () => {
    const raft = boot({ log: [1, 4], term: 2, votedFor: B });
    expect(raft.status()).toMatchObject({ term: 4, votedFor: undefined });
    expect(raft.ready()).toMatchObject({ hardState: { term: 4, votedFor: undefined } });
  });
});

describe('reads', () => {
  test('a read needs a quorum round that begins after it arrived: an answer to an older round does not confirm it', () => {
    const raft = bootLeader();
    ack(raft, B, 1);
    raft.readIndex(at(0), 1);
    drain(raft);
    raft.readIndex(at(0), 2);
    drain(raft);
    raft.step(at(0), B, { kind: 'heartbeatResponse', term: raft.term, context: 1 });
    expect(drain(raft).flatMap(({ reads }) => reads)).toEqual([{ context: 1, index: 1, ok: true }]);
    raft.step(at(0), B, { kind: 'heartbeatResponse', term: term(0), context: 2 });
    expect(drain(raft).flatMap(({ reads }) => reads)).toEqual([]);
    raft.step(at(0), C, { kind: 'heartbeatResponse', term: raft.term, context: 2 });
    expect(drain(raft).flatMap(({ reads }) => reads)).toEqual([{ context: 2, index: 1, ok: true }]);
  });

  test('waiting reads fail when leadership ends, and a follower learns it', () => {
    const raft = bootLeader();
    raft.readIndex(at(0), 5);
    raft.step(at(0), B, { kind: 'readIndex', term: raft.term, context: 77 });
    raft.step(at(0), C, { kind: 'heartbeatResponse', term: term(9), context: 0 });
    const readys = drain(raft);
    expect(readys.flatMap(({ reads }) => reads)).toEqual([{ context: 5, index: 0, ok: false }]);
    expect(readys.flatMap((ready) => ready.messages).at(-1)).toMatchObject({ to: B, message: { context: 77, ok: false } });
  });

  test('a forwarded read ends by itself when nobody answers', () => {
    const raft = boot({ term: 1 });
    expect(raft.readIndex(at(0), 5)).toBe(false);
    raft.step(at(0), B, { kind: 'heartbeat', term: term(1), commit: index(0), context: 0 });
    expect(raft.readIndex(at(0), 5)).toBe(true);
    drain(raft);
    raft.step(at(1500), B, { kind: 'heartbeat', term: term(1), commit: index(0), context: 0 });
    raft.deadline(at(TIMING.electionTimeoutMaxMicros));
    expect(drain(raft).flatMap(({ reads }) => reads)).toEqual([{ context: 5, index: 0, ok: false }]);
  });

  test('an answer to a read asked before a restart does not answer one asked after it', () => {
    const cluster = new TestCluster([A, B, C]);
    cluster.elect(A);
    cluster.read(B);
    const before = cluster.network.at(-1)?.message;
    cluster.crash(B);
    cluster.pass(1);
    cluster.start(B);
    cluster.settle();
    cluster.passTo(A);
    cluster.settle();
    cluster.read(B);
    const after = cluster.network.at(-1)?.message;
    expect([before?.kind, after?.kind]).toEqual(['readIndex', 'readIndex']);
    expect(after).not.toEqual(before);
  });

  test('beyond its bound the read queue refuses', () => {
    const raft = bootLeader({ limits: { readQueueMax: 2 } });
    expect([1, 2, 3].map((context) => raft.readIndex(at(0), context))).toEqual([true, true, false]);
    raft.step(at(0), B, { kind: 'readIndex', term: raft.term, context: 9 });
    expect(messages(raft)).toContainEqual(expect.objectContaining({ kind: 'readIndexResponse', context: 9, ok: false }));
    expect(DEFAULT_RAFT_LIMITS.readQueueMax).toBeGreaterThan(1000);
  });
});
