/**
 * Damage stays where it happened: a group that lost no record, and has one behind the damage that says where it stood before,
 * goes on. Else one bad place takes all groups of a node, and a record that lies where another one was is believed enough to
 * hide what stands between them.
 */
import type { GroupId } from '../../core/ids.ts';
import type { Replica } from '../../core/replica/replica.ts';
import { type Observer, Violation } from '../observer.ts';
import type { VouchShape } from '../vouch.ts';
import type { WalAtlas } from '../wal-atlas.ts';
import type { VouchNode } from './raft/watch.ts';

export class DamageIsContained implements Observer<VouchShape, Replica> {
  readonly name: string = 'damage-is-contained';
  readonly claim: string = 'A group that lost no record, and has a later one that shows it, is not quarantined.';
  private readonly atlas: WalAtlas;

  constructor(atlas: WalAtlas) {
    this.atlas = atlas;
  }

  opened(node: VouchNode): void {
    const { index } = node;
    if (this.atlas.isWhole(index)) return;
    const { quarantined } = (node.core as Replica).recovered;
    for (const group of this.atlas.shownWhole(index)) {
      if (!quarantined.includes(group as GroupId)) continue;
      throw new Violation(this.name, `node ${index} quarantines group ${group}, of which nothing was destroyed`, 'safety', {
        group,
        nodes: [index],
        facts: [
          `The disk of node ${index} destroyed records of group ${this.atlas.damagedGroups(index).join(', ')} only.`,
          `Node ${index} holds later records of group ${group}, and quarantines it.`,
        ],
      });
    }
  }
}
