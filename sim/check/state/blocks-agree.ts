/**
 * All replicas seal byte-equal blocks, whenever and however often they apply the log; and no transaction stands in the
 * chains twice. Transactions carry a unique mark as their reason, so a second execution shows.
 */
import { equalBytes } from '../../../core/bytes/compare.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import type { SealedBlock } from '../../../core/state/block-observer.ts';
import { decodeLedgerTransaction } from '../../../core/state/transaction-codec.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { VouchShape } from '../../vouch.ts';
import { headerTime } from '../../workload/header-time.ts';
import type { Place } from '../clients/witness.ts';

export class BlocksAgree implements Observer<VouchShape, Replica> {
  readonly name: string = 'blocks-agree';
  readonly claim: string = 'Headers and transactions of a block are byte-equal on all replicas.';
  /** Blocks of each vault by height - 1, as first sealed anywhere. */
  private readonly chains: Map<string, SealedBlock[]> = new Map();
  private readonly onNewBlock: (block: SealedBlock) => void;
  private readonly isJudging: boolean;

  /** @param isJudging false: only tells of every block when it is sealed first. */
  constructor(onNewBlock: (block: SealedBlock) => void, isJudging: boolean) {
    this.onNewBlock = onNewBlock;
    this.isJudging = isJudging;
  }

  /** The block as first sealed, if any. */
  block(vault: string, height: number): SealedBlock | undefined {
    return this.chains.get(vault)?.[height - 1];
  }

  sealed(node: number, block: SealedBlock): void {
    let chain = this.chains.get(block.vault);
    if (chain === undefined) {
      chain = [];
      this.chains.set(block.vault, chain);
    }
    const known = chain[block.height - 1];
    if (known === undefined) {
      if (chain.length !== block.height - 1)
        throw new Violation(this.name, `node ${node} sealed block ${block.height} before block ${chain.length + 1}`);
      chain.push(block);
      this.onNewBlock(block);
      return;
    }
    if (!this.isJudging) return;
    const same = equalBytes(known.header, block.header) && known.transactions.length === block.transactions.length;
    if (!same || !known.transactions.every((bytes, i) => equalBytes(bytes, block.transactions[i] as Uint8Array))) {
      throw new Violation(this.name, `node ${node} sealed another block ${block.height} of vault ${block.vault}`);
    }
  }
}

/** Every transaction is executed at most once, whatever its client had to repeat. */
export class ExactlyOnce implements Observer<VouchShape, Replica> {
  readonly name: string = 'exactly-once';
  readonly claim: string = 'No transaction is executed twice.';
  private readonly isJudging: boolean;
  /** mark -> where it was executed first. */
  private readonly executed: Map<string, Place> = new Map();

  /** @param isJudging false: only notes where what was executed. */
  constructor(isJudging: boolean) {
    this.isJudging = isJudging;
  }

  sealed(block: SealedBlock): void {
    block.transactions.forEach((bytes, position) => {
      const decoded = decodeLedgerTransaction(bytes);
      if (!decoded.ok || decoded.value.kind !== 'transact') return;
      const mark = decoded.value.transaction.reason;
      const known = this.executed.get(mark);
      if (known === undefined) this.executed.set(mark, { height: block.height, position, time: headerTime(block.header) });
      else if (this.isJudging) {
        throw new Violation(
          this.name,
          `transaction ${mark} was executed in block ${known.height} and again in block ${block.height}`,
        );
      }
    });
  }

  /** Where the transaction with the mark was executed. */
  placeOf(mark: string): Place | undefined {
    return this.executed.get(mark);
  }
}
