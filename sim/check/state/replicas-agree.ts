/**
 * At rest: replicas that applied the same entries have the same state, and each vault agrees with itself: rows, reverse rows,
 * expiry index, commitment tree and chain (a full scan that trusts only the rows).
 */
import { equalBytes } from '../../../core/bytes/compare.ts';
import { Writer } from '../../../core/bytes/writer.ts';
import type { GroupId, VaultId } from '../../../core/ids.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import { auditVault } from '../../../core/state/audit.ts';
import type { GroupState } from '../../../core/state/group-state.ts';
import type { Vault } from '../../../core/state/vault.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { VouchShape } from '../../vouch.ts';
import type { VouchNode } from '../raft/watch.ts';
import { type PageAtlas, unlessDamaged } from '../unless-damaged.ts';

function statesOf(nodes: readonly VouchNode[], group: GroupId): { readonly node: number; readonly state: GroupState }[] {
  const states: { readonly node: number; readonly state: GroupState }[] = [];
  for (const node of nodes) {
    const own = node.running ? node.core?.group(group) : undefined;
    // One that is damaged, and says so, may have half an entry.
    if (own !== undefined && !own.quarantined) states.push({ node: node.index, state: own.state });
  }
  return states;
}

export class ReplicasAgree implements Observer<VouchShape, Replica> {
  readonly name: string = 'replicas-agree';
  readonly claim: string = 'Replicas that applied the same entries have equal state.';
  private readonly nodes: readonly VouchNode[];
  private readonly groups: readonly GroupId[];
  private readonly atlas: PageAtlas;

  constructor(nodes: readonly VouchNode[], groups: readonly GroupId[], atlas: PageAtlas) {
    this.nodes = nodes;
    this.groups = groups;
    this.atlas = atlas;
  }

  finished(): void {
    for (const group of this.groups) {
      const byIndex = new Map<number, { readonly node: number; readonly digest: Uint8Array }>();
      for (const { node, state } of statesOf(this.nodes, group)) {
        if (state.gone.shreddedCount > 0) continue; // a deletion is on its way to it: until then it has less (decision 0058)
        const out = new Writer();
        let isReadable = false;
        unlessDamaged(this.atlas, { node, group }, () => {
          state.digest(out);
          isReadable = true;
        });
        if (!isReadable) continue;
        const known = byIndex.get(state.lastApplied);
        if (known === undefined) byIndex.set(state.lastApplied, { node, digest: out.finish() });
        else if (!equalBytes(known.digest, out.peek())) {
          throw new Violation(
            this.name,
            `group ${group}: nodes ${known.node} and ${node} differ after entry ${state.lastApplied}`,
          );
        }
      }
    }
  }
}

export class VaultsAgree implements Observer<VouchShape, Replica> {
  readonly name: string = 'vaults-agree';
  readonly claim: string = 'In each vault rows, reverse index, expiry index, commitment tree and chain agree.';
  private readonly nodes: readonly VouchNode[];
  private readonly groups: readonly GroupId[];
  private readonly atlas: PageAtlas;

  constructor(nodes: readonly VouchNode[], groups: readonly GroupId[], atlas: PageAtlas) {
    this.nodes = nodes;
    this.groups = groups;
    this.atlas = atlas;
  }

  finished(): void {
    for (const group of this.groups) {
      for (const { node, state } of statesOf(this.nodes, group)) {
        for (const id of state.vaultIds()) {
          unlessDamaged(this.atlas, { node, group }, () => this.audit(node, id, state.vault(id) as Vault));
        }
      }
    }
  }

  private audit(node: number, id: VaultId, vault: Vault): void {
    const disagreement = auditVault(vault);
    if (disagreement !== undefined) throw new Violation(this.name, `node ${node}, vault ${id}: ${disagreement}`);
  }
}
