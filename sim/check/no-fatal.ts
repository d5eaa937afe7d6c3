/** Nothing in the core breaks: a node or group stops only where its disk failed or was damaged. */
import type { StorageError } from '../../core/errors.ts';
import type { Replica } from '../../core/replica/replica.ts';
import type { Atlas } from '../atlas.ts';
import { type Observer, Violation } from '../observer.ts';
import type { SimInput } from '../protocol.ts';
import type { VouchShape } from '../vouch.ts';
import type { VouchNode } from './raft/watch.ts';

/** What a group says whose pages are not what was written. */
const PAGE_CODES: readonly string[] = ['page_damaged', 'bucket_damaged', 'checkpoint_damaged'];

export class NoFatal implements Observer<VouchShape, Replica> {
  readonly name: string = 'no-fatal';
  readonly claim: string =
    'No node and no group stops by itself while its disk keeps what it synced and carries out what it is told.';
  private readonly atlas: () => Atlas;

  constructor(atlas: () => Atlas) {
    this.atlas = atlas;
  }

  fatal(node: VouchNode, scope: 'node' | number, code: string, detail: string): void {
    if (code === 'persist_failed') return; // the world's own doing: a core learns of it from nobody else
    const isDoubtful = scope !== 'node' && this.atlas().mayDoubt(node.index, scope);
    if (code === 'log_damaged' && (isDoubtful || !this.atlas().isWhole(node.index))) {
      if (scope !== 'node') this.atlas().quarantined(node.index, scope);
      return;
    }
    if (scope !== 'node' && PAGE_CODES.includes(code) && this.atlas().hasPageDamage(node.index, scope)) {
      this.atlas().quarantined(node.index, scope);
      return;
    }
    const where = scope === 'node' ? `node ${node.index}` : `group ${scope} of node ${node.index}`;
    // A broken assertion says that something is wrong, not which property: it is told apart.
    throw new Violation(code === 'invariant' ? 'core-invariant' : this.name, `${where} stopped: ${code}: ${detail}`);
  }

  refused(node: VouchNode, error: StorageError): void {
    if (error.code === 'short_read' && node.disk.hasCutRead) return; // it says so and changes nothing: the next opening reads on
    if (this.atlas().isWhole(node.index))
      throw new Violation(this.name, `node ${node.index} does not open its disk: ${error.code}: ${error.message}`);
  }
}

export class FailedDiskStops implements Observer<VouchShape, Replica> {
  readonly name: string = 'failed-disk-stops';
  readonly claim: string = 'A node whose disk refused a write or a sync stops at once.';

  stepped(node: VouchNode, input: SimInput<VouchShape>): void {
    if (input.kind === 'persistFailed' && node.running)
      throw new Violation(this.name, `node ${node.index} goes on after its disk answered ${input.code}`);
  }
}

/** A difference between replicas has a cause outside the core: the comparison of blocks finds none where there is none. */
export class NoDivergence implements Observer<VouchShape, Replica> {
  readonly name: string = 'no-divergence';
  readonly claim: string =
    'No node doubts a vault for good, or gives one up, while all replicas have the same blocks, whatever one of them says.';

  private readonly isLiedTo: () => boolean;

  /** @param isLiedTo whether some node may have been told of blocks that its peer does not have */
  constructor(isLiedTo: () => boolean) {
    this.isLiedTo = isLiedTo;
  }

  alarm(node: VouchNode, group: number, code: string, detail: string): void {
    if (code === 'vault_disputed' && this.isLiedTo()) return; // while a majority is out of reach
    throw new Violation(this.name, `group ${group} of node ${node.index} called its operator: ${code}: ${detail}`);
  }
}
