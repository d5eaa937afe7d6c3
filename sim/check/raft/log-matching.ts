/**
 * Two entries of one index and term are the same entry, and so is everything before them.
 * Checked by induction: each appended entry is compared with the first one seen of its index and term, and so is the term
 * of its predecessor. Source: Ongaro 2014, figure 3.2.
 */
import type { Entry } from '../../../core/raft/message.ts';
import { Violation } from '../../observer.ts';
import { sameData } from './same-entry.ts';
import type { GroupView } from './view.ts';
import { entryOf, type RaftOracle } from './watch.ts';

interface Seen {
  readonly entry: Entry;
  readonly previousTerm: number;
}

export class LogMatching implements RaftOracle {
  readonly name: string = 'log-matching';
  readonly claim: string = 'If two logs hold an entry of the same index and term, they are identical up to there.';
  /** seen[group][index - 1] lists one entry per term. */
  private readonly seen: Map<number, Seen[][]> = new Map();

  appended(view: GroupView, from: number): void {
    const byIndex = this.groupOf(view.group);
    for (let index = from; index <= view.last; index += 1) {
      const entry = entryOf(view, index);
      const previousTerm = index === 1 ? 0 : (view.terms[index - 2] as number);
      while (byIndex.length < index) byIndex.push([]);
      const sameIndex = byIndex[index - 1] as Seen[];
      const known = sameIndex.find((seen) => seen.entry.term === entry.term);
      if (known === undefined) sameIndex.push({ entry, previousTerm });
      else if (known.previousTerm !== previousTerm || !sameEntry(known.entry, entry)) {
        throw new Violation(
          this.name,
          `group ${view.group}: node ${view.node} holds another entry ${index} of term ${entry.term} than was seen before`,
          'safety',
          {
            group: view.group,
            nodes: [view.node],
            term: entry.term,
            index,
            facts: [
              `An entry ${index} of term ${entry.term} was seen, behind one of term ${known.previousTerm}.`,
              `Node ${view.node} holds another entry ${index} of the same term, behind one of term ${previousTerm}.`,
            ],
          },
        );
      }
    }
  }

  private groupOf(group: number): Seen[][] {
    let byIndex = this.seen.get(group);
    if (byIndex === undefined) {
      byIndex = [];
      this.seen.set(group, byIndex);
    }
    return byIndex;
  }
}

function sameEntry(a: Entry, b: Entry): boolean {
  return a === b || (a.kind === b.kind && sameData(a.data, b.data));
}
