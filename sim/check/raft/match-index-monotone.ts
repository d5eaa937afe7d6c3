/**
 * What a leader knows of a follower it does not forget within its term, however late or often an answer arrives: what it
 * may send next stays behind what it knows to be there. Source: Ongaro 2014, 3.5; Progress in etcd/raft.
 */
import type { NodeId } from '../../../core/ids.ts';
import { isVoter } from '../../../core/raft/configuration.ts';
import type { Raft } from '../../../core/raft/raft.ts';
import { type Evidence, Violation } from '../../observer.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

interface Tenure {
  term: number;
  /** Highest match index seen, by member. */
  readonly matches: Map<NodeId, number>;
}

/** Not one that is only told that it has no place any more. Asked for every frame: allocates nothing. */
function isMember(raft: Raft, id: NodeId): boolean {
  const { configuration } = raft.newestConfiguration;
  return isVoter(configuration, id) || configuration.learners.includes(id);
}

export class MatchIndexMonotone implements RaftOracle {
  readonly name: string = 'match-index-monotone';
  readonly claim: string = 'Within a term a leader’s matchIndex for a follower never falls, and nextIndex stays above it.';
  private readonly tenures: Map<GroupView, Tenure> = new Map();

  heard(view: GroupView): void {
    if (view.role !== 'leader') return;
    const { matches } = this.tenureOf(view);
    const raft = view.raft as Raft;
    for (const { id, matchIndex, nextIndex } of raft.peers) {
      const before = matches.get(id) ?? 0;
      if (matchIndex < before) throw this.broken(view, `forgets that a follower holds entry ${before}`, before);
      if (nextIndex <= matchIndex)
        throw this.broken(view, `goes back behind entry ${matchIndex} that a follower holds`, matchIndex);
      if (isMember(raft, id)) matches.set(id, matchIndex);
    }
  }

  /** Of who is let go a leader keeps nothing: coming back, it begins anew. */
  appended(view: GroupView): void {
    const raft = view.raft as Raft;
    const matches = this.tenures.get(view)?.matches;
    if (matches === undefined) return;
    for (const id of matches.keys()) if (!isMember(raft, id)) matches.delete(id);
  }

  private tenureOf(view: GroupView): Tenure {
    let tenure = this.tenures.get(view);
    if (tenure === undefined) {
      tenure = { term: 0, matches: new Map() };
      this.tenures.set(view, tenure);
    }
    if (tenure.term !== view.term) {
      tenure.term = view.term;
      tenure.matches.clear();
    }
    return tenure;
  }

  private broken(view: GroupView, what: string, index: number): Violation {
    const evidence: Evidence = { group: view.group, nodes: [view.node], term: view.term, index };
    return new Violation(this.name, `group ${view.group}: leader ${view.node} ${what}`, 'safety', evidence);
  }
}
