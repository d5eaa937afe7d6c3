/**
 * Gives back the pages of vaults that are not there any more. Why not when a vault goes: a large one has a hundred thousand pages,
 * and where its key was destroyed nobody can read the way from one to the next; but each page says whose it is.
 */
import { ULID_BYTES } from '../chain/ulid.ts';
import type { VaultId } from '../ids.ts';
import { ORPHAN_SLICE_PAGES } from '../limits.ts';
import type { PageId } from '../page/store.ts';
import type { ReplicaGroup } from '../replica/group.ts';
import { ulidText } from '../state/ulid-field.ts';

export class OrphanSweep {
  readonly group: ReplicaGroup;
  private next: number = 1;
  /** Pages that came later are of vaults that are there. */
  private readonly end: number;

  constructor(group: ReplicaGroup) {
    this.group = group;
    this.end = group.state.pages.backing?.file.size ?? 0;
  }

  get isOver(): boolean {
    return this.next >= this.end || this.group.quarantined;
  }

  /** Looks at a few pages. */
  work(): void {
    const { pages, gone } = this.group.state;
    const { backing } = pages;
    if (backing === undefined) return;
    const last = Math.min(this.end, this.next + ORPHAN_SLICE_PAGES);
    for (; this.next < last; this.next += 1) {
      const id = this.next as PageId;
      if (!backing.trees.uses(id)) continue; // a tree may have dropped it before its vault was deleted, and snapshots keep it
      const owner = backing.file.ownerOf(id);
      if (owner === undefined || owner.length < ULID_BYTES) continue;
      const vault = ulidText<'VaultId'>(owner) as VaultId;
      if (!gone.isDeleted(vault)) continue;
      // What stood there before says so, too, where the write of a page of another vault was lost. A scrub finds that one.
      if (!backing.file.isIntact(id)) continue;
      pages.space.dropUnread(id);
    }
  }
}
