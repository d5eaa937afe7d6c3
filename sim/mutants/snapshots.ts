/**
 * Known bugs of snapshots, as replacements in core/raft. No run of a swarm compacts a log, so they are hunted with random
 * schedules of groups alone (test/raft/known-bugs.test.ts).
 */
import type { Mutant } from './mutant.ts';

export const SNAPSHOT_MUTANTS: readonly Mutant[] = [
  {
    id: 'C6',
    title: 'an installed snapshot leaves the configuration as it was',
    file: 'core/raft/snapshot.ts',
    find: '  state.configurations.restore(meta, matches);',
    replace: '  state.configurations.restore({ index: meta.index, configuration: state.members.configuration }, matches);',
  },
  {
    id: 'S1',
    title: 'installing a snapshot discards a suffix that matches it',
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
