/** A leader holds every entry committed in earlier terms. Source: Ongaro 2014, figure 3.2, 3.6.3. */
import { Violation } from '../../observer.ts';
import type { Commitments } from './commitments.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class LeaderCompleteness implements RaftOracle {
  readonly name: string = 'leader-completeness';
  readonly claim: string = 'The leader of a term holds every entry that was committed in an earlier term.';
  private readonly commitments: Commitments;

  constructor(commitments: Commitments) {
    this.commitments = commitments;
  }

  becameLeader(view: GroupView): void {
    const committed = this.commitments.of(view.group);
    for (let index = 1; index <= committed.length; index += 1) {
      const known = committed[index - 1];
      // Seen in this term or later: a leader elected late in an old term need not have it.
      if (known === undefined || known.seenInTerm >= view.term) continue;
      if (view.terms[index - 1] !== known.entry.term) {
        throw new Violation(
          this.name,
          `group ${view.group}: node ${view.node} leads term ${view.term} without committed entry ${index}`,
          'safety',
          {
            group: view.group,
            nodes: [view.node],
            term: view.term,
            index,
            facts: [
              `Entry ${index} of term ${known.entry.term} was committed in term ${known.seenInTerm}.`,
              `Node ${view.node} leads the later term ${view.term}, and its log ${view.last < index ? `ends with entry ${view.last}` : `holds an entry of term ${view.terms[index - 1] ?? 0} there`}.`,
            ],
          },
        );
      }
    }
  }
}
