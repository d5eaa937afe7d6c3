/**
 * Makes one block of one vault out of one entry: the transactions that changed something, in entry order.
 * Source: 40-commitment ("Chain"). The block's time is fixed before its first transaction, because liveness in
 * preconditions depends on it; later transactions see earlier ones.
 */

import type { Anchor } from '../client/protocol.ts';
import { type Height, type Micros, maxOf, plus } from '../ids.ts';
import { EXPIRE_LEAVES_MAX } from '../limits.ts';
import { entityOfKey, expiryOfKey, tupleOfKey } from './key-reader.ts';
import { Table } from './keys.ts';
import { stageTransaction } from './operations.ts';
import { Stage } from './stage.ts';
import type { Transaction, TransactionOutcome } from './transaction.ts';
import { encodeLedgerTransaction } from './transaction-codec.ts';
import type { BlockOrigin, Vault } from './vault.ts';

export class BlockBuilder {
  readonly vault: Vault;
  /** Of the block in the making. */
  readonly height: Height;
  readonly time: Micros;
  private readonly origin: BlockOrigin;
  private readonly transactions: Uint8Array[] = [];

  /** @param entryTime time(i) of the entry */
  constructor(vault: Vault, origin: BlockOrigin, entryTime: Micros) {
    this.vault = vault;
    this.origin = origin;
    this.height = plus(vault.height, 1);
    this.time = maxOf(entryTime, plus(vault.time, 1));
  }

  /** Of the next transaction in the block. */
  get position(): number {
    return this.transactions.length;
  }

  /** The vault's first transaction. */
  create(): void {
    const { id, organization, leaves } = this.vault;
    this.transactions.push(encodeLedgerTransaction({ kind: 'createVault', organization, vault: id, reverse: leaves.reverse }));
  }

  /** Applies a transaction as a whole or not at all. @param bytes its canonical bytes; copied if it enters the block */
  transact(transaction: Transaction, bytes: Uint8Array): TransactionOutcome {
    const { time, height } = this;
    const stage = new Stage(this.vault.leaves, { time, height, modelId: () => this.vault.modelIdAt(this) });
    const refused = stageTransaction(stage, transaction);
    if (refused !== undefined) {
      this.showTime();
      return { ok: false, code: refused.code, operation: refused.operation };
    }
    const changed = stage.commit();
    if (changed) this.transactions.push(bytes.slice());
    else this.showTime();
    return { ok: true, changed, height: changed ? height : this.vault.height, model: stage.writtenModel };
  }

  /** Removes leaves that expired by the block's time, oldest first, at most EXPIRE_LEAVES_MAX of them. */
  expire(): TransactionOutcome {
    const due = this.dueLeaves();
    for (const leafKey of due) this.removeLeaf(leafKey);
    const changed = due.length > 0;
    if (changed) this.transactions.push(encodeLedgerTransaction({ kind: 'expire' }));
    return { ok: true, changed, height: changed ? this.height : this.vault.height, model: '' };
  }

  /**
   * A transaction that saw something expired by this block's time is answered together with a block that says so. Without
   * it the next read, at the time of the older block, would find alive what this answer called dead.
   */
  private showTime(): void {
    if (this.transactions.length === 0 && this.vault.leaves.firstExpiry() <= this.time) this.expire();
  }

  /** Seals the block, unless nothing was applied. */
  seal(): { readonly anchor: Anchor; readonly transactions: readonly Uint8Array[] } | undefined {
    if (this.transactions.length === 0) return undefined;
    return { anchor: this.vault.seal(this.origin, this.time, this.transactions), transactions: this.transactions };
  }

  private dueLeaves(): readonly Uint8Array[] {
    const { rows, keys } = this.vault.leaves;
    const due: Uint8Array[] = [];
    for (const { key } of rows.scan({ from: Uint8Array.of(Table.expiry), to: keys.expiryEnd(this.time).slice() })) {
      due.push(expiryOfKey(key).leafKey);
      if (due.length === EXPIRE_LEAVES_MAX) break;
    }
    return due;
  }

  private removeLeaf(leafKey: Uint8Array): void {
    if (leafKey[0] === Table.tuple) this.vault.leaves.removeTuple(tupleOfKey(leafKey), this.height);
    else this.vault.leaves.removeEntity(entityOfKey(leafKey), this.height);
  }
}
