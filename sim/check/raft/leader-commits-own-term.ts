/**
 * A leader moves its commit index only to an entry of its own term: an older one may be on a quorum and still be replaced
 * (figure 3.7). Looked at where it happens, because the loss that follows needs three more crashes in the right order.
 * Source: Ongaro 2014, 3.6.2.
 */
import { Violation } from '../../observer.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class LeaderCommitsOwnTerm implements RaftOracle {
  readonly name: string = 'leader-commits-own-term';
  readonly claim: string = 'A leader commits by counting only entries of its own term, and older ones with them.';

  committed(view: GroupView): void {
    if (view.role !== 'leader' || view.terms[view.commit - 1] === view.term) return;
    throw new Violation(
      this.name,
      `group ${view.group}: leader ${view.node} of term ${view.term} commits entry ${view.commit} of term ${view.terms[view.commit - 1]}`,
    );
  }
}
