/** Known bugs of elections, as replacements in core/raft. */
import type { Mutant } from './mutant.ts';

export const ELECTION_MUTANTS: readonly Mutant[] = [
  {
    id: 'E1',
    title: 'the vote is not persisted before the reply',
    file: 'core/raft/election.ts',
    find: "state.outbox.sendDurable(candidate, { kind: 'requestVoteResponse', term: state.term, granted: true });",
    replace: "state.outbox.sendNow(candidate, { kind: 'requestVoteResponse', term: state.term, granted: true });",
  },
  {
    id: 'E2',
    title: 'a new term is not persisted until a vote is cast in it',
    file: 'core/raft/persistence.ts',
    find: 'return term !== this.handedTerm || votedFor !== this.handedVotedFor;',
    replace: 'return votedFor !== undefined && (term !== this.handedTerm || votedFor !== this.handedVotedFor);',
  },
  {
    id: 'E3',
    title: 'stepping down within a term clears the vote',
    file: 'core/raft/state.ts',
    find: "    this.role = 'follower';\n    this.leader = leader;",
    replace: "    this.role = 'follower';\n    this.votedFor = undefined;\n    this.leader = leader;",
  },
  {
    id: 'E4',
    title: 'votes are counted as they arrive, duplicates too',
    file: 'core/raft/votes.ts',
    find: '    if (this.has(from)) return;\n    if (granted) this.granted.push(from);',
    replace: '    if (granted) this.granted.push(from);',
  },
  {
    id: 'E6',
    title: 'the up-to-date check compares length before term',
    file: 'core/raft/log.ts',
    find: '    if (lastTerm !== this.lastTerm) return lastTerm > this.lastTerm;\n    return lastIndex >= this.lastIndex;',
    replace: '    if (lastIndex !== this.lastIndex) return lastIndex > this.lastIndex;\n    return lastTerm >= this.lastTerm;',
  },
  {
    id: 'E7',
    title: 'the up-to-date check is omitted',
    file: 'core/raft/log.ts',
    find: '    if (lastTerm !== this.lastTerm) return lastTerm > this.lastTerm;\n    return lastIndex >= this.lastIndex;',
    replace: '    return lastIndex + lastTerm >= 0;',
  },
  {
    id: 'E8',
    title: 'a late answer to an older election is accepted',
    file: 'core/raft/election.ts',
    find: "  return state.role === 'candidate' && term === state.term;",
    replace: "  return state.role === 'candidate' && term <= state.term;",
  },
  {
    id: 'E9',
    title: 'a quorum of an even number is half of it',
    file: 'core/raft/quorum.ts',
    find: '  return Math.floor(voters / 2) + 1;',
    replace: '  return Math.ceil(voters / 2);',
  },
  {
    id: 'E10',
    title: 'all nodes time out after the same while: endless split votes',
    file: 'core/raft/state.ts',
    find: 'this.electionTimeoutMicros = this.options.random.between(electionTimeoutMinMicros, electionTimeoutMaxMicros);',
    replace: 'this.electionTimeoutMicros = electionTimeoutMinMicros + 0 * electionTimeoutMaxMicros;',
  },
  {
    id: 'E11',
    title: 'a refused PreVote hides the higher term',
    file: 'core/raft/election.ts',
    find: '  const term = granted ? message.term : state.term;',
    replace: '  const term = granted ? message.term : plus(message.term, -1);',
  },
  {
    id: 'E12',
    title: 'the own vote counts before it is durable',
    file: 'core/raft/election.ts',
    find: '  if (!isOwnVoteDurable(state)) return;\n  state.votes.record',
    replace: '  if (isOwnVoteDurable(state)) return;\n  state.votes.record',
  },
  {
    id: 'E13',
    title: 'the request for votes leaves before term and own vote are durable',
    file: 'core/raft/election.ts',
    find: 'if (state.members.isVoter(id)) state.outbox.sendDurable(id, request);',
    replace: 'if (state.members.isVoter(id)) state.outbox.sendNow(id, request);',
  },
  {
    id: 'E14',
    title: 'a leader of a lower term is ignored without an answer',
    file: 'core/raft/append.ts',
    find: "  state.outbox.sendNow(from, {\n    kind: 'appendResponse',\n    term,\n    ok: false,\n    index: prevIndex,",
    replace:
      "  if (term > 0) return;\n  state.outbox.sendNow(from, {\n    kind: 'appendResponse',\n    term,\n    ok: false,\n    index: prevIndex,",
  },
  {
    id: 'E15',
    title: 'a node asks for pre-votes once and then waits for ever',
    file: 'core/raft/state.ts',
    find: "    this.role = 'preCandidate';\n    this.votes.clear();\n    this.resetElectionTimer();",
    replace: "    this.role = 'preCandidate';\n    this.votes.clear();\n    this.electionDeadline = NEVER;",
  },
];
