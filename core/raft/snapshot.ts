/**
 * Snapshots as raft sees them: who needs one, who takes one, and what that does to log, configuration and progress. The data
 * is the replica's: raft carries an opaque manifest and is told when it is installed. Source: Ongaro 2014, 5.1 and figure 5.3.
 * Leader: a peer that needs entries that are gone is offered the host's newest snapshot, again with the first heartbeat
 * response after an election timeout without an answer (the offer may be lost; a fetch under way is not disturbed by it).
 */
import { assert } from '../assert.ts';
import { INDEX_ZERO, type LogIndex, type NodeId, plus, TERM_ZERO } from '../ids.ts';
import { acknowledge, answerStaleLeader, followLeader, isFromLeader } from './append.ts';
import type { RaftLog } from './log.ts';
import type { MessageOf, SnapshotMeta } from './message.ts';
import type { Progress } from './progress.ts';
import type { RaftState } from './state.ts';

/** Offers the peer the host's newest snapshot; where there is none, the next heartbeat response asks again. */
export function offerSnapshot(state: RaftState, peer: Progress): void {
  const offer = state.options.snapshotToOffer?.();
  if (offer === undefined) {
    state.mark('raft.no-snapshot-to-offer');
    peer.awaitOffer();
    return;
  }
  const { index, term: indexTerm, configuration } = offer.meta;
  assert(index >= state.log.baseIndex && index <= state.log.commitIndex, 'an offered snapshot is committed and reaches the log');
  peer.becomeSnapshot(index, state.now);
  state.outbox.sendNow(peer.id, {
    kind: 'installSnapshot',
    term: state.term,
    index,
    indexTerm,
    configuration,
    manifest: offer.manifest,
  });
}

/** The peer is alive and has not answered the offer: has it been long enough to ask again? */
export function offerAgain(state: RaftState, peer: Progress): void {
  if (state.now < plus(peer.offeredAt, state.options.timing.electionTimeoutMaxMicros)) return;
  state.mark('raft.snapshot-offered-again');
  offerSnapshot(state, peer);
}

/** A member has lost what it had, and asks for it. */
export function offerAsked(state: RaftState, id: NodeId): void {
  const peer = state.role === 'leader' ? state.members.find(id) : undefined;
  if (peer !== undefined) offerSnapshot(state, peer);
}

export function handleInstallSnapshot(state: RaftState, from: NodeId, message: MessageOf<'installSnapshot'>): void {
  if (message.term < state.term) {
    answerStaleLeader(state, from, INDEX_ZERO);
    return;
  }
  if (!isFromLeader(state, message.term) || message.index < 1 || message.indexTerm > message.term) {
    state.dropped += 1;
    return;
  }
  followLeader(state, from, message);
  const { index, indexTerm: term, configuration, manifest } = message;
  const meta: SnapshotMeta = { index, term, configuration };
  const { log } = state;
  if (index <= log.commitIndex) {
    state.mark('raft.old-snapshot-refused');
    acknowledge(state, from, log.commitIndex);
  } else if (holdsLast(log, meta)) {
    state.mark('raft.snapshot-matches-log');
    log.commitTo(index);
    acknowledge(state, from, index);
  } else if (!isInstalling(state, from, index)) {
    state.installing = { from, meta };
    state.outbox.snapshot = { from, meta, manifest };
  }
}

/** Whether the log holds the last entry of the snapshot: then it holds all of it, and what is behind it stays (figure 5.3, 6). */
function holdsLast(log: RaftLog, meta: SnapshotMeta): boolean {
  return log.matches(meta.index, meta.term);
}

/**
 * A fetch under way from the same leader goes on: a newer offer would only begin it again. One that the log has overtaken is no
 * fetch any more: the host drops it, and a peer that falls behind once more needs the next offer.
 */
function isInstalling(state: RaftState, from: NodeId, index: LogIndex): boolean {
  const { installing, log } = state;
  if (installing === undefined || installing.from !== from) return false;
  return installing.meta.index <= index && installing.meta.index > log.commitIndex;
}

/** The host holds the snapshot durably, and nothing of the log that contradicts it. */
export function snapshotInstalled(state: RaftState, meta: SnapshotMeta): void {
  const { log } = state;
  state.installing = undefined;
  if (meta.index <= log.commitIndex) {
    state.mark('raft.old-snapshot-ignored');
    if (state.leader !== undefined && state.role === 'follower') acknowledge(state, state.leader, log.commitIndex);
    return;
  }
  const matches = holdsLast(log, meta);
  if (matches) {
    state.mark('raft.snapshot-keeps-suffix');
    log.commitTo(meta.index);
    log.compactTo(meta.index);
  } else {
    if (log.lastIndex > meta.index) state.mark('raft.snapshot-discards-suffix');
    log.restore(meta.index, meta.term);
  }
  state.persistence.restored(meta.index, matches);
  state.configurations.restore(meta, matches);
  state.configurationChanged();
  // A node that has become leader since held all of it already: nothing new is counted, but less is uncommitted.
  if (state.role === 'leader') state.uncommittedBytes = log.bytesBetween(plus(log.commitIndex, 1), log.lastIndex);
  if (state.leader !== undefined && state.role === 'follower') acknowledge(state, state.leader, meta.index);
}

/** The host gave up: the leader goes back to probing, and may offer another one. */
export function snapshotFailed(state: RaftState, meta: SnapshotMeta): void {
  state.installing = undefined;
  state.mark('raft.snapshot-failed');
  if (state.leader === undefined || state.role !== 'follower') return;
  const { term } = state;
  state.outbox.sendNow(state.leader, {
    kind: 'appendResponse',
    term,
    ok: false,
    index: meta.index,
    hintIndex: INDEX_ZERO,
    hintTerm: TERM_ZERO,
  });
}

/** Forgets the log up to index, as far as it may: what is committed, and durable here. @returns the index it begins behind. */
export function compactTo(state: RaftState, index: LogIndex): LogIndex {
  const { log, persistence, configurations } = state;
  const upTo = Math.min(index, log.commitIndex, persistence.stableIndex) as LogIndex;
  if (upTo > log.baseIndex) {
    configurations.compactTo(upTo);
    log.compactTo(upTo);
  }
  return log.baseIndex;
}
