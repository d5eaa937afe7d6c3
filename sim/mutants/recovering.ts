/** Bugs of a damaged replica on its way back (core/replica/recovering.ts). */
import type { Mutant } from './mutant.ts';

export const RECOVERING_MUTANTS: readonly Mutant[] = [
  {
    id: 'R1',
    title: 'a damaged replica votes and acknowledges while it recovers',
    file: 'core/replica/replica.ts',
    find: '(!group.quarantined || group.recovering?.admits(message) === true)',
    replace: '(!group.quarantined || group.recovering !== undefined)',
  },
  {
    id: 'R2',
    title: 'a damaged replica takes any snapshot, also of a leader that it may have acknowledged more to',
    file: 'core/replica/recovering.ts',
    find: 'this.bound = options.isForgetful ? undefined : options.term;',
    replace: 'this.bound = 0 as Term;',
  },
  {
    id: 'R3',
    title: 'a damaged replica takes part again before its log says that it is healed',
    file: 'core/replica/install-records.ts',
    find: "    { ...mark, log: 'healed' },",
    replace: "    { ...mark, log: 'restarts' },",
  },
  {
    id: 'R4',
    title: 'a leader that a damaged replica may have acknowledged to does not give way to a later one',
    file: 'core/replica/recovery-help.ts',
    find: 'if (raft.term <= above) {',
    replace: 'if (raft.term < 0) {',
  },
];
