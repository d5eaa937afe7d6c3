/**
 * A linearizable read sees everything that was committed anywhere when it was asked. Stronger than what clients can see of
 * each other: the commit need not have been acknowledged to anybody. It is what a ReadIndex round is for (Ongaro 2014, 6.4).
 */
import type { GroupId } from '../../../core/ids.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { ReplyEffect, SendEffect, SimInput } from '../../protocol.ts';
import type { VouchShape } from '../../vouch.ts';
import { isLinearizable } from '../../workload/history.ts';
import type { VouchNode } from '../raft/watch.ts';

/** How far everything goes: what is committed in a group, and what a node has applied of it. */
interface Asked {
  readonly group: GroupId;
  /** Highest index committed anywhere when the request arrived. */
  readonly committed: number;
}

export class ReadsSeeCommits implements Observer<VouchShape, Replica> {
  readonly name: string = 'reads-see-commits';
  readonly claim: string = 'A linearizable read is answered from a state that holds everything committed when it was asked.';
  private readonly committedIn: (group: GroupId) => number;
  private readonly asked: Map<number, Asked> = new Map();
  /** Answered in the very step of their request. */
  private readonly atOnce: Set<number> = new Set();

  /** @param committedIn as of before the present step: this observer stands before the one that counts. */
  constructor(committedIn: (group: GroupId) => number) {
    this.committedIn = committedIn;
  }

  stepped(node: VouchNode, input: SimInput<VouchShape>): void {
    if (input.kind !== 'request') return;
    const { id, body } = input;
    const isAnswered = this.atOnce.delete(id);
    if (body.kind !== 'query' || !isLinearizable(body)) return;
    const asked = { group: body.group, committed: this.committedIn(body.group) };
    if (isAnswered) this.judge(node, asked);
    else this.asked.set(id, asked);
  }

  leaving(node: VouchNode, effect: SendEffect<VouchShape> | ReplyEffect<VouchShape>): void {
    if (effect.kind !== 'reply') return;
    const asked = this.asked.get(effect.id);
    this.asked.delete(effect.id);
    if (!('anchor' in effect.result)) return;
    if (asked === undefined) this.atOnce.add(effect.id);
    else this.judge(node, asked);
  }

  private judge(node: VouchNode, { group, committed }: Asked): void {
    const applied = (node.core as Replica).group(group)?.state.lastApplied ?? 0;
    if (applied >= committed) return;
    throw new Violation(
      this.name,
      `group ${group}: node ${node.index} answers a read at entry ${applied}; entry ${committed} was committed when it was asked`,
      'safety',
      {
        group,
        nodes: [node.index],
        index: committed,
        facts: [
          `Entry ${committed} of group ${group} was committed when the read was asked.`,
          `Node ${node.index} answered it having applied no more than entry ${applied}.`,
        ],
      },
    );
  }
}
