/**
 * The leader's half of replication: its first act, appends and their answers.
 * Source: Ongaro 2014, 3.5, 6.4 (no-op), 10.2.1 (pipelining; appends leave before the leader's own write).
 */
import { type LogIndex, minOf, NEVER, type NodeId, plus } from '../ids.ts';
import { continueCatchUp } from './catch-up.ts';
import { advanceCommit } from './commit.ts';
import { renewLease } from './lease.ts';
import { type Entry, EntryKind, type MessageOf } from './message.ts';
import type { Progress } from './progress.ts';
import { confirmReads } from './read-index.ts';
import type { Proposal, ProposeResult } from './ready.ts';
import { offerAgain, offerSnapshot } from './snapshot.ts';
import type { RaftState } from './state.ts';
import { continueTransfer } from './transfer.ts';

const NO_ENTRIES: readonly Entry[] = [];

/** The election is won: announce it with the term's first entry, behind which everything older commits. */
export function startTerm(state: RaftState): void {
  state.becomeLeader();
  state.uncommittedBytes = state.log.bytesBetween(plus(state.log.commitIndex, 1), state.log.lastIndex);
  appendOwn(state, { kind: EntryKind.noop, data: state.options.noopData() });
  sendAppends(state);
}

/** Appends proposals and sends them. Nothing is promised: the term may end before they commit. */
export function propose(state: RaftState, proposals: readonly Proposal[]): ProposeResult {
  if (state.role !== 'leader') return { ok: false, code: 'not_leader', leader: state.leader };
  if (state.transferee !== undefined) return { ok: false, code: 'not_leader', leader: state.transferee };
  if (exceedsUncommitted(state, proposals)) return { ok: false, code: 'overloaded', leader: state.id };
  const firstIndex = plus(state.log.lastIndex, 1);
  for (const proposal of proposals) appendOwn(state, proposal);
  sendAppends(state);
  return { ok: true, firstIndex, term: state.term };
}

/** A single proposal larger than the limit passes when nothing else waits, else it never could. */
function exceedsUncommitted(state: RaftState, proposals: readonly Proposal[]): boolean {
  if (state.uncommittedBytes === 0) return false;
  let bytes = state.uncommittedBytes;
  for (const proposal of proposals) bytes += proposal.data.length;
  return bytes > state.limits.uncommittedBytesMax;
}

/** Appends one entry of this term, not sent yet. */
export function appendOwn(state: RaftState, proposal: { readonly kind: EntryKind; readonly data: Uint8Array }): void {
  const { log, term } = state;
  state.append({ term, index: plus(log.lastIndex, 1), kind: proposal.kind, data: proposal.data });
  state.uncommittedBytes += proposal.data.length;
}

/** Sends everybody what its window has room for. */
export function sendAppends(state: RaftState): void {
  const { peers } = state.members;
  for (let i = 0; i < peers.length; i += 1) sendPending(state, peers[i] as Progress);
}

/** Sends the peer everything that its window has room for. */
function sendPending(state: RaftState, peer: Progress): void {
  while (!peer.paused && peer.nextIndex <= state.log.lastIndex) sendNext(state, peer);
  if (peer.nextIndex <= state.log.lastIndex && peer.state === 'replicate') state.mark('raft.window-full');
}

/** The next append with entries, as many as fit; empty where there are none. A snapshot where the entry before them is gone. */
function sendNext(state: RaftState, peer: Progress): void {
  if (needsSnapshot(state, peer)) offerSnapshot(state, peer);
  else sendAppend(state, peer, appendEnd(state, peer));
}

function needsSnapshot(state: RaftState, peer: Progress): boolean {
  return peer.nextIndex <= state.log.baseIndex;
}

function appendEnd(state: RaftState, peer: Progress): LogIndex {
  if (peer.nextIndex <= state.log.baseIndex) return plus(peer.nextIndex, -1); // gone: sendAppend offers a snapshot
  const { appendEntriesMax, appendBytesMax } = state.limits;
  const entriesMax = state.options.buggify('raft.append-one-entry') ? 1 : appendEntriesMax;
  return state.log.runEnd(peer.nextIndex, entriesMax, appendBytesMax);
}

