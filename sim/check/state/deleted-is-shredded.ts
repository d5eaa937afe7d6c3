/**
 * Once a node has written what it had to, its disk holds no key of a vault that it has seen deleted: whatever was sealed under it is noise.
 * Looked at now and then while it works, because a start destroys what was forgotten, and at rest.
 */

import type { Replica } from '../../../core/replica/replica.ts';
import { decodeKeyFile, KEY_FILE } from '../../../core/seal/key-file.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { SimInput } from '../../protocol.ts';
import type { VouchShape } from '../../vouch.ts';
import type { VouchNode } from '../raft/watch.ts';

/** Completed persists, of all nodes, between two looks. */
const LOOK_EVERY = 16;

export class DeletedIsShredded implements Observer<VouchShape, Replica> {
  readonly name: string = 'deleted-is-shredded';
  readonly claim: string = 'A node that has seen a vault deleted holds no key of it, once that is durable.';
  private readonly nodes: readonly VouchNode[];
  private readonly groups: readonly number[];
  private persisted: number = 0;

  constructor(nodes: readonly VouchNode[], groups: readonly number[]) {
    this.nodes = nodes;
    this.groups = groups;
  }

  stepped(node: VouchNode, input: SimInput<VouchShape>): void {
    if (input.kind !== 'persisted' || !node.running) return;
    this.persisted += 1;
    if (this.persisted % LOOK_EVERY === 0) this.look(node);
  }

  finished(): void {
    for (const node of this.nodes) if (node.running) this.look(node);
  }

  private look(node: VouchNode): void {
    if (node.persists.length > 0) return;
    const { disk } = node;
    const size = disk.size(KEY_FILE);
    const file = size === undefined ? undefined : decodeKeyFile(disk.read(KEY_FILE, 0, size));
    if (file?.ok !== true) return; // not sealed
    const keys = new Map(file.value.keys);
    for (const id of this.groups) {
      const group = (node.core as Replica).group(id as never);
      if (group === undefined || group.quarantined) continue;
      const kept = group.state.gone.list().find(({ vault }) => keys.get(vault) !== undefined);
      if (kept === undefined) continue;
      const what = `group ${id}: node ${node.index} has seen vault ${kept.vault} deleted, and its disk holds the key`;
      throw new Violation(this.name, what, 'safety', { group: id, nodes: [node.index] });
    }
  }
}
