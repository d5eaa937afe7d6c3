/** Known bugs of sleeping groups, as replacements in core/replica and core/raft. All of them leave somebody asleep for ever. */
import type { Mutant } from './mutant.ts';

export const HIBERNATION_MUTANTS: readonly Mutant[] = [
  {
    id: 'H1',
    title: 'a leader that hears no quorum sleeps on',
    file: 'core/replica/hibernation.ts',
    find: 'for (const { group } of groups.list()) this.wakeWithoutQuorum(group);',
    replace: '',
  },
  {
    id: 'H2',
    title: 'what the directory wants does not wake the groups that it concerns',
    file: 'core/replica/group.ts',
    find: '    if (!this.leading) return;\n    this.raft.wake(now);\n',
    replace: '    return;\n',
  },
];
