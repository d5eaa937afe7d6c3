/** Known bugs of snapshots within core/raft, hunted with random schedules of groups alone (test/raft/known-bugs.test.ts). */
import type { Mutant } from './mutant.ts';

export const GROUP_SNAPSHOT_MUTANTS: readonly Mutant[] = [
  {
    id: 'C6',
    title: 'an installed snapshot leaves the configuration as it was',
    file: 'core/raft/snapshot.ts',
    find: '  state.configurations.restore(meta, matches);',
    replace: '  state.configurations.restore({ index: meta.index, configuration: state.members.configuration }, matches);',
  },
  {
    id: 'S10',
    title: 'raft forgets a suffix that matches a snapshot which it installs',
    file: 'core/raft/snapshot.ts',
    find: '  return log.matches(meta.index, meta.term);',
    replace: '  return meta.index > log.lastIndex && log.matches(meta.index, meta.term);',
  },
  {
    id: 'S2',
    title: 'installing a snapshot keeps a suffix that conflicts with it',
    file: 'core/raft/snapshot.ts',
    find: '  return log.matches(meta.index, meta.term);',
    replace: '  return meta.index <= log.lastIndex;',
  },
];
