/**
 * For stories in which a node's state is tampered with: from the moment in which a node knows that one of its vaults is not what a
 * majority has, it answers nothing about it; and in the end no vault is isolated, and all replicas have the same blocks.
 * Not judged: what a node says before it knows. A client that wants to be safe from that asks for proofs and cosignatures.
 */
import { equalBytes } from '../../../core/bytes/compare.ts';
import type { GroupId, VaultId } from '../../../core/ids.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import { ulidText } from '../../../core/state/ulid-field.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { ReplyEffect, SendEffect } from '../../protocol.ts';
import type { VouchShape } from '../../vouch.ts';
import type { VouchNode } from '../raft/watch.ts';

/** Answers to reads leave in the step that made them; those to commands may wait for a disk. */
const READS: readonly string[] = ['tuple', 'entity', 'list', 'block', 'retention'];
/** Where a header names its vault. */
const VAULT_AT = 28;
const VAULT_END = 44;

export class DivergedIsIsolated implements Observer<VouchShape, Replica> {
  readonly name: string = 'diverged-is-isolated';
  readonly claim: string =
    'A vault that a node knows to be diverged is not served there, and comes back equal (scenario `diverged-vault`).';
  private readonly nodes: readonly VouchNode[];
  private readonly groups: readonly GroupId[];
  /** By node: vaults that were isolated when the step before ended. */
  private readonly isolated: Map<number, ReadonlySet<VaultId>> = new Map();

  constructor(nodes: readonly VouchNode[], groups: readonly GroupId[]) {
    this.nodes = nodes;
    this.groups = groups;
  }

  leaving(node: VouchNode, effect: SendEffect<VouchShape> | ReplyEffect<VouchShape>): void {
    if (effect.kind !== 'reply' || !READS.includes(effect.result.kind) || !('anchor' in effect.result)) return;
    const vault: VaultId = ulidText(effect.result.anchor.header.subarray(VAULT_AT, VAULT_END));
    if (this.isolated.get(node.index)?.has(vault) === true)
      throw new Violation(this.name, `node ${node.index} answers a read of vault ${vault}, which it knows to be diverged`);
  }

  stepped(node: VouchNode): void {
    const before = this.isolated.get(node.index);
    const now = this.isolatedOn(node);
    if (now.length > 0) this.isolated.set(node.index, new Set(now));
    else if (before !== undefined) this.isolated.delete(node.index);
  }

  crashed(node: VouchNode): void {
    this.isolated.delete(node.index); // what it had not written down yet it may have to find out again
  }

  finished(): void {
    for (const node of this.nodes) {
      const left = node.running ? this.unwellOn(node) : [];
      if (left.length > 0) throw new Violation(this.name, `node ${node.index} ends in doubt about vault ${left.join(', ')}`);
    }
    for (const group of this.groups) this.demandEqual(group);
  }

  /** Isolated, or disputed: one that is disputed is served. */
  private unwellOn(node: VouchNode): readonly VaultId[] {
    return this.groups.flatMap((group) => node.core?.group(group)?.divergence.unwell ?? []);
  }

  private isolatedOn(node: VouchNode): readonly VaultId[] {
    return this.groups.flatMap((group) => {
      const divergence = node.core?.group(group)?.divergence;
      return divergence?.unwell.filter((vault) => divergence.isIsolated(vault)) ?? [];
    });
  }

  private demandEqual(group: GroupId): void {
    const newest: Map<VaultId, { readonly node: number; readonly blockHash: Uint8Array }> = new Map();
    for (const node of this.nodes) {
      const copy = node.running ? node.core?.group(group) : undefined;
      if (copy === undefined || copy.quarantined) continue;
      for (const id of copy.state.vaultIds()) {
        const blockHash = copy.state.vault(id)?.anchor.blockHash as Uint8Array;
        const known = newest.get(id);
        if (known === undefined) newest.set(id, { node: node.index, blockHash });
        else if (!equalBytes(known.blockHash, blockHash))
          throw new Violation(this.name, `nodes ${known.node} and ${node.index} end with different blocks of vault ${id}`);
      }
    }
  }
}
