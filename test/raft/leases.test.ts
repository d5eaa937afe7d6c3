/** Leases: what a leader may answer by itself, and the promises of voters that make it safe (Ongaro 2014, 6.4.1; docs/internals/leases.md). */
import { expect, test } from 'vitest';
import { PPM } from '../../core/limits.ts';
import { Lease, leaseMicros } from '../../core/raft/lease.ts';
import type { Message } from '../../core/raft/message.ts';
import type { Raft } from '../../core/raft/raft.ts';
import { A, ack, at, B, type BootOptions, boot, bootLeader, C, drain, index, messages, sent, TIMING, term } from './support.ts';

const RATE = 100_000;
const LEASE = leaseMicros(TIMING, RATE);
const MIN = TIMING.electionTimeoutMinMicros;

/** A leader whose no-op is committed, at time 0, that has not sent a heartbeat yet. */
function leader(options: BootOptions = { leaseClockRatePpm: RATE }): Raft {
  const raft = bootLeader(options);
  ack(raft, B, 1);
  drain(raft);
  return raft;
}

/** Heartbeats leave at a time; what round they carry. */
function beat(raft: Raft, now: number): number {
  raft.deadline(at(now));
  const heartbeat = messages(raft).find((message) => message.kind === 'heartbeat');
  if (heartbeat?.kind !== 'heartbeat') throw new Error('no heartbeat was due');
  return heartbeat.context;
}

function answer(raft: Raft, from: typeof B, now: number, context: number): void {
  raft.step(at(now), from, { kind: 'heartbeatResponse', term: raft.term, context });
  drain(raft);
}

function requestVote(asked: number, transfer: boolean = false): Message {
  return { kind: 'requestVote', term: term(asked), lastIndex: index(9), lastTerm: term(9), transfer };
}

function grants(raft: Raft): readonly boolean[] {
  return messages(raft).flatMap((message) => ('granted' in message ? [message.granted] : []));
}

test('the lease and the voters’ promise keep apart for the worst clocks within the bound, to the microsecond', () => {
  for (const [min, rate] of [
    [2, 0],
    [1000, 0],
    [1000, 100_000],
    [300_000, 100_000],
    [80_001, 500_000],
  ] as const) {
    const lease = leaseMicros({ ...TIMING, electionTimeoutMinMicros: min }, rate);
    // True time for which the slowest leader's clock shows less than `lease` more, and the fastest voter's less than `min` more.
    const leaderEnds = (lease * PPM) / (PPM - rate);
    const promiseEnds = ((min - 1) * PPM) / (PPM + rate);
    expect(leaderEnds).toBeLessThanOrEqual(promiseEnds);
    expect(((lease + 2) * PPM) / (PPM - rate)).toBeGreaterThan(promiseEnds); // and nothing is given away
  }
});

test('a lease begins with the sending of the heartbeats that a quorum answered, not with the answers', () => {
  const raft = leader();
  const round = beat(raft, 100);
  expect(raft.holdsLease(at(100))).toBe(false);
  answer(raft, B, 700, round);
  expect(raft.holdsLease(at(100 + LEASE - 1))).toBe(true);
  expect(raft.holdsLease(at(100 + LEASE))).toBe(false);
});

test('a late answer to an older round extends the lease no further than that round’s sending allows', () => {
  const raft = leader();
  const first = beat(raft, 100);
  beat(raft, 200);
  answer(raft, B, 300, first);
  expect(raft.holdsLease(at(100 + LEASE))).toBe(false);
  answer(raft, C, 310, first + 1);
  expect(raft.holdsLease(at(200 + LEASE - 1))).toBe(true);
});

test('no lease before an entry of the own term is committed', () => {
  const raft = bootLeader({ leaseClockRatePpm: RATE });
  answer(raft, B, 110, beat(raft, 100));
  expect(raft.holdsLease(at(111))).toBe(false);
  ack(raft, B, 1, 112);
  expect(raft.holdsLease(at(113))).toBe(true);
});

test('no lease once TimeoutNow was sent in the term, also after the transfer has timed out', () => {
  const raft = leader();
  ack(raft, C, 1);
  answer(raft, B, 110, beat(raft, 100));
  expect(raft.holdsLease(at(120))).toBe(true);
  expect(raft.transferLeadership(at(120), C)).toBe(true);
  expect(messages(raft)).toContainEqual({ kind: 'timeoutNow', term: raft.term });
  expect(raft.holdsLease(at(121))).toBe(false);
  const later = 120 + MIN;
  answer(raft, B, later + 1, beat(raft, later));
  expect(raft.role).toBe('leader');
  expect(raft.holdsLease(at(later + 2))).toBe(false);
});

