/**
 * Vaults of a group that are not there any more: deleted ones, whose ids never come back, and shredded ones, whose key this node
 * destroyed and whose deletion stands further on in the log. Between the two a replica has less than the others at the same
 * index; behind the deletion it has the same (decision 0058). So it writes no checkpoint in between.
 */
import type { Writer } from '../bytes/writer.ts';
import type { OrganizationId, VaultId } from '../ids.ts';
import { DELETED_VAULTS_MAX } from '../limits.ts';
import { ulidBytes } from './ulid-field.ts';

/** A deleted vault, and the organization that it was of: nobody else is told that it ever was. */
export interface DeletedVault {
  readonly vault: VaultId;
  readonly organization: OrganizationId;
}

export class GoneVaults {
  private readonly deleted: Map<VaultId, OrganizationId> = new Map();
  private readonly shredded: Map<VaultId, OrganizationId> = new Map();
  /** Deleted since somebody asked. */
  private news: VaultId[] = [];
  private restored: VaultId[] = [];

  /** Takes the place of vaults that would be there, so that a group is full for every replica at the same entry. */
  get shreddedCount(): number {
    return this.shredded.size;
  }

  get isFull(): boolean {
    return this.deleted.size >= DELETED_VAULTS_MAX;
  }

  has(vault: VaultId): boolean {
    return this.deleted.has(vault) || this.shredded.has(vault);
  }

  /** Whether a vault was ever deleted. */
  get hasAny(): boolean {
    return this.deleted.size > 0;
  }

  isDeleted(vault: VaultId): boolean {
    return this.deleted.has(vault);
  }

  organizationOf(vault: VaultId): OrganizationId | undefined {
    return this.deleted.get(vault) ?? this.shredded.get(vault);
  }

  /** There is such a vault, and nothing of it can be read. */
  shred(vault: VaultId, organization: OrganizationId): void {
    this.shredded.set(vault, organization);
  }

  delete(vault: VaultId, organization: OrganizationId): void {
    this.shredded.delete(vault);
    this.deleted.set(vault, organization);
    this.news.push(vault);
  }

  /** A deleted vault of a snapshot. */
  restore({ vault, organization }: DeletedVault): void {
    this.deleted.set(vault, organization);
    this.restored.push(vault);
  }

  /** Deleted vaults that came with a snapshot; once. */
  takeRestored(): readonly VaultId[] {
    if (this.restored.length === 0) return this.restored;
    const { restored } = this;
    this.restored = [];
    return restored;
  }

  /** Vaults that entries have deleted since this was last asked. */
  takeNews(): readonly VaultId[] {
    if (this.news.length === 0) return this.news;
    const { news } = this;
    this.news = [];
    return news;
  }

  /** Ascending by id. */
  list(): readonly DeletedVault[] {
    return [...this.deleted]
      .map(([vault, organization]) => ({ vault, organization }))
      .sort((a, b) => (a.vault < b.vault ? -1 : 1));
  }

  /** Nothing for a group from which no vault was ever deleted. */
  digest(out: Writer): void {
    for (const { vault } of this.list()) out.raw(ulidBytes(vault));
    for (const vault of [...this.shredded.keys()].sort()) out.text(vault);
  }
}
