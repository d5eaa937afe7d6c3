/** What a running node has applied of a group never falls back: whoever was answered from it would be answered from less. */
import type { Replica } from '../../../core/replica/replica.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { VouchShape } from '../../vouch.ts';
import type { VouchNode } from '../raft/watch.ts';

export class AppliedMonotone implements Observer<VouchShape, Replica> {
  readonly name: string = 'applied-monotone';
  readonly claim: string = 'What a node has applied of a group never falls back while it runs.';
  /** Highest index applied, by node and group. */
  private readonly applied: Map<number, Map<number, number>> = new Map();

  opened({ index }: VouchNode): void {
    this.applied.delete(index);
  }

  stepped(node: VouchNode): void {
    if (!node.running) return;
    const known = this.applied.get(node.index) ?? new Map<number, number>();
    this.applied.set(node.index, known);
    for (const { group } of (node.core as Replica).touchedGroups()) {
      if (group.quarantined) continue;
      const { lastApplied } = group.state;
      const before = known.get(group.id) ?? 0;
      if (lastApplied < before) {
        const what = `group ${group.id}: node ${node.index} had applied ${before} entries, and shows ${lastApplied}`;
        throw new Violation(this.name, what, 'safety', { group: group.id, nodes: [node.index], index: lastApplied });
      }
      known.set(group.id, lastApplied);
    }
  }
}
