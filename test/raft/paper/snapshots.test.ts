/** Snapshots of the Raft thesis (Ongaro 2014, chapter 5 and figure 5.3), as far as they are raft's: log, configuration, progress. */
import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../../core/ids.ts';
import { configurationOf, type Message } from '../../../core/raft/message.ts';
import type { Raft } from '../../../core/raft/raft.ts';
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
  entryOf,
  index,
  messages,
  sent,
  TIMING,
  term,
  termsOf,
} from '../support.ts';

const NOTHING = new Uint8Array(0);
const META = { index: index(5), term: term(2), configuration: configurationOf([A, B, C]) };

function offer(leaderTerm: number, atIndex: number, indexTerm: number): Message {
  const configuration = configurationOf([A, B, C]);
  return {
    kind: 'installSnapshot',
    term: term(leaderTerm),
    index: index(atIndex),
    indexTerm: term(indexTerm),
    configuration,
    manifest: NOTHING,
  };
}
function isAck(message: Message | undefined, upTo: number): void {
  expect(message).toMatchObject({ kind: 'appendResponse', ok: true, index: upTo });
}

describe('5.1, the log begins behind a snapshot', () => {
  test('what is committed and durable may go, and the rest is as it was', () => {
    const raft = boot({ log: [1, 1, 2, 2], commit: 3 });
    expect(raft.compactTo(index(4))).toBe(3);
    expect(raft.status()).toMatchObject({ baseIndex: 3, lastIndex: 4, lastTerm: 2, commitIndex: 3 });
    expect(termsOf(raft)).toEqual([2]);
    raft.step(at(0), B, append(2, [1, 2], [2, 2, 2], 5));
    expect(raft.status()).toMatchObject({ lastIndex: 5, commitIndex: 5 });
  });

  test('a restarted node begins behind its snapshot, with the configuration that it names', () => {
    const raft = boot({ snapshot: META, configuration: configurationOf([A]), entries: [entryOf(3, 6)], term: 3 });
    expect(raft.status()).toMatchObject({ baseIndex: 5, lastIndex: 6, commitIndex: 5, configuration: META.configuration });
  });

  test('a candidate whose log is empty behind its snapshot is as up to date as the snapshot', () => {
    const raft = boot({ snapshot: META, term: 2 });
    raft.step(at(0), B, { kind: 'requestVote', term: term(3), lastIndex: index(4), lastTerm: term(2), transfer: false });
    expect(messages(raft)[0]).toMatchObject({ granted: false });
    raft.step(at(0), C, { kind: 'requestVote', term: term(3), lastIndex: index(5), lastTerm: term(2), transfer: false });
    expect(messages(raft)[0]).toMatchObject({ granted: true });
  });
});

describe('figure 5.3, the receiver', () => {
  test('1. an offer of an older term is refused with the newer one', () => {
    const raft = boot({ term: 4 });
    raft.step(at(0), B, offer(3, 5, 2));
    expect(messages(raft)).toEqual([expect.objectContaining({ kind: 'appendResponse', ok: false, term: 4 })]);
  });

  test('2.–5. what it needs is fetched by its host, once, and acknowledged only when that says it is durable', () => {
    const raft = boot({ log: [1] });
    raft.step(at(0), B, offer(2, 5, 2));
    raft.step(at(0), B, offer(2, 5, 2));
    const readys = drain(raft);
    expect(readys.flatMap(({ snapshot }) => (snapshot === undefined ? [] : [snapshot]))).toEqual([
      { from: B, meta: META, manifest: NOTHING },
    ]);
    expect(readys.flatMap((ready) => ready.messages)).toEqual([]);
    raft.snapshotInstalled(at(0), META);
    const [answer] = sent(raft);
    isAck(answer?.message, 5);
    expect(answer).toMatchObject({ to: B, durable: true });
  });

  test('6. where the log holds the snapshot’s last entry, the entries behind it stay', () => {
    const raft = boot({ log: [1, 1, 2, 2, 2, 2], commit: 1 });
    raft.step(at(0), B, offer(2, 5, 2));
    expect(raft.status()).toMatchObject({ commitIndex: 5, lastIndex: 6, baseIndex: 0 });
    isAck(messages(raft)[0], 5);
    const late = boot({ log: [1] });
    late.step(at(0), B, offer(2, 5, 2));
    drain(late);
    late.step(at(0), B, append(2, [1, 1], [1, 2, 2, 2, 2]));
    late.snapshotInstalled(at(0), META);
    expect(late.status()).toMatchObject({ baseIndex: 5, lastIndex: 6, commitIndex: 5 });
  });

  test('7. else the whole log goes', () => {
    const raft = boot({ log: [1, 1, 1, 1, 1, 1, 1], commit: 1 });
    raft.step(at(0), B, offer(2, 5, 2));
    drain(raft);
    raft.snapshotInstalled(at(0), META);
    expect(raft.status()).toMatchObject({ baseIndex: 5, lastIndex: 5, lastTerm: 2, commitIndex: 5, stableIndex: 5 });
  });

  test('8. the snapshot’s configuration is in force', () => {
    const raft = boot({ configuration: configurationOf([]) });
    raft.step(at(0), B, offer(2, 5, 2));
    drain(raft);
    raft.snapshotInstalled(at(0), META);
    expect(raft.status()).toMatchObject({ configuration: META.configuration, epoch: 5 });
    raft.campaign(at(0));
    expect(raft.role).toBe('candidate');
  });

  test('an older snapshot moves nothing back, whether it is offered or installed', () => {
    const raft = boot({ log: [2, 2, 2, 2, 2, 2], commit: 6 });
    raft.step(at(0), B, offer(2, 5, 2));
    isAck(messages(raft)[0], 6);
    raft.snapshotInstalled(at(0), META);
    expect(raft.status()).toMatchObject({ baseIndex: 0, commitIndex: 6 });
    isAck(messages(raft)[0], 6);
  });

  test('writes on their way when the log went do not count as durable entries of the new one', () => {
    const raft = boot({ log: [1] });
    raft.step(at(0), B, append(1, [1, 1], [1, 1, 1, 1, 1, 1]));
    const ready = raft.ready();
    raft.step(at(0), C, offer(2, 5, 2));
    raft.snapshotInstalled(at(0), META);
    raft.persisted(ready?.mark ?? 0);
    expect(raft.status()).toMatchObject({ lastIndex: 5, stableIndex: 5 });
  });
});

