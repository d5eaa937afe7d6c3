/** Known bugs of replication and commit, as replacements in core/raft. */
import type { Mutant } from './mutant.ts';

export const REPLICATION_MUTANTS: readonly Mutant[] = [
  {
    id: 'L1',
    title: 'an entry of an older term is committed by counting',
    file: 'core/raft/commit.ts',
    find: '  if (!state.isOfOwnTerm(quorumIndex)) {\n',
    replace: '  if (quorumIndex < 0) {\n',
  },
  {
    id: 'L2',
    title: 'an append truncates entries that match',
    file: 'core/raft/append.ts',
    find: '  const first = log.firstNew(entries);',
    replace: '  const first = entries.length > 1 && (entries[0]?.index ?? 0) > log.commitIndex ? 0 : log.firstNew(entries);',
  },
  {
    id: 'L3',
    title: 'a follower acknowledges the length of its log',
    file: 'core/raft/append.ts',
    find: '  acknowledge(state, from, verified);',
    replace: '  acknowledge(state, from, state.log.lastIndex);',
  },
  {
    id: 'L4',
    title: 'a follower’s commit index is not capped by what was verified',
    file: 'core/raft/append.ts',
    find: '  const committed = minOf(message.commit, verified);',
    replace: '  const committed = minOf(message.commit, state.log.lastIndex);',
  },
  {
    id: 'L5',
    title: 'a leader counts its own entry before it is durable',
    file: 'core/raft/commit.ts',
    find: 'self.matchIndex = state.persistence.stableIndex;',
    replace: 'self.matchIndex = state.log.lastIndex;',
  },
  {
    id: 'L6',
    title: 'an append is acknowledged before it is durable',
    file: 'core/raft/append.ts',
    find: '  state.outbox.sendDurable(leader, {',
    replace: '  state.outbox.sendNow(leader, {',
  },
  {
    id: 'L7',
    title: 'a stale refusal rewinds the next index below the match index',
    file: 'core/raft/progress.ts',
    find: '    const floor = this.matchIndex;\n    if (refused <= floor) return false;\n',
    replace: '    if (refused < this.matchIndex) this.matchIndex = retryAt;\n    const floor = this.matchIndex;\n',
  },
  {
    id: 'L8',
    title: 'the match index may regress',
    file: 'core/raft/progress.ts',
    find: '    if (index < this.matchIndex) return false;\n',
    replace: '',
  },
  {
    id: 'L9',
    title: 'a heartbeat carries an uncapped commit index',
    file: 'core/raft/heartbeat.ts',
    find: '  const commit = minOf(peer.matchIndex, state.log.commitIndex);',
    replace: '  const commit = minOf(state.log.commitIndex, state.log.commitIndex);',
  },
  {
    id: 'L11',
    title: 'a retry sends an empty append though entries wait',
    file: 'core/raft/replication.ts',
    find: '    peer.probeSent = false;\n    sendAppend(state, peer, appendEnd(state, peer));',
    replace: '    peer.probeSent = false;\n    probeInflight(state, peer);',
  },
  {
    id: 'L12',
    title: 'the sort of match indexes is broken',
    file: 'core/raft/quorum.ts',
    find: '(descending[at - 1] as number) < value)',
    replace: '(descending[at - 1] as number) > value)',
  },
];
