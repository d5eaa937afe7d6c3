/** A leader was elected by durable votes of a quorum of voters, each counted once. Source: Ongaro 2014, 3.4. */
import type { Configuration } from '../../../core/raft/message.ts';
import { Violation } from '../../observer.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class ElectedByQuorum implements RaftOracle {
  readonly name: string = 'elected-by-quorum';
  readonly claim: string = 'Whoever leads a term holds durable votes of a quorum of voters in it.';
  private readonly replicas: (group: number) => readonly GroupView[];
  private readonly configuration: () => Configuration;

  constructor(options: {
    readonly replicas: (group: number) => readonly GroupView[];
    readonly configuration: () => Configuration;
  }) {
    this.replicas = options.replicas;
    this.configuration = options.configuration;
  }

  becameLeader(view: GroupView): void {
    const { voters } = this.configuration();
    const quorum = Math.floor(voters.length / 2) + 1;
    let votes = 0;
    for (const replica of this.replicas(view.group)) {
      if (voters.includes(replica.id) && replica.votes.get(view.term) === view.id) votes += 1;
    }
    if (votes >= quorum) return;
    throw new Violation(
      this.name,
      `group ${view.group}: node ${view.node} leads term ${view.term} with ${votes} durable votes of ${quorum} needed`,
      'safety',
      {
        group: view.group,
        nodes: [view.node],
        term: view.term,
        facts: [
          `Node ${view.node} became leader of term ${view.term}.`,
          `Only ${votes} of ${voters.length} disks hold a vote for it in that term; ${quorum} are needed.`,
        ],
      },
    );
  }
}
