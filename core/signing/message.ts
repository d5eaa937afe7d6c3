/** What nodes say to each other about checkpoints of vaults and the keys that sign them. */
import type { VaultId } from '../ids.ts';

/** The two signatures of a node under one checkpoint (core/note/sign.ts). */
export interface NodeSignatures {
  /** Type 01: of the text. */
  readonly plain: Uint8Array;
  /** When the cosignature was made, seconds since 1970. */
  readonly timeS: number;
  /** Type 04: of the time and the text. */
  readonly cosignature: Uint8Array;
}

export type SigningMessage =
  /** Sign this checkpoint of a vault of the group. The text follows from the three. */
  | { readonly kind: 'checkpointAsked'; readonly vault: VaultId; readonly size: number; readonly root: Uint8Array }
  | ({ readonly kind: 'checkpointSigned'; readonly vault: VaultId; readonly size: number } & NodeSignatures)
  /** The sender has signed this larger size of the vault's log, and signs no smaller one. */
  | { readonly kind: 'checkpointPassed'; readonly vault: VaultId; readonly size: number }
  /** To GLOBAL's leader: the sender signs with this key from now on. */
  | { readonly kind: 'keyOffered'; readonly publicKey: Uint8Array };
