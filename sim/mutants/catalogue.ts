/** All known bugs that can be put back by now, and the controls, in the order of reports. */
import { CONTROLS } from './controls.ts';
import { ELECTION_MUTANTS } from './elections.ts';
import { LEDGER_MUTANTS } from './ledger.ts';
import { MEMBERSHIP_MUTANTS } from './membership.ts';
import type { Mutant } from './mutant.ts';
import { CLIENT_MUTANTS, READ_MUTANTS } from './reads-and-clients.ts';
import { REPLICATION_MUTANTS } from './replication.ts';
import { SNAPSHOT_MUTANTS } from './snapshots.ts';
import { STORAGE_MUTANTS } from './storage.ts';

export const MUTANTS: readonly Mutant[] = [
  ...ELECTION_MUTANTS,
  ...REPLICATION_MUTANTS,
  ...STORAGE_MUTANTS,
  ...READ_MUTANTS,
  ...CLIENT_MUTANTS,
  ...LEDGER_MUTANTS,
  ...CONTROLS,
];

/** Bugs that only groups on their own can show: nothing in a simulated cluster changes members or compacts a log yet. */
export const GROUP_MUTANTS: readonly Mutant[] = [...MEMBERSHIP_MUTANTS, ...SNAPSHOT_MUTANTS];
