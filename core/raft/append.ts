/**
 * The follower's half of replication: what it takes from a leader, and what it may say about it.
 * Source: Ongaro 2014, figure 3.1 (AppendEntries receiver), 3.5; heartbeats with a capped commit as in etcd/raft.
 * An acknowledgement names the last index verified against the leader's log, never the own log's length: behind the
 * verified entries there may be others that the leader will replace.
 */
import { INDEX_ZERO, type LogIndex, minOf, type NodeId, plus, TERM_ZERO, type Term } from '../ids.ts';
import { decodeConfiguration } from './configuration-bytes.ts';
import { type Entry, EntryKind, type MessageOf } from './message.ts';
import type { RaftState } from './state.ts';

/** Whether the entries follow prevIndex without gap, their terms never fall nor exceed the leader's, and configurations are some. */
function isWellFormed(message: MessageOf<'appendEntries'>): boolean {
  let term = message.prevTerm;
  let index = message.prevIndex;
  for (const entry of message.entries) {
    index = plus(index, 1);
    if (entry.index !== index || entry.term < term) return false;
    if (entry.kind === EntryKind.configuration && decodeConfiguration(entry.data) === undefined) return false;
    term = entry.term;
  }
  return term <= message.term;
}

export function handleAppendEntries(state: RaftState, from: NodeId, message: MessageOf<'appendEntries'>): void {
  if (message.term < state.term) {
    answerStaleLeader(state, from, message.prevIndex);
    return;
  }
  if (!isFromLeader(state, message.term) || !isWellFormed(message)) {
    state.dropped += 1;
    return;
  }
  followLeader(state, from, message);
  if (!state.log.matches(message.prevIndex, message.prevTerm)) {
    refuse(state, from, message);
    return;
  }
  if (!store(state, message.entries)) {
    state.dropped += 1;
    return;
  }
  const verified = plus(message.prevIndex, message.entries.length);
  const committed = minOf(message.commit, verified);
  state.log.commitTo(committed);
  acknowledge(state, from, verified);
}

export function handleHeartbeat(state: RaftState, from: NodeId, message: MessageOf<'heartbeat'>): void {
  if (message.term < state.term) {
    answerStaleLeader(state, from, INDEX_ZERO);
    return;
  }
  if (!isFromLeader(state, message.term)) {
    state.dropped += 1;
    return;
  }
  followLeader(state, from, message);
  // The leader has capped it by what this node acknowledged in this term, so it is verified.
  state.log.commitTo(message.commit);
  state.outbox.sendNow(from, { kind: 'heartbeatResponse', term: state.term, context: message.context });
}

/** A leader has no other leader in its term. */
export function isFromLeader(state: RaftState, term: number): boolean {
  return term > state.term || state.role !== 'leader';
}

export function followLeader(state: RaftState, leader: NodeId, message: { readonly term: Term }): void {
  if (message.term > state.term) state.becomeFollower(message.term, leader);
  state.heardLeader(leader);
}

/** A leader of an older term learns the newer one; left unanswered, it and a node stuck at a higher term would never meet. */
export function answerStaleLeader(state: RaftState, from: NodeId, prevIndex: LogIndex): void {
  const { term } = state;
  state.mark('raft.stale-leader-answered');
  state.outbox.sendNow(from, {
    kind: 'appendResponse',
    term,
    ok: false,
    index: prevIndex,
    hintIndex: INDEX_ZERO,
    hintTerm: TERM_ZERO,
  });
}

/** Appends what the log does not hold yet; entries that match stay. @returns false where committed ones would have to go. */
function store(state: RaftState, entries: readonly Entry[]): boolean {
  const { log } = state;
  const first = log.firstNew(entries);
  const next = entries[first];
  if (next === undefined) return true;
  if (next.index <= log.commitIndex) return false;
  if (next.index <= log.lastIndex) replaceFrom(state, next.index);
  for (let i = first; i < entries.length; i += 1) state.append(entries[i] as Entry);
  return true;
}

function replaceFrom(state: RaftState, from: LogIndex): void {
  state.mark(from <= state.persistence.stableIndex ? 'raft.durable-entries-replaced' : 'raft.entries-replaced');
  state.truncate(from);
}

/** Names the last index verified against the leader's log, once everything up to there is durable. */
export function acknowledge(state: RaftState, leader: NodeId, verified: LogIndex): void {
  const { term } = state;
  state.outbox.sendDurable(leader, {
    kind: 'appendResponse',
    term,
    ok: true,
    index: verified,
    hintIndex: INDEX_ZERO,
    hintTerm: TERM_ZERO,
  });
}

/** Says where the logs may meet: the leader's entries above hintIndex are of a later term than any of ours at or below it. */
function refuse(state: RaftState, leader: NodeId, message: MessageOf<'appendEntries'>): void {
  const { log, term } = state;
  state.mark(message.prevIndex > log.lastIndex ? 'raft.append-refused-gap' : 'raft.append-refused-conflict');
  const hintIndex = log.highestWithTermAtMost(message.prevIndex, message.prevTerm);
  const hintTerm = log.termAt(hintIndex);
  state.outbox.sendNow(leader, { kind: 'appendResponse', term, ok: false, index: message.prevIndex, hintIndex, hintTerm });
}
