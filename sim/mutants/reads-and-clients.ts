/** Known bugs of reads and of client sessions. */
import type { Mutant } from './mutant.ts';

export const READ_MUTANTS: readonly Mutant[] = [
  {
    id: 'T5',
    title: 'a read index without a quorum round',
    file: 'core/raft/read-index.ts',
    find: '  const confirmedRound = members.quorumReadRound();',
    replace: '  const confirmedRound = Math.max(members.quorumReadRound(), reads.round);',
  },
  {
    id: 'T6',
    title: 'a read index before an entry of the own term is committed',
    file: 'core/raft/read-index.ts',
    find: '  if (!state.ownTermCommitted()) return;\n  read.round',
    replace: '  read.round',
  },
  {
    id: 'T7',
    title: 'an old read round confirms a new read',
    file: 'core/raft/read-index.ts',
    find: '  if (!reads.roundLeft) return reads.round;\n',
    replace: '  if (!reads.roundLeft || reads.round > 0) return reads.round;\n',
  },
  {
    id: 'T8',
    title: 'a read is answered before its index is applied',
    file: 'core/replica/pending-reads.ts',
    find: '      if (round.index <= applied) ready.push(...round.reads);',
    replace: '      if (round.index <= applied + 1_000_000) ready.push(...round.reads);',
  },
  {
    id: 'T10',
    title: 'the local clock decides what has expired',
    file: 'core/state/vault-query.ts',
    find: "  const present = leaf !== undefined && isLive(leaf.expiresAt, vault.time);\n  return {\n    kind: 'entity',",
    replace:
      "  const present = leaf !== undefined && isLive(leaf.expiresAt, Date.now() * 1000);\n  return {\n    kind: 'entity',",
  },
];

export const CLIENT_MUTANTS: readonly Mutant[] = [
  {
    id: 'X2',
    title: 'a retry is applied twice',
    file: 'core/state/sessions.ts',
    find: '    if (kept !== undefined) {\n',
    replace: '    if (kept !== undefined && kept.answer.result === undefined) {\n',
  },
  {
    id: 'X3',
    title: 'a lost answer is reported as a failure',
    file: 'core/client/verdict.ts',
    find: "    case 'unknown_outcome':\n    case 'unavailable':",
    replace:
      "    case 'unknown_outcome':\n      return { kind: 'error', code: 'unavailable', message: result.message };\n    case 'unavailable':",
  },
  {
    id: 'X4',
    title: 'the local clock says when a session was last used',
    file: 'core/state/sessions.ts',
    find: '    session.lastUsed = now;\n',
    replace: '    session.lastUsed = (Date.now() * 1000) as Micros;\n',
  },
];
