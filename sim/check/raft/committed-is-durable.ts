/**
 * When a commit is first seen anywhere, a quorum of voters holds the entry durably: the promise behind every acknowledgement.
 * Which quorum: of the configuration in force, or of the one at that index, where a newer one came into force in the same step.
 * The oracle judges by its own record of what each disk must hold, not by what the nodes claim.
 */
import type { LogIndex } from '../../../core/ids.ts';
import type { Raft } from '../../../core/raft/raft.ts';
import { Violation } from '../../observer.ts';
import type { Commitments } from './commitments.ts';
import { isQuorum } from './quorum.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class CommittedIsDurable implements RaftOracle {
  readonly name: string = 'committed-is-durable';
  readonly claim: string = 'A committed entry is durable on a quorum of voters.';
  private readonly commitments: Commitments;
  private readonly replicas: (group: number) => readonly GroupView[];
  /** Last index judged, by group. */
  private readonly judged: Map<number, number> = new Map();

  constructor(commitments: Commitments, replicas: (group: number) => readonly GroupView[]) {
    this.commitments = commitments;
    this.replicas = replicas;
  }

  committed(view: GroupView): void {
    this.commitments.learn(view);
    const first = (this.judged.get(view.group) ?? 0) + 1;
    if (first > view.commit) return;
    this.judged.set(view.group, view.commit);
    const raft = view.raft as Raft;
    const replicas = this.replicas(view.group);
    const configurations = [raft.status().configuration, raft.snapshotMeta(view.commit as LogIndex).configuration];
    for (let index = first; index <= view.commit; index += 1) {
      const term = view.terms[index - 1];
      const holders = replicas.filter((replica) => replica.durableTerms[index - 1] === term).map(({ id }) => id);
      if (!configurations.some((configuration) => isQuorum(configuration, holders))) {
        throw new Violation(
          this.name,
          `group ${view.group}: entry ${index} is committed on node ${view.node} with ${holders.length} durable copies, which are no quorum`,
          'safety',
          {
            group: view.group,
            nodes: [view.node],
            term: view.term,
            index,
            facts: [
              `Node ${view.node} has committed entry ${index}, so its client may be told that it is done.`,
              `Only ${holders.length} of ${replicas.length} disks are sure to hold the entry, which is no quorum of voters.`,
            ],
          },
        );
      }
    }
  }
}
