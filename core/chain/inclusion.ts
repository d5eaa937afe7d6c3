/**
 * Where a transaction stands, provable to somebody who has no log: transaction -> tx_root -> header -> log of headers.
 * Source: RFC 6962, section 2.1.1; 40-commitment, "Chain".
 *
 * What is checked: the header decodes, is of the vault and height that were asked about, lies in the log at the place that
 * its height says, and, for a transaction, has a tx_root over it. The vault is the caller's, never the proof's.
 * What is not: that the log's root is the vault's. That takes an anchor from elsewhere (`expected.log` or `expected.block`);
 * without one the verdict is `none`: consistent with itself, NOT authenticated. A block hash anchors that block alone: no header
 * names the root of the log, so it says nothing of older ones.
 * And not the place within the block: a tx_root says nothing of how many leaves it has, so the second of two is proven by the
 * same hashes as the last of three. `index` and `count` say which way to fold; the verdict does not repeat them.
 */

import { equalBytes } from '../bytes/compare.ts';
import { refusedAt } from '../bytes/parsed.ts';
import type { U64 } from '../bytes/u64.ts';
import type { Hasher } from '../capability.ts';
import { blockHash, decodeHeader, HEADER_BYTES, type Header } from './header.ts';
import { verifyInclusion } from './log-proof.ts';
import { leafHash } from './merkle-log.ts';

/** A block's header in the vault's log of `size` blocks with this root. */
export interface LogInclusion {
  /** 196 bytes. */
  readonly header: Uint8Array;
  /** Blocks in the log, at least the header's height. */
  readonly size: number;
  /** 32 bytes: RFC 6962 root over the first `size` headers. */
  readonly root: Uint8Array;
  /** Hashes of 32 bytes, the leaf's sibling first. */
  readonly path: readonly Uint8Array[];
}

/** A transaction in its block, and the block in the log. */
export interface TransactionInclusion {
  /** Canonical bytes (core/state/transaction-codec.ts): actor, reason and operations. */
  readonly transaction: Uint8Array;
  /** Which of the block's transactions, from 0, and of how many: the way to fold `path`, and no statement. */
  readonly index: number;
  readonly count: number;
  readonly path: readonly Uint8Array[];
  readonly block: LogInclusion;
}

/** The log of `to` blocks extends the log of `from` blocks. */
export interface LogConsistency {
  /** From 1. */
  readonly from: number;
  readonly to: number;
  readonly fromRoot: Uint8Array;
  readonly toRoot: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** The root of a log and how many leaves it is over: what a checkpoint says. */
export interface LogRoot {
  readonly size: number;
  readonly root: Uint8Array;
}

/** The caller's own knowledge. Every one given must hold. */
export interface ChainExpectations {
  /** The 16 bytes of organization and vault. */
  readonly organization: Uint8Array;
  readonly vault: Uint8Array;
  readonly height?: number | undefined;
  /** Hash of the very block. */
  readonly block?: Uint8Array | undefined;
  /** Root of the log at the proof's size, of a checkpoint that the caller trusts. */
  readonly log?: LogRoot | undefined;
}

/** Where a proof is refused, in the order of the checks. */
export type InclusionStage = 'header' | 'expectation' | 'log' | 'transaction' | 'anchor';
/** What ties the block to something the caller trusts already. */
export type InclusionAnchor = 'log' | 'block' | 'none';

export type InclusionVerdict =
  | {
      readonly ok: true;
      readonly height: number;
      /** Of the block, microseconds since 1970. */
      readonly time: U64;
      readonly blockHash: Uint8Array;
      readonly anchored: InclusionAnchor;
    }
  | { readonly ok: false; readonly stage: InclusionStage; readonly reason: string };

/** Whether a block stands in the vault's log. Never throws on what came from outside. */
export function verifyLogInclusion(hasher: Hasher, proof: LogInclusion, expected: ChainExpectations): InclusionVerdict {
  return verify(hasher, proof, expected, () => undefined);
}

/** Whether a transaction stands in a block of the vault's log. Never throws on what came from outside. */
export function verifyTransactionInclusion(
  hasher: Hasher,
  proof: TransactionInclusion,
  expected: ChainExpectations,
): InclusionVerdict {
  return verify(hasher, proof.block, expected, ({ transactionsRoot: root }) => {
    const { index, count: size, path } = proof;
    const isIn = verifyInclusion(hasher, { index, size, leafHash: leafHash(hasher, proof.transaction), root, path });
    return isIn ? undefined : 'the transaction is not under the tx_root of the header';
  });
}

function verify(
  hasher: Hasher,
  proof: LogInclusion,
  expected: ChainExpectations,
  within: (header: Header) => string | undefined,
): InclusionVerdict {
  if (proof.header.length !== HEADER_BYTES) return refusedAt('header', 'header: bad_length');
  const decoded = decodeHeader(proof.header);
  if (!decoded.ok) return refusedAt('header', `header: ${decoded.reason}`);
  const header = decoded.value;
  const { height } = header;
  if (typeof height !== 'number') return refusedAt('header', 'the height of the header is no height');
  if (!equalBytes(header.organization, expected.organization))
    return refusedAt('expectation', 'another organization than expected');
  if (!equalBytes(header.vault, expected.vault)) return refusedAt('expectation', 'another vault than expected');
  if (expected.height !== undefined && expected.height !== height)
    return refusedAt('expectation', 'another height than expected');
  const hash = blockHash(hasher, proof.header);
  const { size, root, path } = proof;
  if (!verifyInclusion(hasher, { index: height - 1, size, leafHash: hash, root, path })) {
    return refusedAt('log', 'the block is not in the log at its height');
  }
  const missing = within(header);
  if (missing !== undefined) return refusedAt('transaction', missing);
  const { block, log } = expected;
  if (block !== undefined && !equalBytes(block, hash)) return refusedAt('anchor', 'another block than expected');
  if (log !== undefined && log.size !== size) return refusedAt('anchor', 'the log has another size than the one expected');
  if (log !== undefined && !equalBytes(log.root, root)) return refusedAt('anchor', 'the log has another root than expected');
  return { ok: true, height, time: header.time, blockHash: hash, anchored: anchorOf(expected) };
}

function anchorOf({ block, log }: ChainExpectations): InclusionAnchor {
  if (log !== undefined) return 'log';
  return block === undefined ? 'none' : 'block';
}
