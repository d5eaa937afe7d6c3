/**
 * What recovery repaired stays repaired: a second recovery of the same disk has nothing left to cut. A torn tail that is
 * left behind the log would be read as records of it, or as damage, by a recovery far later.
 */
import type { Replica } from '../../core/replica/replica.ts';
import { recoverWal } from '../../core/wal/recover.ts';
import type { Atlas } from '../atlas.ts';
import { KEYLESS } from '../keyless.ts';
import { type Observer, Violation } from '../observer.ts';
import type { VouchShape } from '../vouch.ts';
import type { VouchNode } from './raft/watch.ts';

export class RecoveryIsFinal implements Observer<VouchShape, Replica> {
  readonly name: string = 'recovery-is-final';
  readonly claim: string = 'Once its repairs are durable, a log that was recovered has no torn tail.';
  private readonly atlas: Atlas;
  /** Nodes whose repairs are under way. */
  private readonly repairing: Set<number> = new Set();

  constructor(atlas: Atlas) {
    this.atlas = atlas;
  }

  opened(node: VouchNode): void {
    this.repairing.add(node.index);
  }

  crashed(node: VouchNode): void {
    this.repairing.delete(node.index);
  }

  durable(node: VouchNode): void {
    const { index, disk, persists } = node;
    if (!this.repairing.delete(index)) return;
    const isFailing = persists.some(({ failure }) => failure !== undefined);
    if (isFailing || !this.atlas.isWhole(index)) return; // its end says nothing about the recovery
    const { tornBytes } = recoverWal(disk, { sealer: KEYLESS });
    if (tornBytes === 0) return;
    throw new Violation(
      this.name,
      `node ${index} has repaired its log, and ${tornBytes} bytes of a torn tail are still there`,
      'safety',
      {
        nodes: [index],
        facts: [
          `Node ${index} recovered its log and made its repairs durable.`,
          `${tornBytes} bytes behind the end of the log are left over from before.`,
        ],
      },
    );
  }
}
