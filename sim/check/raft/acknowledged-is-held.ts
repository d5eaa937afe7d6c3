/** An append is acknowledged only up to an index that is durable on the node that says so. */
import { Violation } from '../../observer.ts';
import type { SendEffect } from '../../protocol.ts';
import type { VouchShape } from '../../vouch.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

export class AcknowledgedIsHeld implements RaftOracle {
  readonly name: string = 'acknowledged-is-held';
  readonly claim: string = 'A follower acknowledges an append only once its entries are durable on it.';

  leaving(view: GroupView, effect: SendEffect<VouchShape>): void {
    const { message } = effect.envelope;
    if (message.kind !== 'appendResponse' || !message.ok || message.term !== view.durableTerm) return;
    if (message.index > view.durableTerms.length) {
      throw new Violation(
        this.name,
        `group ${view.group}: node ${view.node} acknowledges entry ${message.index}, ${view.durableTerms.length} are durable`,
        'safety',
        {
          group: view.group,
          nodes: [view.node],
          term: message.term,
          index: message.index,
          facts: [
            `Node ${view.node} tells its leader that it holds every entry up to ${message.index}.`,
            `Its disk is sure to hold ${view.durableTerms.length === 0 ? 'no entry' : `entries up to ${view.durableTerms.length} only`}: after a loss of power the rest is gone.`,
          ],
        },
      );
    }
  }
}
