/** What may be asked of a vault's chain, and what is answered: blocks, and that they stand where they say (core/chain/inclusion.ts). */
import type { LogConsistency, LogInclusion, TransactionInclusion } from '../chain/inclusion.ts';
import type { Height } from '../ids.ts';
import type { Anchor } from './protocol.ts';

/** Asked of the newest block only: each names the heights it is about. A size counts blocks; 0 = all there are. */
export type ChainQuery =
  /** The block at a height in the log of the first `size` blocks. Of every block, however old. */
  | { readonly kind: 'logInclusion'; readonly height: Height; readonly size: Height }
  /** The log of `to` blocks extends the one of `from`. */
  | { readonly kind: 'logConsistency'; readonly from: Height; readonly to: Height }
  /** A transaction of a block, as long as the vault keeps it. index: from 0. */
  | { readonly kind: 'transactionProof'; readonly height: Height; readonly index: number; readonly size: Height }
  /** Whole blocks from a height on, as many as fit a page. */
  | { readonly kind: 'blocks'; readonly from: Height };

/** A block as it is kept. */
export interface KeptBlock {
  /** 196 bytes. */
  readonly header: Uint8Array;
  /** Canonical bytes, in order; undefined: the vault does not keep them any more. */
  readonly transactions: readonly Uint8Array[] | undefined;
}

/** Kinds are those of the questions. anchor: the newest block. */
export type ChainResult =
  | { readonly kind: 'logInclusion'; readonly inclusion: LogInclusion; readonly anchor: Anchor }
  | { readonly kind: 'logConsistency'; readonly consistency: LogConsistency; readonly anchor: Anchor }
  | { readonly kind: 'transactionProof'; readonly inclusion: TransactionInclusion; readonly anchor: Anchor }
  /** At least one block, the first at the height that was asked for. */
  | { readonly kind: 'blocks'; readonly blocks: readonly KeptBlock[]; readonly anchor: Anchor };
