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
    replace: '  const first = (entries[0]?.index ?? 0) > log.commitIndex ? 0 : log.firstNew(entries);',
  },
  {
    id: 'L3',
    title: 'a follower acknowledges the length that its log had',
    file: 'core/raft/append.ts',
    find: '  if (!store(state, message.entries)) {\n    state.dropped += 1;\n    return;\n  }\n  const verified = plus(message.prevIndex, message.entries.length);\n  const committed = minOf(message.commit, verified);\n  state.log.commitTo(committed);\n  acknowledge(state, from, verified);',
    replace:
      '  const { lastIndex } = state.log;\n  if (!store(state, message.entries)) {\n    state.dropped += 1;\n    return;\n  }\n  const verified = plus(message.prevIndex, message.entries.length);\n  const committed = minOf(message.commit, verified);\n  state.log.commitTo(committed);\n  acknowledge(state, from, lastIndex > verified ? lastIndex : verified);',
  },
  {
    id: 'L4',
    title: 'a follower’s commit index is not capped by what was verified',
    file: 'core/raft/append.ts',
    find: '  if (!state.log.matches(message.prevIndex, message.prevTerm)) {\n    refuse(',
    replace:
      '  state.log.commitTo(message.commit);\n  if (!state.log.matches(message.prevIndex, message.prevTerm)) {\n    refuse(',
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
    replace: '    const floor = INDEX_ZERO;\n',
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
    id: 'L10',
    title: 'a conflicting entry at the first position is kept, and the rest appended behind it',
    file: 'core/raft/log.ts',
    find: '    let position = 0;\n    while (position < entries.length && this.matches(',
    replace:
      '    let position = entries[0] !== undefined && entries[0].index > this.committed && entries[0].index <= this.lastIndex ? 1 : 0;\n    while (position < entries.length && this.matches(',
  },
  {
    id: 'L11',
    title: 'a retry sends an empty append where the logs meet, though entries wait',
    file: 'core/raft/replication.ts',
    find: '  } else if (peer.matchIndex < state.log.lastIndex) {\n    probeInflight(state, peer);',
    replace:
      "  } else if (peer.matchIndex < state.log.lastIndex) {\n    const { log, term } = state;\n    const prevIndex = peer.matchIndex;\n    state.outbox.sendNow(peer.id, { kind: 'appendEntries', term, prevIndex, prevTerm: log.termAt(prevIndex), commit: log.commitIndex, entries: NO_ENTRIES });",
  },
  {
    id: 'L12',
    title: 'the sort of match indexes is broken',
    file: 'core/raft/quorum.ts',
    find: '(descending[at - 1] as number) < value)',
    replace: '(descending[at - 1] as number) > value)',
  },
  {
    id: 'L13',
    title: 'what is committed counts as applied',
    file: 'core/replica/group-reads.ts',
    find: '    const ready = this.pending.takeReady(this.state.lastApplied);',
    replace: '    const ready = this.pending.takeReady(this.raft.commitIndex);',
  },
  {
    id: 'L14',
    title: 'the commit index follows the leader’s word, backwards too',
    file: 'core/raft/log.ts',
    find: '    if (target <= this.committed) return false;',
    replace: '    if (target === this.committed) return false;',
  },
  {
    id: 'L15',
    title: 'heartbeats are due again at once',
    file: 'core/raft/heartbeat.ts',
    find: 'plus(state.now, state.options.timing.heartbeatMicros)',
    replace: 'plus(state.now, 1)',
  },
  {
    id: 'L16',
    title: 'an acknowledgement frees no place in the window of appends',
    file: 'core/raft/progress.ts',
    find: '    this.inflight.freeTo(index);\n',
    replace: '',
  },
];
