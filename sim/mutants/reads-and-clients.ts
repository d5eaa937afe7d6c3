/** Known bugs of reads and of client sessions. */
import type { Mutant } from './mutant.ts';

export const READ_MUTANTS: readonly Mutant[] = [
  {
    id: 'T1',
    title: 'a lease is measured from when its answers came',
    file: 'core/raft/lease.ts',
    find: '  lease.confirm(members.quorumReadRound());',
    replace:
      '  const before = lease.until;\n  lease.confirm(members.quorumReadRound());\n  if (lease.until !== before) lease.until = (state.now + leaseMicros(state.options.timing, state.options.leaseClockRatePpm ?? 0)) as Micros;',
  },
  {
    id: 'T2',
    title: 'a lease lasts as long as a promise: clocks are believed to be equal',
    file: 'core/raft/lease.ts',
    find: '  return Math.floor(((timing.electionTimeoutMinMicros - 1) * (PPM - ratePpm)) / (PPM + ratePpm));',
    replace: '  return timing.electionTimeoutMinMicros - 1;',
  },
  {
    id: 'T3',
    title: 'a lease survives a pause: requests are answered on the clock that the last timer read',
    file: 'core/replica/replica.ts',
    find: '    this.now = input.now;\n',
    replace:
      "    const cached = this as unknown as { read?: Micros };\n    if (input.kind === 'deadline') cached.read = input.now;\n    this.now = input.kind === 'request' ? (cached.read ?? input.now) : input.now;\n",
  },
  {
    id: 'T4',
    title: 'a transfer does not end the lease',
    file: 'core/raft/transfer.ts',
    find: '  state.lease.forfeit(); // the votes it asks for ignore what was promised to this leader\n',
    replace: '',
  },
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
    title: 'an old read round confirms a new read: it joins one whose heartbeats have left',
    scenario: 'sleeping-leader',
    file: 'core/raft/read-index.ts',
    find: '  beginRound(state);\n  return state.reads.round;',
    replace: '  if (state.reads.round === 0) beginRound(state);\n  return state.reads.round;',
  },
  {
    id: 'T8',
    title: 'a read is answered before its index is applied',
    file: 'core/replica/pending-reads.ts',
    find: '      if (round.index <= applied) ready.push(...round.reads);',
    replace: '      if (round.index <= applied + 1_000_000) ready.push(...round.reads);',
  },
  {
    id: 'T9',
    title: 'the leader closes a time by its clock, ahead of what it has in flight',
    file: 'core/replica/group-reads.ts',
    find: '    if (time < state.lastTime) return this.answerOne(read);',
    replace: '    if (time < state.lastTime || (leading && time < wall)) return this.answerOne(read);',
  },
  {
    id: 'T10',
    title: 'the local clock decides what has expired',
    file: 'core/state/vault-query.ts',
    find: "isLive(leaf.expiresAt, view.time);\n  const answer = (bytes: Uint8Array): ClientResult => ({\n    kind: 'entity',",
    replace:
      "isLive(leaf.expiresAt, Date.now() * 1000);\n  const answer = (bytes: Uint8Array): ClientResult => ({\n    kind: 'entity',",
  },
  {
    id: 'T11',
    title: 'a bounded read may be ten times as old as it was allowed to be',
    file: 'core/replica/group-reads.ts',
    find: 'body.consistency.boundedMs * 1000)',
    replace: 'body.consistency.boundedMs * 10_000)',
  },
  {
    id: 'T12',
    title: 'an answer to an old heartbeat counts for the newest round of reads',
    file: 'core/raft/replication.ts',
    find: 'peer.readRound = Math.max(peer.readRound, message.context);',
    replace: 'peer.readRound = state.reads.round;',
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
