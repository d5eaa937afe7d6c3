/** Term and commit index never fall while a node runs; the durable term never falls at all. */
import { Violation } from '../../observer.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class CountersMonotone implements RaftOracle {
  readonly name: string = 'counters-monotone';
  readonly claim: string = 'Term and commit index of a node never fall.';
  private readonly durableTerms: Map<GroupView, number> = new Map();

  termChanged(view: GroupView, previous: number): void {
    if (view.term < previous)
      throw new Violation(this.name, `group ${view.group}: node ${view.node} fell back to term ${view.term}`, 'safety', {
        group: view.group,
        nodes: [view.node],
        term: view.term,
        facts: [`Node ${view.node} had reached term ${previous}.`, `Node ${view.node} is in term ${view.term}.`],
      });
  }

  committed(view: GroupView, from: number): void {
    if (view.commit < from)
      throw new Violation(this.name, `group ${view.group}: node ${view.node} lowered its commit index`, 'safety', {
        group: view.group,
        nodes: [view.node],
        index: view.commit,
        facts: [
          `Node ${view.node} had committed up to entry ${from}.`,
          `Node ${view.node} says it committed up to ${view.commit}.`,
        ],
      });
  }

  durable(view: GroupView): void {
    const before = this.durableTerms.get(view) ?? 0;
    if (view.durableTerm < before) {
      throw new Violation(this.name, `group ${view.group}: node ${view.node} made an older term durable`, 'safety', {
        group: view.group,
        nodes: [view.node],
        term: view.durableTerm,
        facts: [`The disk of node ${view.node} held term ${before}.`, `It holds the older term ${view.durableTerm} now.`],
      });
    }
    this.durableTerms.set(view, view.durableTerm);
  }
}
