/** Who sees the blocks of a group's vaults as they are made. */
import type { GroupId, Height, LogIndex, VaultId } from '../ids.ts';

/** A block as it was sealed. Bytes are read-only and stay valid. */
export interface SealedBlock {
  readonly group: GroupId;
  readonly vault: VaultId;
  readonly height: Height;
  readonly header: Uint8Array;
  readonly blockHash: Uint8Array;
  readonly transactions: readonly Uint8Array[];
  /** Log index of the entry that made it. */
  readonly index: LogIndex;
}

/** Sees what apply does; for oracles and metrics. Must not change anything. */
export interface StateObserver {
  onBlock(block: SealedBlock): void;
}
