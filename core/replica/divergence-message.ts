/**
 * What the replicas of a group say to each other about the blocks that they have. A claim is about one height of one vault; the
 * block hash covers the roots (40-commitment, Chain). Bytes: core/codec/divergence-message.ts. What is made of it: divergence.ts.
 */
import type { Height, LogIndex, VaultId } from '../ids.ts';

export interface Claim {
  readonly vault: VaultId;
  readonly height: Height;
  /** Log index of the entry that made the block, as the sender has it: who applied that entry can tell whether it made one. */
  readonly index: LogIndex;
  /** 32 bytes; zeros: the sender applied the entry and has no such block. */
  readonly blockHash: Uint8Array;
}

export type DivergenceMessage =
  /** The newest blocks of vaults that have changed at the sender. */
  | { readonly kind: 'blocksTold'; readonly claims: readonly Claim[] }
  /** The sender doubts these: what has the receiver? The number is returned, so that an old answer counts for nothing. */
  | { readonly kind: 'blocksAsked'; readonly round: number; readonly claims: readonly Claim[] }
  /** What the sender has where it was asked, as far as it has applied so much. */
  | { readonly kind: 'blocksAnswered'; readonly round: number; readonly claims: readonly Claim[] }
  /** The sender rebuilds a vault: it needs a snapshot that ends at or behind this entry. */
  | { readonly kind: 'copyAsked'; readonly above: LogIndex }
  /** There is one; its chunks are pulled like any snapshot's. */
  | { readonly kind: 'copyOffered'; readonly manifest: Uint8Array };
