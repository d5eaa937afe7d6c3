/**
 * What a leader believes a follower to hold, the follower holds durably. Looked at when it begins to lead and when its commit
 * index moves: that is when the belief counts. Source: Ongaro 2014, figure 3.1 (matchIndex); trap: acknowledging the log's length.
 */
import type { Raft } from '../../../core/raft/raft.ts';
import { Violation } from '../../observer.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class MatchIndexTruthful implements RaftOracle {
  readonly name: string = 'match-index-truthful';
  readonly claim: string = 'A leader’s matchIndex for a follower never exceeds what the follower durably shares with it.';
  private readonly replicas: (group: number) => readonly GroupView[];

  constructor(replicas: (group: number) => readonly GroupView[]) {
    this.replicas = replicas;
  }

  becameLeader(view: GroupView): void {
    this.judge(view);
  }

  committed(view: GroupView): void {
    if (view.role === 'leader') this.judge(view);
  }

  private judge(view: GroupView): void {
    const { peers } = view.raft as Raft;
    for (const replica of this.replicas(view.group)) {
      const match = peers.find((peer) => peer.id === replica.id)?.matchIndex ?? 0;
      // A follower that has moved on to a newer leader may have dropped what this one still counts.
      if (match === 0 || replica.durableTerm > view.term) continue;
      if (replica.durableTerms[match - 1] !== view.terms[match - 1]) {
        throw new Violation(
          this.name,
          `group ${view.group}: leader ${view.node} counts entry ${match} on node ${replica.node}, which does not durably hold it`,
          'safety',
          {
            group: view.group,
            nodes: [replica.node, view.node],
            term: view.term,
            index: match,
            facts: [
              `Leader ${view.node} of term ${view.term} counts entry ${match} as held by node ${replica.node}.`,
              `The disk of node ${replica.node} is not sure to hold that entry; its durable log ends with entry ${replica.durableTerms.length}.`,
            ],
          },
        );
      }
    }
  }
}