test('a lease ends with the role', () => {
  const raft = leader();
  answer(raft, B, 110, beat(raft, 100));
  raft.step(at(120), C, { kind: 'heartbeatResponse', term: term(raft.term + 1), context: 0 });
  expect(raft.role).toBe('follower');
  expect(raft.holdsLease(at(121))).toBe(false);
});

test('without a rate bound, or without check-quorum, there is no lease', () => {
  const unbound = leader({});
  answer(unbound, B, 110, beat(unbound, 100));
  expect(unbound.holdsLease(at(111))).toBe(false);
  const unchecked = leader({ leaseClockRatePpm: RATE, checkQuorum: false });
  answer(unchecked, B, 110, beat(unchecked, 100));
  expect(unchecked.holdsLease(at(111))).toBe(false);
});

test('under a lease a read of the leader, and one of a follower, is answered without a round', () => {
  const raft = leader();
  answer(raft, B, 110, beat(raft, 100));
  expect(raft.readIndex(at(120), 7)).toBe(true);
  const readys = drain(raft);
  expect(readys.flatMap((ready) => ready.reads)).toEqual([{ context: 7, index: 1, ok: true }]);
  expect(readys.flatMap((ready) => ready.messages)).toEqual([]);
  raft.step(at(121), C, { kind: 'readIndex', term: raft.term, context: 8 });
  expect(messages(raft)).toEqual([{ kind: 'readIndexResponse', term: raft.term, context: 8, ok: true, index: 1 }]);
  raft.readIndex(at(100 + LEASE), 9);
  expect(messages(raft).map(({ kind }) => kind)).toEqual(['heartbeat', 'heartbeat']);
});

test('the only voter of a group renews its lease by itself', () => {
  const raft = bootLeader({ voters: [A], leaseClockRatePpm: RATE });
  drain(raft);
  raft.deadline(at(100));
  drain(raft);
  expect(raft.holdsLease(at(100 + LEASE - 1))).toBe(true);
});

test('a voter that has just started grants no vote for one maximal lease, except to whom a leader hands over', () => {
  const raft = boot({ startedAt: 0 });
  raft.step(at(MIN - 1), B, requestVote(10));
  raft.step(at(MIN - 1), B, { kind: 'preVote', term: term(10), lastIndex: index(9), lastTerm: term(9) });
  expect(grants(raft)).toEqual([false]);
  raft.step(at(MIN - 1), C, requestVote(10, true));
  expect(grants(raft)).toEqual([true]);
  const patient = boot({ startedAt: 0 });
  patient.step(at(MIN), B, requestVote(10));
  expect(grants(patient)).toEqual([true]);
});

test('news of a higher term does not release a voter from what it promised to the leader it heard', () => {
  const raft = boot({ preVote: true });
  raft.step(at(0), B, { kind: 'heartbeat', term: term(1), commit: index(0), context: 1 });
  drain(raft);
  raft.step(at(10), C, { kind: 'preVoteResponse', term: term(5), granted: false });
  expect(raft.term).toBe(5);
  raft.step(at(MIN - 1), C, requestVote(5));
  raft.step(at(MIN - 1), C, requestVote(6));
  expect(grants(raft)).toEqual([]);
  raft.step(at(MIN), C, requestVote(6));
  expect(grants(raft)).toEqual([true]);
});

test('rounds beyond what is remembered count as sent with the oldest that could be', () => {
  const lease = new Lease(100);
  for (let round = 1; round <= 1000; round += 1) lease.sent(round, at(round));
  lease.confirm(1000);
  expect(lease.until).toBe(64 + 100);
  lease.sent(1001, at(1001));
  lease.confirm(1001);
  expect(lease.until).toBe(1001 + 100);
});

test('a heartbeat of a round that a read began carries that round to every peer once', () => {
  const raft = leader();
  raft.readIndex(at(100), 1);
  raft.deadline(at(100));
  expect(sent(raft).map(({ to, message }) => [to, message.kind])).toEqual([
    [B, 'heartbeat'],
    [C, 'heartbeat'],
  ]);
});
