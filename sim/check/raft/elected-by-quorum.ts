/**
 * A leader was elected by durable votes of a quorum of voters, each counted once. By the winner's own
 * configuration, each half of a joint one. Source: Ongaro 2014, 3.4, 4.3.
 */
import { isVoter } from '../../../core/raft/configuration.ts';
import type { Raft } from '../../../core/raft/raft.ts';
import { Violation } from '../../observer.ts';
import { isQuorum } from './quorum.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class ElectedByQuorum implements RaftOracle {
  readonly name: string = 'elected-by-quorum';
  readonly claim: string = 'Whoever leads a term holds durable votes of a quorum of voters in it.';
  private readonly replicas: (group: number) => readonly GroupView[];

  constructor(replicas: (group: number) => readonly GroupView[]) {
    this.replicas = replicas;
  }

  becameLeader(view: GroupView): void {
    const { configuration } = (view.raft as Raft).status();
    const voting = this.replicas(view.group).filter(({ id }) => isVoter(configuration, id));
    const granted = voting.filter(({ votes }) => votes.get(view.term) === view.id).map(({ id }) => id);
    if (isQuorum(configuration, granted)) return;
    throw new Violation(
      this.name,
      `group ${view.group}: node ${view.node} leads term ${view.term} with ${granted.length} durable votes of ${voting.length} voters`,
      'safety',
      {
        group: view.group,
        nodes: [view.node],
        term: view.term,
        facts: [
          `Node ${view.node} became leader of term ${view.term}.`,
          `Only ${granted.length} of ${voting.length} disks of voters hold a vote for it in that term, which is no quorum.`,
        ],
      },
    );
  }
}
