/**
 * Known bugs of membership changes, as replacements in core/raft: hunted with random schedules of groups alone
 * (test/raft/known-bugs.test.ts), and those that worlds with an operator can show by the swarm too.
 */
import type { Mutant } from './mutant.ts';

export const MEMBERSHIP_MUTANTS: readonly Mutant[] = [
  {
    id: 'C1',
    title: 'learners are counted in the quorum',
    file: 'core/raft/members.ts',
    find: 'this.incoming = all.filter((member) => voters.includes(member.id));',
    replace: 'this.incoming = all.filter((member) => voters.includes(member.id) || configuration.learners.includes(member.id));',
  },
  {
    id: 'C2',
    title: 'a configuration is in force once it is committed, not once it is in the log',
    file: 'core/raft/state.ts',
    find: '    if (this.configurations.append(entry)) this.configurationChanged();\n',
    replace:
      '    this.configurations.append(entry);\n    const { configuration } = this.configurations.at(this.log.commitIndex);\n    if (configuration !== this.members.configuration) {\n      this.members.change(configuration, [], (member) => member.reset(entry.index, this.now));\n      if (this.role !== "leader") this.restartElectionTimer();\n    }\n',
  },
  {
    id: 'C3',
    title: 'a second change is taken while one is on its way',
    file: 'core/raft/membership.ts',
    find: "  if (hasPendingChange(state)) return 'pending_change';\n",
    replace: '',
  },
  {
    id: 'C4',
    title: 'a joint quorum is a majority of the union of both halves',
    file: 'core/raft/quorum.ts',
    find: '  return Math.min(reachedByMajority(incoming, measure), reachedByMajority(outgoing, measure));',
    replace: '  return reachedByMajority([...new Set([...incoming, ...outgoing])], measure);',
  },
  {
    id: 'C5',
    title: 'a configuration stays in force when the log loses its entry',
    scenario: 'mute-leader',
    file: 'core/raft/state.ts',
    find: "    if (!this.configurations.truncate(from)) return;\n    this.mark('raft.configuration-rolled-back');\n    this.configurationChanged();\n",
    replace: '    this.configurations.truncate(from);\n',
  },
];
