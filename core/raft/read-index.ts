/**
 * Linearizable reads without log entries, batched in rounds, on every node.
 * A read is answered with the commit index of its arrival once a quorum has answered heartbeats that left after it
 * arrived: then no newer leader had been elected by then, and nothing newer had been committed.
 * Until the leader has committed an entry of its own term it does not know what is committed, so reads wait.
 * A leader that holds a lease (lease.ts) answers at once: the lease says what a round would find out.
 * Source: Ongaro 2014, 6.4. Not here: waiting until the index is applied (the replica does).
 */
import { INDEX_ZERO, type Micros, NEVER, type NodeId, plus } from '../ids.ts';
import { beginRound } from './heartbeat.ts';
import { holdsLease } from './lease.ts';
import type { MessageOf } from './message.ts';
import { type LeaderRead, ROUND_WAITING } from './reads.ts';
import type { RaftState } from './state.ts';

/** A read of this node. @returns false where there is nobody to ask or no room; then nothing was noted. */
export function readIndex(state: RaftState, context: number): boolean {
  if (state.reads.pending >= state.limits.readQueueMax) return false;
  if (state.role === 'leader') {
    enqueue(state, undefined, context);
    return true;
  }
  if (state.leader === undefined) return false;
  forward(state, state.leader, context);
  return true;
}

function deadlineOf(state: RaftState): Micros {
  return plus(state.now, state.options.timing.electionTimeoutMaxMicros);
}

function forward(state: RaftState, leader: NodeId, context: number): void {
  const wireContext = state.reads.nextWireContext();
  state.reads.forwarded.push({ context, wireContext, deadline: deadlineOf(state) });
  state.outbox.sendNow(leader, { kind: 'readIndex', term: state.term, context: wireContext });
}

/** A follower's question. */
export function handleReadIndex(state: RaftState, from: NodeId, message: MessageOf<'readIndex'>): void {
  const hasRoom = state.reads.pending < state.limits.readQueueMax;
  if (state.role === 'leader' && hasRoom) enqueue(state, from, message.context);
  else refuseRead(state, from, message.context);
}

/** The leader's answer. */
export function handleReadIndexResponse(state: RaftState, from: NodeId, message: MessageOf<'readIndexResponse'>): void {
  if (message.term !== state.term || from !== state.leader) return;
  const read = state.reads.takeForwarded(message.context);
  if (read === undefined) {
    state.mark('raft.read-answer-too-late');
    return;
  }
  state.outbox.finishRead(read.context, message.ok ? message.index : INDEX_ZERO, message.ok);
}

function enqueue(state: RaftState, from: NodeId | undefined, context: number): void {
  const read: LeaderRead = { from, context, deadline: deadlineOf(state), round: ROUND_WAITING, index: INDEX_ZERO };
  if (holdsLease(state, state.now)) {
    read.index = state.log.commitIndex;
    answer(state, read);
    return;
  }
  state.reads.leading.push(read);
  if (!state.ownTermCommitted()) return;
  read.round = roundFromNow(state);
  read.index = state.log.commitIndex;
  confirmReads(state);
}

/** A round none of whose heartbeats has left yet: reads of one turn share it. */
function roundFromNow(state: RaftState): number {
  beginRound(state);
  return state.reads.round;
}

/** The commit index has moved: if that is the first commit of this term, the reads that waited for it begin their round. */
export function releaseWaitingReads(state: RaftState): void {
  const { leading } = state.reads;
  if (leading.length === 0 || leading[0]?.round !== ROUND_WAITING || !state.ownTermCommitted()) return;
  state.mark('raft.reads-waited-for-own-term');
  const round = roundFromNow(state);
  for (const read of leading) {
    read.round = round;
    read.index = state.log.commitIndex;
  }
  confirmReads(state);
}

/** A round confirms its own reads and those of older rounds. */
function isConfirmed(read: LeaderRead, confirmedRound: number): boolean {
  return read.round !== ROUND_WAITING && read.round <= confirmedRound;
}

/** Answers the reads whose round a quorum has answered. */
export function confirmReads(state: RaftState): void {
  const { reads, members } = state;
  if (reads.leading.length === 0) return;
  if (members.self !== undefined) members.self.readRound = reads.round;
  const confirmedRound = members.quorumReadRound();
  let count = 0;
  while (count < reads.leading.length && isConfirmed(reads.leading[count] as LeaderRead, confirmedRound)) count += 1;
  for (const read of reads.takeLeading(count)) answer(state, read);
}

function answer(state: RaftState, read: LeaderRead): void {
  const { term, outbox } = state;
  const { from, context, index } = read;
  if (from === undefined) return outbox.finishRead(context, index, true);
  outbox.sendNow(from, { kind: 'readIndexResponse', term, context, ok: true, index });
  state.commitAwaited = true;
}

/** Ends every waiting read whose deadline is at or before `until`, unanswered. @param until NEVER ends them all. */
export function failReads(state: RaftState, until: Micros): void {
  const { leading, forwarded } = state.reads;
  const leadingCount = countDue(leading, until);
  if (leadingCount > 0) state.mark('raft.leader-reads-failed');
  for (const read of leading.splice(0, leadingCount)) {
    if (read.from === undefined) state.outbox.finishRead(read.context, INDEX_ZERO, false);
    else refuseRead(state, read.from, read.context);
  }
  for (const read of forwarded.splice(0, countDue(forwarded, until))) {
    state.mark('raft.forwarded-read-failed');
    state.outbox.finishRead(read.context, INDEX_ZERO, false);
  }
}

function countDue(reads: readonly { readonly deadline: Micros }[], until: Micros): number {
  let count = 0;
  while (count < reads.length && (reads[count]?.deadline ?? NEVER) <= until) count += 1;
  return count;
}

function refuseRead(state: RaftState, to: NodeId, context: number): void {
  const { term } = state;
  state.mark('raft.read-refused');
  state.outbox.sendNow(to, { kind: 'readIndexResponse', term, context, ok: false, index: INDEX_ZERO });
}
