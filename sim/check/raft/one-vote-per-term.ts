/**
 * A vote is durable before it counts or leaves, and never changes within its term, whatever crashes.
 * Source: Ongaro 2014, figure 3.1 (persistent state), 3.8. The request for votes stands for the candidate's own vote.
 */
import type { NodeId } from '../../../core/ids.ts';
import { type Evidence, Violation } from '../../observer.ts';
import type { SendEffect } from '../../protocol.ts';
import type { VouchShape } from '../../vouch.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class OneVotePerTerm implements RaftOracle {
  readonly name: string = 'one-vote-per-term';
  readonly claim: string = 'A node votes for one candidate per term, and only durable votes leave the node.';

  durable(view: GroupView): void {
    this.check(view);
  }

  leaving(view: GroupView, effect: SendEffect<VouchShape>): void {
    const { message } = effect.envelope;
    if (message.kind === 'requestVoteResponse' && message.granted) this.demand(view, message.term, effect.to);
    else if (message.kind === 'requestVote') this.demand(view, message.term, view.id);
  }

  becameLeader(view: GroupView): void {
    this.demand(view, view.term, view.id);
  }

  private demand(view: GroupView, term: number, candidate: NodeId): void {
    const known = view.votes.get(term);
    // A node that durably moved on within the same step can vote in the old term no more: what leaves is its only vote there.
    if (known === undefined && view.durableTerm > term) view.votes.set(term, candidate);
    else if (known === undefined) {
      throw new Violation(
        this.name,
        `group ${view.group}: node ${view.node} lets its vote of term ${term} count before it is durable`,
        'safety',
        {
          group: view.group,
          nodes: [view.node],
          term,
          facts: [
            `Node ${view.node} lets its vote of term ${term} count.`,
            `Its disk knows of no vote in that term: the newest it is sure to hold is term ${view.durableTerm}. After a crash it could vote again.`,
          ],
        },
      );
    } else if (known !== candidate) {
      throw new Violation(
        this.name,
        `group ${view.group}: node ${view.node} voted for two candidates in term ${term}`,
        'safety',
        this.twice(view, term),
      );
    }
  }

  private check(view: GroupView): void {
    const first = view.durableVote === undefined ? undefined : view.votes.get(view.durableTerm);
    if (first !== view.durableVote) {
      throw new Violation(
        this.name,
        `group ${view.group}: node ${view.node} voted twice in term ${view.durableTerm}`,
        'safety',
        this.twice(view, view.durableTerm),
      );
    }
  }

  private twice(view: GroupView, term: number): Evidence {
    return {
      group: view.group,
      nodes: [view.node],
      term,
      facts: [
        `Node ${view.node} gave its vote of term ${term} to one candidate, durably.`,
        `Node ${view.node} gives a vote of the same term to another.`,
      ],
    };
  }
}
