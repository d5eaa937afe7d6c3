/** Nothing in the core breaks: on disks that lose only what was not synced, no node and no group has a reason to stop. */
import type { Replica } from '../../core/replica/replica.ts';
import { type Observer, Violation } from '../observer.ts';
import type { VouchShape } from '../vouch.ts';
import type { VouchNode } from './raft/watch.ts';

export class NoFatal implements Observer<VouchShape, Replica> {
  readonly name: string = 'no-fatal';
  readonly claim: string = 'No node and no group stops by itself while its disk keeps what it synced.';

  fatal(node: VouchNode, scope: 'node' | number, code: string, detail: string): void {
    const where = scope === 'node' ? `node ${node.index}` : `group ${scope} of node ${node.index}`;
    // A broken assertion says that something is wrong, not which property: it is told apart.
    throw new Violation(code === 'invariant' ? 'core-invariant' : this.name, `${where} stopped: ${code}: ${detail}`);
  }
}
