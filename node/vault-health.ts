/** How this node's own copies of vaults are, for operators: read from the replica, asked of nobody else. */
import { toHex } from '../core/bytes/text.ts';
import type { NodeStatus } from '../core/client/protocol.ts';
import type { GroupId, VaultId } from '../core/ids.ts';
import type { VaultHealth } from '../core/replica/divergence.ts';
import type { Replica } from '../core/replica/replica.ts';

export interface VaultCopy {
  readonly vault: VaultId;
  readonly group: GroupId;
  /** Of the newest block that this node has applied; 0 and empty where it has none. */
  readonly height: number;
  readonly blockHash: string;
  readonly health: VaultHealth;
}

export class VaultHealthSource {
  private readonly replica: Pick<Replica, 'group' | 'status'>;
  private readonly ask: (group: GroupId, vault: VaultId) => void;

  /** @param ask tells the replica to rebuild a vault now */
  constructor(replica: Pick<Replica, 'group' | 'status'>, ask: (group: GroupId, vault: VaultId) => void) {
    this.replica = replica;
    this.ask = ask;
  }

  /** undefined where this node has no replica of the group, or stopped it. */
  of(id: GroupId, vault: VaultId): VaultCopy | undefined {
    const group = this.replica.group(id);
    if (group === undefined || group.quarantined) return undefined;
    const found = group.state.vault(vault);
    const health = group.divergence.healthOf(vault);
    if (found === undefined || found.height === 0) return { vault, group: id, height: 0, blockHash: '', health };
    return { vault, group: id, height: found.height, blockHash: toHex(found.anchor.blockHash), health };
  }

  /** Copies that are isolated or disputed, by group. */
  unwell(): readonly VaultCopy[] {
    return this.groups().flatMap(({ group }) => {
      const vaults = this.replica.group(group)?.divergence.unwell ?? [];
      return vaults.flatMap((vault) => this.of(group, vault) ?? []);
    });
  }

  /** Begins with a first attempt, at once. Nothing where the vault is not isolated. */
  recover(group: GroupId, vault: VaultId): void {
    this.ask(group, vault);
  }

  private groups(): NodeStatus['groups'] {
    return this.replica.status().groups.filter((group) => !group.quarantined);
  }
}
