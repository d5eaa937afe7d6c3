/** State machine safety, seen from the log: what one node has committed, no other commits differently and none drops. */

import type { Raft } from '../../../core/raft/raft.ts';
import { Violation } from '../../observer.ts';
import type { Commitments } from './commitments.ts';
import { sameData } from './same-entry.ts';
import type { GroupView } from './view.ts';
import { entryOf, type RaftOracle } from './watch.ts';

export class CommittedIsImmutable implements RaftOracle {
  readonly name: string = 'committed-is-immutable';
  readonly claim: string = 'A committed entry never changes: all nodes commit the same entry at an index, and none truncates it.';
  private readonly commitments: Commitments;

  constructor(commitments: Commitments) {
    this.commitments = commitments;
  }

  committed(view: GroupView, from: number): void {
    this.commitments.learn(view);
    const known = this.commitments.of(view.group);
    for (let index = from + 1; index <= view.commit; index += 1) {
      const first = known[index - 1]?.entry;
      const raft = view.raft as Raft;
      if (index < raft.baseIndex) continue; // a snapshot stands for it; the state oracles compare that
      const own = index === raft.baseIndex ? { term: view.termAt(raft, index), data: first?.data } : entryOf(view, index);
      if (first === own) continue;
      if (first === undefined || first.term !== own.term || own.data === undefined || !sameData(first.data, own.data)) {
        throw new Violation(
          this.name,
          `group ${view.group}: node ${view.node} commits another entry ${index} than was committed`,
          'safety',
          {
            group: view.group,
            nodes: [view.node],
            index,
            facts: [
              `Entry ${index} was committed${first === undefined ? '' : ` with term ${first.term}`}.`,
              `Node ${view.node} commits another entry ${index}, of term ${own.term}.`,
            ],
          },
        );
      }
    }
  }

  truncated(view: GroupView, from: number): void {
    if (from <= view.commit) {
      throw new Violation(
        this.name,
        `group ${view.group}: node ${view.node} dropped entry ${from} that it had committed`,
        'safety',
        {
          group: view.group,
          nodes: [view.node],
          index: from,
          facts: [
            `Node ${view.node} had committed everything up to entry ${view.commit}.`,
            `Node ${view.node} drops its log from entry ${from} on.`,
          ],
        },
      );
    }
  }
}
