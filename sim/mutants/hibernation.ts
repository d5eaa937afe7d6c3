/** Known bugs of sleeping groups, as replacements in core/replica and core/raft. All of them leave somebody asleep for ever. */
import type { Mutant } from './mutant.ts';

export const HIBERNATION_MUTANTS: readonly Mutant[] = [
  {
    id: 'H1',
    title: 'a beat counts without a look at which groups it speaks of',
    file: 'core/replica/hibernation.ts',
    find: '    if (followed?.groups.isSum(sum) === true) followed.confirmedAt',
    replace: '    if (followed !== undefined) followed.confirmedAt',
  },
  {
    id: 'H2',
    title: 'a leader that hears no quorum sleeps on',
    file: 'core/replica/hibernation.ts',
    find: 'for (const { group } of groups.list()) this.wakeWithoutQuorum(group);',
    replace: '',
  },
  {
    id: 'H3',
    title: 'a group sleeps with a learner that waits to become a voter',
    file: 'core/raft/hibernation.ts',
    find: ' && !members.configuration.promotable.includes(peer.id)',
    replace: '',
  },
  {
    id: 'H4',
    title: 'what the directory wants does not wake the groups that it concerns',
    file: 'core/replica/group.ts',
    find: '    if (!this.leading) return;\n    this.raft.wake(now);\n',
    replace: '    return;\n',
  },
];
