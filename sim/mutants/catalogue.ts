/** All known bugs that can be put back by now, and the controls, in the order of reports. */
import { AUTHORIZATION_MUTANTS } from './authorization.ts';
import { CONTROLS } from './controls.ts';
import { DIVERGENCE_MUTANTS } from './divergence.ts';
import { ELECTION_MUTANTS } from './elections.ts';
import { GROUP_SNAPSHOT_MUTANTS } from './group-snapshots.ts';
import { HIBERNATION_MUTANTS } from './hibernation.ts';
import { LEDGER_MUTANTS } from './ledger.ts';
import { MEMBERSHIP_MUTANTS } from './membership.ts';
import type { Mutant } from './mutant.ts';
import { CLIENT_MUTANTS, READ_MUTANTS } from './reads-and-clients.ts';
import { RECOVERING_MUTANTS } from './recovering.ts';
import { REPLICATION_MUTANTS } from './replication.ts';
import { SEALING_MUTANTS } from './sealing.ts';
import { SNAPSHOT_MUTANTS } from './snapshots.ts';
import { STORAGE_MUTANTS } from './storage.ts';

/** Bugs that groups on their own show. */
export const GROUP_MUTANTS: readonly Mutant[] = [...MEMBERSHIP_MUTANTS, ...GROUP_SNAPSHOT_MUTANTS];

/** Of those the ones that no swarm has shown (absent.ts says why). */
const HIDDEN_FROM_THE_SWARM: readonly string[] = ['S10'];

export const MUTANTS: readonly Mutant[] = [
  ...ELECTION_MUTANTS,
  ...REPLICATION_MUTANTS,
  ...STORAGE_MUTANTS,
  ...SNAPSHOT_MUTANTS,
  ...RECOVERING_MUTANTS,
  ...GROUP_MUTANTS.filter(({ id }) => !HIDDEN_FROM_THE_SWARM.includes(id)),
  ...HIBERNATION_MUTANTS,
  ...READ_MUTANTS,
  ...CLIENT_MUTANTS,
  ...LEDGER_MUTANTS,
  ...AUTHORIZATION_MUTANTS,
  ...SEALING_MUTANTS,
  ...DIVERGENCE_MUTANTS,
  ...CONTROLS,
];
