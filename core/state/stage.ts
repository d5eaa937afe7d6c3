/**
 * The writes of one transaction before it is known to succeed: nothing reaches the vault unless every operation could be
 * applied, so a transaction that fails at operation k leaves no trace. Later operations see earlier ones.
 */
import type { Height, Micros } from '../ids.ts';
import { isLive } from '../merkle/value.ts';
import type { Leaves } from './leaves.ts';
import { changeRetention } from './retention.ts';
import type { EntityLeaf, ModelLeaf, TupleLeaf } from './rows.ts';
import type { Retention, TupleKey } from './transaction.ts';

/** leaf undefined: removed. */
interface StagedTuple {
  readonly tuple: TupleKey;
  readonly leaf: TupleLeaf | undefined;
}

interface StagedEntity {
  readonly key: string;
  readonly leaf: EntityLeaf | undefined;
}

interface StagedModel {
  readonly id: string;
  readonly leaf: ModelLeaf;
}

/** Names hold no control characters, so U+0000 parts them. */
function nameOf(tuple: TupleKey): string {
  return `${tuple.resource}\0${tuple.relation}\0${tuple.subject}`;
}

export class Stage {
  private readonly leaves: Leaves;
  /** Time of the block in the making: what expires at or before it is absent. */
  private readonly time: Micros;
  /** Height of the block in the making: the version of what is written. */
  readonly height: Height;
  /** Of the model that the transaction writes, if it writes one. */
  private readonly modelId: () => string;
  /** Both in order of first use: the order of the operations. */
  private readonly tuples: Map<string, StagedTuple> = new Map();
  private readonly entities: Map<string, StagedEntity> = new Map();
  private model: StagedModel | undefined = undefined;
  /** Undefined: it stays as it is. */
  private retention: Retention | undefined = undefined;

  constructor(leaves: Leaves, block: { readonly time: Micros; readonly height: Height; readonly modelId: () => string }) {
    this.leaves = leaves;
    this.time = block.time;
    this.height = block.height;
    this.modelId = block.modelId;
  }

  /** Id of the model that the transaction writes; empty: none. */
  get writtenModel(): string {
    return this.model?.id ?? '';
  }

  /** The tuple as the next operation finds it; absent if not live. */
  tuple(tuple: TupleKey): TupleLeaf | undefined {
    const staged = this.tuples.get(nameOf(tuple));
    const leaf = staged === undefined ? this.leaves.tuple(tuple) : staged.leaf;
    return leaf !== undefined && isLive(leaf.expiresAt, this.time) ? leaf : undefined;
  }

  /** The entity as the next operation finds it; absent if not live. */
  entity(key: string): EntityLeaf | undefined {
    const staged = this.entities.get(key);
    const leaf = staged === undefined ? this.leaves.entity(key) : staged.leaf;
    return leaf !== undefined && isLive(leaf.expiresAt, this.time) ? leaf : undefined;
  }

  setTuple(tuple: TupleKey, leaf: TupleLeaf | undefined): void {
    this.tuples.set(nameOf(tuple), { tuple, leaf });
  }

  setEntity(key: string, leaf: EntityLeaf | undefined): void {
    this.entities.set(key, { key, leaf });
  }

  setRetention(retention: Retention): void {
    this.retention = retention;
  }

  setModel(model: string): void {
    this.model = { id: this.modelId(), leaf: { model, version: this.height } };
  }

  /** Writes everything to the vault. @returns whether any leaf, or the retention, changed. */
  commit(): boolean {
    let changed = false;
    for (const staged of this.tuples.values()) changed = this.commitTuple(staged) || changed;
    for (const staged of this.entities.values()) changed = this.commitEntity(staged) || changed;
    if (this.retention !== undefined) changed = changeRetention(this.leaves.rows, this.retention) || changed;
    if (this.model === undefined) return changed;
    this.leaves.putModel(this.model.id, this.model.leaf);
    return true;
  }

  private commitTuple({ tuple, leaf }: StagedTuple): boolean {
    if (leaf !== undefined) {
      this.leaves.putTuple(tuple, leaf);
      return true;
    }
    if (!this.leaves.hasTuple(tuple)) return false;
    this.leaves.removeTuple(tuple, this.height);
    return true;
  }

  private commitEntity({ key, leaf }: StagedEntity): boolean {
    if (leaf !== undefined) {
      this.leaves.putEntity(key, leaf);
      return true;
    }
    if (!this.leaves.hasEntity(key)) return false;
    this.leaves.removeEntity(key, this.height);
    return true;
  }
}
