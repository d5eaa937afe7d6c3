/**
 * What the disk destroyed is noticed: at every opening, each group whose records were damaged is quarantined, and a disk that
 * cannot be read is refused. Never is a damaged log taken for a shorter one, nor ends a quarantine before everything was fetched
 * again and the log says so.
 */
import type { GroupId } from '../../core/ids.ts';
import type { Replica } from '../../core/replica/replica.ts';
import { type Observer, Violation } from '../observer.ts';
import type { VouchShape } from '../vouch.ts';
import type { WalAtlas } from '../wal-atlas.ts';
import type { VouchNode } from './raft/watch.ts';

export class DamageIsReported implements Observer<VouchShape, Replica> {
  readonly name: string = 'damage-is-reported';
  readonly claim: string =
    'A damaged log ends in quarantine of its group, an unreadable one in refusal to start; neither is ever served.';
  private readonly atlas: WalAtlas;

  constructor(atlas: WalAtlas) {
    this.atlas = atlas;
  }

  opened(node: VouchNode): void {
    const { index } = node;
    this.atlas.review(index);
    if (this.atlas.isWhole(index)) return;
    if (this.atlas.isUnreadable(index)) throw new Violation(this.name, `node ${index} opened a log that it cannot have read`);
    const { quarantined, damage } = (node.core as Replica).recovered;
    for (const group of this.atlas.damagedGroups(index)) {
      if (quarantined.includes(group as GroupId)) continue;
      throw new Violation(
        this.name,
        `node ${index} takes the damaged log of group ${group} for whole (${damage.length} places reported)`,
      );
    }
  }

  stepped(node: VouchNode): void {
    if (this.atlas.isWhole(node.index) || !node.running) return;
    for (const id of this.atlas.damagedGroups(node.index)) {
      const group = (node.core as Replica).group(id as GroupId);
      if (group === undefined || group.quarantined) continue;
      this.atlas.review(node.index);
      if (this.atlas.damagedGroups(node.index).includes(id))
        throw new Violation(this.name, `node ${node.index} runs group ${id} on a damaged log`);
    }
  }
}