/** One append of the entries nextIndex..end; empty where end is before nextIndex. */
function sendAppend(state: RaftState, peer: Progress, end: LogIndex): void {
  const { log } = state;
  const prevIndex = plus(peer.nextIndex, -1);
  const entries = end > prevIndex ? log.slice(peer.nextIndex, end) : NO_ENTRIES;
  const commit = log.commitIndex;
  state.outbox.sendNow(peer.id, {
    kind: 'appendEntries',
    term: state.term,
    prevIndex,
    prevTerm: log.termAt(prevIndex),
    commit,
    entries,
  });
  peer.commitSent = commit;
  peer.sent(end, bytesOf(entries));
}

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (let i = 0; i < entries.length; i += 1) bytes += (entries[i] as Entry).data.length;
  return bytes;
}

/**
 * An empty append behind everything sent: a follower that misses any of it refuses, and what was lost is sent again;
 * one that has it all acknowledges, and the window is free even if every earlier answer was lost.
 */
function probeInflight(state: RaftState, peer: Progress): void {
  if (needsSnapshot(state, peer)) offerSnapshot(state, peer);
  else sendAppend(state, peer, plus(peer.nextIndex, -1));
}

/**
 * Followers that heard an older commit index than the present one hear it: at once, that is once per Ready and not per commit, or
 * where announceDelayMicros says so a little later, if no append has told them by then.
 */
export function announceCommit(state: RaftState): void {
  if (!state.commitMoved && !state.commitAwaited) return;
  state.commitMoved = false;
  const { announceDelayMicros = 0 } = state.options;
  // Who leaves hears of it now or never (concludeChange).
  const isLastWord = state.members.hasDeparting || !state.members.selfVotes;
  if (announceDelayMicros === 0 || state.commitAwaited || isLastWord) announceNow(state);
  else state.announceDeadline = minOf(state.announceDeadline, plus(state.now, announceDelayMicros));
}

export function announceNow(state: RaftState): void {
  state.announceDeadline = NEVER;
  state.commitAwaited = false;
  for (const peer of state.members.peers) {
    if (peer.state === 'replicate' && peer.commitSent < state.log.commitIndex) probeInflight(state, peer);
  }
}

/** The sender's progress where the answer is for this leader's present term; steps down where it is of a newer one. */
function answeringPeer(state: RaftState, from: NodeId, term: number): Progress | undefined {
  if (state.role !== 'leader' || term !== state.term) return undefined;
  const peer = state.members.find(from);
  if (peer === undefined) state.dropped += 1;
  else peer.lastHeard = state.now;
  return peer;
}

export function handleAppendResponse(state: RaftState, from: NodeId, message: MessageOf<'appendResponse'>): void {
  if (message.term > state.term) {
    state.becomeFollower(message.term, undefined);
    return;
  }
  const peer = answeringPeer(state, from, message.term);
  if (peer === undefined) return;
  if (message.index > state.log.lastIndex) state.dropped += 1;
  else if (message.ok) accepted(state, peer, message.index);
  else refused(state, peer, message);
}

function accepted(state: RaftState, peer: Progress, index: LogIndex): void {
  if (!peer.accept(index, state.log.baseIndex)) {
    state.mark('raft.stale-acknowledgement-ignored');
    return;
  }
  advanceCommit(state);
  if (state.role !== 'leader') return;
  sendPending(state, peer);
  continueTransfer(state, peer);
  continueCatchUp(state, peer);
}

function refused(state: RaftState, peer: Progress, message: MessageOf<'appendResponse'>): void {
  const retryAt = state.log.highestWithTermAtMost(message.hintIndex, message.hintTerm);
  if (!peer.refuse(message.index, retryAt)) state.mark('raft.stale-refusal-ignored');
  else if (!peer.paused) sendNext(state, peer);
}

export function handleHeartbeatResponse(state: RaftState, from: NodeId, message: MessageOf<'heartbeatResponse'>): void {
  if (message.term > state.term) {
    state.becomeFollower(message.term, undefined);
    return;
  }
  const peer = answeringPeer(state, from, message.term);
  if (peer === undefined) return;
  if (message.context > state.reads.round) {
    state.dropped += 1;
    return;
  }
  peer.readRound = Math.max(peer.readRound, message.context);
  confirmReads(state);
  renewLease(state);
  retry(state, peer);
  continueCatchUp(state, peer);
}

/** The peer is alive, so what it has not acknowledged may have been lost. */
function retry(state: RaftState, peer: Progress): void {
  if (peer.state === 'probe') {
    state.mark('raft.probe-repeated');
    peer.probeSent = false;
    sendNext(state, peer);
  } else if (peer.state === 'snapshot') {
    offerAgain(state, peer);
  } else if (peer.matchIndex < state.log.lastIndex) {
    probeInflight(state, peer);
  }
}
