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
      throw new Violation(this.name, `group ${view.group}: node ${view.node} fell back to term ${view.term}`);
  }

  committed(view: GroupView, from: number): void {
    if (view.commit < from) throw new Violation(this.name, `group ${view.group}: node ${view.node} lowered its commit index`);
  }

  durable(view: GroupView): void {
    const before = this.durableTerms.get(view) ?? 0;
    if (view.durableTerm < before) {
      throw new Violation(this.name, `group ${view.group}: node ${view.node} made an older term durable`);
    }
    this.durableTerms.set(view, view.durableTerm);
  }
}
