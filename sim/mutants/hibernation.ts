/**
 * A known bug of sleeping groups, as a replacement in core/replica. Others are shown by test/replica/hibernation.test.ts: that a beat
 * says which groups it speaks of, and that a leader which hears no quorum wakes; a swarm meets what they need too seldom.
 */
import type { Mutant } from './mutant.ts';

export const HIBERNATION_MUTANTS: readonly Mutant[] = [
  {
    id: 'H1',
    title: 'what the directory wants does not wake the groups that it concerns',
    file: 'core/replica/group.ts',
    find: '    if (!this.leading || this.leadership.isSettled(now)) return;\n    this.raft.wake(now);\n',
    replace: '    return;\n',
  },
  {
    id: 'H2',
    title: 'a follower that sleeps never misses its leader',
    file: 'core/replica/hibernation.ts',
    find: '    return plus(confirmedAt, this.host.timing.electionTimeoutMinMicros);',
    replace: '    return confirmedAt < 0 ? confirmedAt : NEVER;',
  },
];
