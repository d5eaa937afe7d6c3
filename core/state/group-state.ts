/** The replicated state machine of one group (signatures; filled in next). */
import type { Hasher } from '../capability.ts';
import type { ClientRequest, ClientResult } from '../client/protocol.ts';
import type { GroupId, Height, LogIndex, Micros, VaultId } from '../ids.ts';
import type { CommandResult } from './results.ts';

/** A block as it was sealed. Bytes are views, valid during the call. */
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

export interface GroupStateOptions {
  readonly group: GroupId;
  readonly hasher: Hasher;
  /** Groups that take vaults. Used by GLOBAL's directory; equal on every replica (manifest). */
  readonly dataGroups: readonly GroupId[];
  readonly observer?: StateObserver;
}

/** The requests that read state. */
export type StateQuery = Extract<ClientRequest, { kind: 'query' | 'lookupVault' | 'listVaults' | 'listOrganizations' }>;
export type { ClientResult, CommandResult, Micros };
