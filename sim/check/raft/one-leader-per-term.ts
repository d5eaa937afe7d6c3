/** Election safety. Source: Ongaro 2014, figure 3.2. */
import { Violation } from '../../observer.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class OneLeaderPerTerm implements RaftOracle {
  readonly name: string = 'one-leader-per-term';
  readonly claim: string = 'In each group, at most one node is ever leader in a term.';
  private readonly leaders: Map<string, number> = new Map();

  becameLeader(view: GroupView): void {
    const key = `${view.group}/${view.term}`;
    const known = this.leaders.get(key);
    if (known === undefined) this.leaders.set(key, view.node);
    else if (known !== view.node) {
      throw new Violation(
        this.name,
        `group ${view.group}: nodes ${known} and ${view.node} both lead term ${view.term}`,
        'safety',
        {
          group: view.group,
          nodes: [known, view.node],
          term: view.term,
          facts: [`Node ${known} became leader of term ${view.term}.`, `Node ${view.node} became leader of the same term.`],
        },
      );
    }
  }
}