describe('the leader', () => {
  /** A leads with everything up to 3 committed and gone; C is still at 0. */
  function leader(): Raft {
    const raft: Raft = bootLeader({
      log: [1, 1],
      commit: 2,
      snapshotToOffer: () => ({ meta: raft.snapshotMeta(index(3)), manifest: Uint8Array.of(7) }),
    });
    ack(raft, B, 3);
    drain(raft);
    raft.compactTo(index(3));
    return raft;
  }
  function needs(raft: Raft, from: NodeId): void {
    const response = {
      kind: 'appendResponse',
      term: raft.term,
      ok: false,
      index: index(2),
      hintIndex: index(0),
      hintTerm: term(0),
    } as const;
    raft.step(at(0), from, response);
  }
  const progress = (raft: Raft): unknown => raft.status().peers.find(({ id }) => id === C);

  test('offers its host’s snapshot to a follower that needs entries that are gone, and sends nothing else', () => {
    const raft = leader();
    needs(raft, C);
    const offered = {
      kind: 'installSnapshot',
      term: 2,
      index: 3,
      indexTerm: 2,
      configuration: META.configuration,
      manifest: Uint8Array.of(7),
    };
    expect(sent(raft)).toEqual([{ to: C, message: offered, durable: false }]);
    expect(progress(raft)).toMatchObject({ state: 'snapshot', paused: true, pendingSnapshot: 3 });
  });

  test('goes on behind whatever the follower has installed', () => {
    const raft = leader();
    needs(raft, C);
    drain(raft);
    ack(raft, C, 3);
    expect(progress(raft)).toMatchObject({ state: 'replicate', matchIndex: 3, nextIndex: 4 });
  });

  test('probes again when the follower could not install it, with the next heartbeat', () => {
    const raft = leader();
    needs(raft, C);
    drain(raft);
    raft.step(at(0), C, {
      kind: 'appendResponse',
      term: raft.term,
      ok: false,
      index: index(3),
      hintIndex: index(0),
      hintTerm: term(0),
    });
    expect(sent(raft)).toEqual([]);
    expect(progress(raft)).toMatchObject({ state: 'probe', matchIndex: 0 });
    raft.step(at(0), C, { kind: 'heartbeatResponse', term: raft.term, context: 0 });
    expect(sent(raft).map(({ message }) => message.kind)).toEqual(['installSnapshot']);
  });

  test('offers again what was not answered for an election timeout', () => {
    const raft = leader();
    needs(raft, C);
    drain(raft);
    const alive = { kind: 'heartbeatResponse', term: raft.term, context: 0 } as const;
    raft.step(at(TIMING.electionTimeoutMaxMicros - 1), C, alive);
    expect(sent(raft)).toEqual([]);
    raft.step(at(TIMING.electionTimeoutMaxMicros), C, alive);
    expect(sent(raft).map(({ message }) => message.kind)).toEqual(['installSnapshot']);
  });

  test('waits where its host has none to offer', () => {
    const raft = bootLeader({ log: [1, 1], commit: 2 });
    ack(raft, B, 3);
    drain(raft);
    raft.compactTo(index(3));
    needs(raft, C);
    expect(sent(raft)).toEqual([]);
    expect(progress(raft)).toMatchObject({ state: 'probe', paused: true });
  });
});

test('a node that lost its place in the log comes back through a snapshot, and takes part (R=3)', () => {
  const cluster = new TestCluster([A, B, C]);
  cluster.elect(A);
  cluster.crash(C);
  for (let i = 0; i < 5; i += 1) cluster.propose(A);
  cluster.settle();
  cluster.compact(A);
  cluster.start(C);
  for (let i = 0; i < 10; i += 1) {
    cluster.pass(TIMING.heartbeatMicros);
    cluster.settle();
  }
  expect(cluster.raft(C).status()).toMatchObject({ baseIndex: 6, commitIndex: 6, leader: A });
  cluster.crash(B);
  cluster.propose(A);
  cluster.settle();
  expect(cluster.raft(A).commitIndex).toBe(7);
});
