/**
 * What a leader knows of a follower it does not forget within its term, however late or often an answer arrives: what it
 * may send next stays behind what it knows to be there. Source: Ongaro 2014, 3.5; Progress in etcd/raft.
 */
import type { Raft } from '../../../core/raft/raft.ts';
import { type Evidence, Violation } from '../../observer.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

interface Tenure {
  term: number;
  /** Highest match index seen, by position of the peer. */
  readonly matches: number[];
}

export class MatchIndexMonotone implements RaftOracle {
  readonly name: string = 'match-index-monotone';
  readonly claim: string = 'Within a term a leader’s matchIndex for a follower never falls, and nextIndex stays above it.';
  private readonly tenures: Map<GroupView, Tenure> = new Map();

  heard(view: GroupView): void {
    if (view.role !== 'leader') return;
    const { matches } = this.tenureOf(view);
    const { peers } = view.raft as Raft;
    for (let position = 0; position < peers.length; position += 1) {
      const { matchIndex, nextIndex } = peers[position] as (typeof peers)[number];
      const before = matches[position] ?? 0;
      if (matchIndex < before) throw this.broken(view, `forgets that a follower holds entry ${before}`, before);
      if (nextIndex <= matchIndex)
        throw this.broken(view, `goes back behind entry ${matchIndex} that a follower holds`, matchIndex);
      matches[position] = matchIndex;
    }
  }

  private tenureOf(view: GroupView): Tenure {
    let tenure = this.tenures.get(view);
    if (tenure === undefined) {
      tenure = { term: 0, matches: [] };
      this.tenures.set(view, tenure);
    }
    if (tenure.term !== view.term) {
      tenure.term = view.term;
      tenure.matches.length = 0;
    }
    return tenure;
  }

  private broken(view: GroupView, what: string, index: number): Violation {
    const evidence: Evidence = { group: view.group, nodes: [view.node], term: view.term, index };
    return new Violation(this.name, `group ${view.group}: leader ${view.node} ${what}`, 'safety', evidence);
  }
}
