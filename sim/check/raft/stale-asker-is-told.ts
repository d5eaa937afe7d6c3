/**
 * Whoever asks in an older term learns the newer one from the answer. Else a deposed leader goes on for ever, an up-to-date
 * candidate asks for ever in vain, and a node that is ahead by a term never comes back (Ongaro 2014, figure 3.1, 9.6).
 * A step that leaves such a question without that answer is the cause; the cluster that stands still would be its effect.
 */
import type { Message } from '../../../core/raft/message.ts';
import { Violation } from '../../observer.ts';
import type { GroupView } from './view.ts';
import type { Left, RaftOracle } from './watch.ts';

export class StaleAskerIsTold implements RaftOracle {
  readonly name: string = 'stale-asker-is-told';
  readonly claim: string = 'Whoever leads or campaigns in an older term is told the newer one by everybody it reaches.';

  received(view: GroupView, from: GroupView, message: Message, left: readonly Left[]): void {
    const asked = termOfAsker(message);
    if (asked === undefined || asked >= view.term) return;
    const isTold = left.some(({ group, to, term }) => group === view.group && to === from.id && term >= view.term);
    if (isTold) return;
    throw new Violation(
      this.name,
      `group ${view.group}: node ${view.node} is in term ${view.term} and does not say so to node ${from.node}, which asks in term ${asked}`,
      'liveness',
      {
        group: view.group,
        nodes: [from.node, view.node],
        term: view.term,
        facts: [
          `Node ${from.node} sent ${message.kind} as a node of term ${asked}.`,
          `Node ${view.node} is in term ${view.term}, and nothing that it answered says so.`,
        ],
      },
    );
  }
}

/** The term its sender was in; undefined for what asks for no answer. */
function termOfAsker(message: Message): number | undefined {
  switch (message.kind) {
    case 'appendEntries':
    case 'heartbeat':
    case 'requestVote':
      return message.term;
    case 'preVote':
      return message.term - 1; // it names the term it would campaign in
    default:
      return undefined;
  }
}
