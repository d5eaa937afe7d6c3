/**
 * Elections: PreVote, votes, and when a vote counts.
 * Source: Ongaro 2014, 3.4, 3.6.1 (up-to-date check), 4.2.3 (stickiness), 9.6 (PreVote), 3.10 (transfer).
 * Durability: a grant leaves, and an own vote counts, only once it is durable; a request leaves only once its term and
 * own vote are, else a restarted candidate could vote for somebody else in a term that it has asked votes for.
 */
import { NEVER, type NodeId, plus, type Term } from '../ids.ts';
import type { Message, MessageOf } from './message.ts';
import { startTerm } from './replication.ts';
import type { RaftState } from './state.ts';

/** The election timeout has passed, or a test asks for it. */
export function campaign(state: RaftState): void {
  if (state.role === 'leader') return;
  if (!state.mayLead) {
    state.electionDeadline = NEVER; // its removal has become known to be committed since
    return;
  }
  if (!state.members.selfVotes) state.mark('raft.removed-node-campaigns');
  if (state.options.preVote) startPreVote(state);
  else startElection(state, false);
}

/** Would a majority vote for this node? Asking changes nothing: not the term, not a vote, nobody's timer. */
function startPreVote(state: RaftState): void {
  state.becomePreCandidate();
  const { lastIndex, lastTerm } = state.log;
  const request: Message = { kind: 'preVote', term: plus(state.term, 1), lastIndex, lastTerm };
  for (const { id } of state.members.peers) {
    if (state.members.isVoter(id)) state.outbox.sendNow(id, request);
  }
  state.votes.record(state.id, true);
  concludePreVote(state);
}

/** @param transfer the leader asked for it, so that stickiness does not apply. */
export function startElection(state: RaftState, transfer: boolean): void {
  state.becomeCandidate();
  const { lastIndex, lastTerm } = state.log;
  const request: Message = { kind: 'requestVote', term: state.term, lastIndex, lastTerm, transfer };
  for (const { id } of state.members.peers) {
    if (state.members.isVoter(id)) state.outbox.sendDurable(id, request);
  }
  countOwnVote(state);
}

/** The own vote counts like any other: once it is durable. Called when it is cast and whenever something became durable. */
export function countOwnVote(state: RaftState): void {
  if (state.role !== 'candidate') return;
  if (!isOwnVoteDurable(state)) return;
  state.votes.record(state.id, true);
  concludeElection(state);
}

function isOwnVoteDurable(state: RaftState): boolean {
  const { durableTerm, durableVotedFor } = state.persistence;
  return durableTerm === state.term && durableVotedFor === state.id;
}

function concludePreVote(state: RaftState): void {
  const outcome = state.votes.outcome(state.members.configuration);
  if (outcome === 'won') startElection(state, false);
  else if (outcome === 'lost') {
    state.mark('raft.pre-vote-lost');
    state.becomeFollower(state.term, undefined);
  }
}

function concludeElection(state: RaftState): void {
  const outcome = state.votes.outcome(state.members.configuration);
  if (outcome === 'won') startTerm(state);
  else if (outcome === 'lost') {
    state.mark('raft.election-lost');
    state.becomeFollower(state.term, undefined);
  }
}

/**
 * A voter that has heard a leader, or has just started, and a leader that hears its quorum let nobody else be elected for a
 * while. It is a promise and not only politeness: leases rest on it (lease.ts). So it outlives what the voter knows of terms
 * and leaders: news of a higher term must not release a voter from what it promised to a leader that has no such news.
 */
function isSticky(state: RaftState): boolean {
  if (!state.options.checkQuorum) return false;
  if (state.role === 'leader') return true;
  return state.now < plus(state.leaderHeard, state.options.timing.electionTimeoutMinMicros);
}

/** Whether the vote of this term is still to be had: not given to another, and no leader elected without it. */
function mayVoteFor(state: RaftState, candidate: NodeId): boolean {
  if (state.votedFor !== undefined) return state.votedFor === candidate;
  return state.leader === undefined;
}

function wouldGrantPreVote(state: RaftState, from: NodeId, message: MessageOf<'preVote'>): boolean {
  if (isSticky(state)) return false;
  if (message.term < state.term) return false;
  if (message.term === state.term && !mayVoteFor(state, from)) return false;
  return state.log.isUpToDate(message.lastIndex, message.lastTerm);
}

export function handlePreVote(state: RaftState, from: NodeId, message: MessageOf<'preVote'>): void {
  const granted = wouldGrantPreVote(state, from, message);
  // A refusal carries the own term: else an up-to-date node of a lower term would ask for ever in vain.
  const term = granted ? message.term : state.term;
  state.outbox.sendNow(from, { kind: 'preVoteResponse', term, granted });
}

export function handlePreVoteResponse(state: RaftState, from: NodeId, message: MessageOf<'preVoteResponse'>): void {
  if (!message.granted && message.term > state.term) {
    state.mark('raft.pre-vote-tells-newer-term');
    state.becomeFollower(message.term, undefined);
    return;
  }
  if (state.role !== 'preCandidate') return;
  if (message.granted && message.term !== plus(state.term, 1)) return;
  state.votes.record(from, message.granted);
  concludePreVote(state);
}

export function handleRequestVote(state: RaftState, from: NodeId, message: MessageOf<'requestVote'>): void {
  if (message.term < state.term) {
    refuseVote(state, from);
    return;
  }
  if (!message.transfer && isSticky(state)) {
    state.mark('raft.vote-request-ignored-by-sticky');
    return;
  }
  const { electionDeadline } = state;
  if (message.term > state.term) state.becomeFollower(message.term, undefined);
  const granted = mayVoteFor(state, from) && state.log.isUpToDate(message.lastIndex, message.lastTerm);
  if (granted) return grantVote(state, from);
  // Only a leader or a grant makes a node wait anew (3.4). Else a candidate that cannot win, but has the fastest clock, would keep
  // everybody who could from trying.
  state.waitNoLongerThan(electionDeadline);
  refuseVote(state, from);
}

function grantVote(state: RaftState, candidate: NodeId): void {
  if (state.role !== 'follower') {
    state.mark('raft.vote-granted-by-candidate');
    state.becomeFollower(state.term, undefined);
  }
  state.votedFor = candidate;
  state.restartElectionTimer();
  state.outbox.sendDurable(candidate, { kind: 'requestVoteResponse', term: state.term, granted: true });
}

function refuseVote(state: RaftState, candidate: NodeId): void {
  if (state.votedFor === undefined) state.mark('raft.vote-refused-for-old-log');
  else state.mark('raft.vote-refused-having-voted');
  state.outbox.sendNow(candidate, { kind: 'requestVoteResponse', term: state.term, granted: false });
}

export function handleRequestVoteResponse(state: RaftState, from: NodeId, message: MessageOf<'requestVoteResponse'>): void {
  if (message.term > state.term) {
    state.becomeFollower(message.term, undefined);
    return;
  }
  if (!isAnswerToThisElection(state, message.term)) return;
  state.votes.record(from, message.granted);
  concludeElection(state);
}

function isAnswerToThisElection(state: RaftState, term: Term): boolean {
  return state.role === 'candidate' && term === state.term;
}
