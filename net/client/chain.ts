/** A vault's chain as a client sees it: blocks, their places in the log, and transactions with their proofs. What comes is checked here. */

import { equalBytes } from '../../core/bytes/compare.ts';
import { blockHash, decodeHeader } from '../../core/chain/header.ts';
import {
  type InclusionAnchor,
  type InclusionVerdict,
  type LogConsistency,
  type LogInclusion,
  type LogRoot,
  type TransactionInclusion,
  verifyLogInclusion,
  verifyTransactionInclusion,
} from '../../core/chain/inclusion.ts';
import { verifyConsistency } from '../../core/chain/log-proof.ts';
import { decodeUlid } from '../../core/chain/ulid.ts';
import type { ChainQuery, ChainResult, KeptBlock } from '../../core/client/chain-protocol.ts';
import type { VaultEntry } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { Height } from '../../core/ids.ts';
import type { Transaction } from '../../core/state/transaction.ts';
import { encodeLedgerTransaction } from '../../core/state/transaction-codec.ts';
import { VouchError } from './error.ts';

/** What the caller trusts already. An answer that is not anchored in it throws `proof_invalid`. */
export interface ChainPins {
  /** The log's root at a size, of a checkpoint: the answer is asked for at that size. */
  readonly log?: LogRoot;
  /** Hash of the very block. */
  readonly block?: Uint8Array;
}

/** Something proven, and what it hangs on; `none`: consistent with itself, NOT authenticated. */
export interface Proven<T> {
  readonly proof: T;
  readonly height: number;
  readonly blockHash: Uint8Array;
  readonly anchored: InclusionAnchor;
}

/** Asks one question of the chain. */
export type AskChain = <K extends ChainQuery['kind']>(
  query: Extract<ChainQuery, { readonly kind: K }>,
) => Promise<Extract<ChainResult, { readonly kind: K }>>;

/** Log questions of one vault, verified for it. */
export class ChainReader {
  private readonly ask: AskChain;
  private readonly organization: Uint8Array;
  private readonly vault: Uint8Array;

  constructor(ask: AskChain, { organization, id }: Pick<VaultEntry, 'organization' | 'id'>) {
    this.ask = ask;
    this.organization = bytesOf(organization);
    this.vault = bytesOf(id);
  }

  async inclusion(height: number, pins: ChainPins): Promise<Proven<LogInclusion>> {
    const size = (pins.log?.size ?? 0) as Height;
    const { inclusion } = await this.ask({ kind: 'logInclusion', height: height as Height, size });
    const verdict = verifyLogInclusion(portableHasher, inclusion, { ...this.expected(pins), height });
    return { proof: inclusion, ...accepted(verdict) };
  }

  async consistency(from: number, to: number): Promise<LogConsistency> {
    const { consistency } = await this.ask({ kind: 'logConsistency', from: from as Height, to: to as Height });
    const { fromRoot: olderRoot, toRoot: newerRoot, path } = consistency;
    const isAsked = consistency.from === from && (to === 0 || consistency.to === to);
    const claim = { olderSize: consistency.from, newerSize: consistency.to, olderRoot, newerRoot, path };
    if (isAsked && verifyConsistency(portableHasher, claim)) return consistency;
    throw invalid('the newer log does not extend the older one');
  }

  async transaction(height: number, index: number, pins: ChainPins): Promise<Proven<TransactionInclusion>> {
    const size = (pins.log?.size ?? 0) as Height;
    const { inclusion } = await this.ask({ kind: 'transactionProof', height: height as Height, index, size });
    if (inclusion.index !== index) throw invalid('another transaction of the block than asked for');
    return { proof: inclusion, ...this.verified(inclusion, height, pins) };
  }

  /** The inclusion that came with a write. */
  written(inclusion: TransactionInclusion, transaction: Transaction, height: number): Proven<TransactionInclusion> {
    const bytes = encodeLedgerTransaction({ kind: 'transact', transaction });
    if (!equalBytes(bytes, inclusion.transaction)) throw invalid('another transaction than the one that was written');
    return { proof: inclusion, ...this.verified(inclusion, height, {}) };
  }

  /** Whole blocks in order, from a height to the newest; each follows the one before, nothing else of them is checked. */
  async *blocks(from: number): AsyncGenerator<KeptBlock, void> {
    let next = from;
    let previous: Uint8Array | undefined;
    for (;;) {
      const { blocks, anchor } = await this.ask({ kind: 'blocks', from: next as Height });
      for (const block of blocks) {
        const decoded = decodeHeader(block.header);
        if (!decoded.ok || decoded.value.height !== next || !equalBytes(decoded.value.vault, this.vault)) {
          throw invalid(`what came for block ${next} is another block`);
        }
        if (previous !== undefined && !equalBytes(decoded.value.previousHash, previous)) {
          throw invalid(`block ${next} does not name the block before it`);
        }
        previous = blockHash(portableHasher, block.header);
        yield block;
        next += 1;
      }
      if (blocks.length === 0 || next > anchor.height) return;
    }
  }

  private verified(inclusion: TransactionInclusion, height: number, pins: ChainPins): Accepted {
    return accepted(verifyTransactionInclusion(portableHasher, inclusion, { ...this.expected(pins), height }));
  }

  private expected({ log, block }: ChainPins): {
    readonly organization: Uint8Array;
    readonly vault: Uint8Array;
    readonly log: LogRoot | undefined;
    readonly block: Uint8Array | undefined;
  } {
    return { organization: this.organization, vault: this.vault, log, block };
  }
}

interface Accepted {
  readonly height: number;
  readonly blockHash: Uint8Array;
  readonly anchored: InclusionAnchor;
}

function accepted(verdict: InclusionVerdict): Accepted {
  if (!verdict.ok) throw invalid(`${verdict.reason} (${verdict.stage})`);
  const { height, blockHash: hash, anchored } = verdict;
  return { height, blockHash: hash, anchored };
}

function invalid(reason: string): VouchError {
  return new VouchError('proof_invalid', `The proof does not hold: ${reason}.`);
}

function bytesOf(id: string): Uint8Array {
  const bytes = decodeUlid(id);
  if (bytes === undefined) throw new VouchError('invalid_argument', 'An organization or vault id is no ULID.');
  return bytes;
}
