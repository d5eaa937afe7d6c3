/**
 * When a commit is first seen anywhere, a quorum of voters holds the entry durably: the promise behind every acknowledgement.
 * The oracle judges by its own record of what each disk must hold, not by what the nodes claim.
 */
import type { Configuration } from '../../../core/raft/message.ts';
import { Violation } from '../../observer.ts';
import type { Commitments } from './commitments.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class CommittedIsDurable implements RaftOracle {
  readonly name: string = 'committed-is-durable';
  readonly claim: string = 'A committed entry is durable on a quorum of voters.';
  private readonly commitments: Commitments;
  private readonly replicas: (group: number) => readonly GroupView[];
  private readonly configuration: () => Configuration;
  /** Last index judged, by group. */
  private readonly judged: Map<number, number> = new Map();

  constructor(options: {
    readonly commitments: Commitments;
    readonly replicas: (group: number) => readonly GroupView[];
    readonly configuration: () => Configuration;
  }) {
    this.commitments = options.commitments;
    this.replicas = options.replicas;
    this.configuration = options.configuration;
  }

  committed(view: GroupView): void {
    this.commitments.learn(view);
    const first = (this.judged.get(view.group) ?? 0) + 1;
    if (first > view.commit) return;
    this.judged.set(view.group, view.commit);
    const { voters } = this.configuration();
    const voting = this.replicas(view.group).filter((replica) => voters.includes(replica.id));
    const quorum = Math.floor(voting.length / 2) + 1;
    for (let index = first; index <= view.commit; index += 1) {
      const term = view.terms[index - 1];
      let copies = 0;
      for (const replica of voting) if (replica.durableTerms[index - 1] === term) copies += 1;
      if (copies < quorum) {
        throw new Violation(
          this.name,
          `group ${view.group}: entry ${index} is committed on node ${view.node} with ${copies} durable copies of ${quorum} needed`,
          'safety',
          {
            group: view.group,
            nodes: [view.node],
            term: view.term,
            index,
            facts: [
              `Node ${view.node} has committed entry ${index}, so its client may be told that it is done.`,
              `Only ${copies} of ${voting.length} disks are sure to hold the entry; ${quorum} are needed.`,
            ],
          },
        );
      }
    }
  }
}
