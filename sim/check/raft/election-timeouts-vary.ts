/**
 * Nodes draw their election timeouts anew, each for itself. Nodes that always wait equally long split every vote where delays
 * are even; the drawn delays of a simulation would hide that, so the timeouts themselves are looked at: how long a node
 * waits from the step in which its role or term changed. Source: Ongaro 2014, 3.4, 9.3.
 */
import { Violation } from '../../observer.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

/** Equal ones in a row. Why so many: `raft.eager-election` sets six of ten to the minimum where it is set to. */
const EQUAL_MAX = 40;

export class ElectionTimeoutsVary implements RaftOracle {
  readonly name: string = 'election-timeouts-vary';
  readonly claim: string = 'Election timeouts are drawn anew at random, so that split votes come to an end.';
  private last: number = -1;
  private equal: number = 0;

  timerSet(view: GroupView, micros: number): void {
    this.equal = micros === this.last ? this.equal + 1 : 1;
    this.last = micros;
    if (this.equal < EQUAL_MAX) return;
    throw new Violation(
      this.name,
      `group ${view.group}: node ${view.node} waits ${micros} µs for a leader, as everybody did ${this.equal} times in a row`,
      'liveness',
      { group: view.group, nodes: [view.node], term: view.term },
    );
  }
}
