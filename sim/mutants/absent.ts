/** Bugs of the list of known bugs that are not put back, each with the reason. */

export interface Absent {
  readonly id: string;
  readonly title: string;
  readonly reason: string;
}

const MEMBERSHIP = 'no membership changes yet';
const SNAPSHOTS = 'no snapshots yet';
const PAGES = 'no pages on disk yet: the state is rebuilt from the whole log';
const LEASES = 'no leases yet';
const SIGNATURES = 'no signed roots yet';

export const ABSENT_MUTANTS: readonly Absent[] = [
  { id: 'E5', title: 'a non-voter’s vote counts', reason: MEMBERSHIP },
  { id: 'C1', title: 'learners are counted in the quorum', reason: MEMBERSHIP },
  { id: 'C2', title: 'a change is active at its commit instead of its append', reason: MEMBERSHIP },
  { id: 'C3', title: 'two changes are pending', reason: MEMBERSHIP },
  { id: 'C4', title: 'a joint quorum is a majority of the union', reason: MEMBERSHIP },
  { id: 'C5', title: 'an uncommitted configuration is not rolled back on truncation', reason: MEMBERSHIP },
  { id: 'C6', title: 'the configuration is missing from the snapshot', reason: SNAPSHOTS },
  { id: 'C7', title: 'a wiped node votes again under the same identity', reason: MEMBERSHIP },
  { id: 'S1', title: 'an install discards a matching suffix', reason: SNAPSHOTS },
  { id: 'S2', title: 'an install keeps a conflicting suffix', reason: SNAPSHOTS },
  { id: 'S3', title: 'an older snapshot regresses what is applied', reason: SNAPSHOTS },
  { id: 'S4', title: 'a snapshot is acknowledged before it is durable', reason: SNAPSHOTS },
  { id: 'S5', title: 'the session table is not in the snapshot', reason: SNAPSHOTS },
  { id: 'S6', title: 'the log is purged before the snapshot is durable', reason: SNAPSHOTS },
  { id: 'S7', title: 'a chunk is not checked against the root', reason: SNAPSHOTS },
  { id: 'D7', title: 'the superblock is overwritten in place', reason: PAGES },
  { id: 'D8', title: 'a checkpoint’s superblock is written before its pages are durable', reason: PAGES },
  { id: 'T1', title: 'a lease from the time of the acknowledgement', reason: LEASES },
  { id: 'T2', title: 'a lease without a bound on drift', reason: LEASES },
  { id: 'T3', title: 'a lease survives a pause', reason: LEASES },
  { id: 'T4', title: 'a transfer does not end the lease', reason: LEASES },
  { id: 'T9', title: 'a closed timestamp ahead of an in-flight write', reason: 'no closed timestamps yet' },
  { id: 'X1', title: 'the session table is only in memory', reason: `${PAGES}, and the session table with it` },
  {
    id: 'V4',
    title: 'map order leaks into apply',
    reason: `${SNAPSHOTS}: every replica builds its maps from the whole log, so their order is the same`,
  },
  { id: 'V7', title: 'a completeness proof may hide a leaf', reason: 'no completeness proofs yet' },
  { id: 'V8', title: 'a node signs before commit', reason: SIGNATURES },
  { id: 'V9', title: 'a signer forgets what it signed after a crash', reason: SIGNATURES },
];
