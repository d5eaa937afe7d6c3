/**
 * The leaves of a vault as its transactions leave them: names, values and the commitment tree, in memory. The auditor's own: it shares
 * the bytes that are hashed with the state machine (paths, values, the tree) and none of its tables, so a mistake in those is found.
 */
import type { Hasher } from '../capability.ts';
import { CommitmentTree } from '../merkle/tree.ts';
import { hashValue } from '../merkle/value.ts';
import { KeyBuilder } from '../state/keys.ts';
import { entityLeaf, modelLeaf, reverseLeaf, tupleLeaf } from '../state/leaf-values.ts';
import { PathCache } from '../state/path-cache.ts';
import type { EntityLeaf, ModelLeaf, TupleLeaf } from '../state/rows.ts';
import type { TupleKey } from '../state/transaction.ts';
import { Expiries } from './expiries.ts';

type Leaf = { readonly tuple: TupleKey } | { readonly entity: string };
/** What later transactions can ask of a tuple. */
export type TupleState = Omit<TupleLeaf, 'version'>;
/** Shared by every tuple without condition that never expires: most of them. */
const PLAIN: TupleState = { conditionName: '', conditionContext: '', expiresAt: 0 };

/** Names hold no control characters, so U+0000 parts them. */
export function nameOf(tuple: TupleKey): string {
  return `${tuple.resource}\0${tuple.relation}\0${tuple.subject}`;
}

export class LeafState {
  private readonly hasher: Hasher;
  private readonly reverse: boolean;
  private readonly keys: KeyBuilder;
  readonly tree: CommitmentTree;
  private readonly tuples: Map<string, TupleState> = new Map();
  private readonly entities: Map<string, EntityLeaf> = new Map();
  private readonly expiries: Expiries<Leaf> = new Expiries(({ at, leaf }) => this.expiryOf(leaf) === at);

  /** @param reverse whether every tuple has a reverse leaf. */
  constructor(hasher: Hasher, reverse: boolean) {
    this.hasher = hasher;
    this.reverse = reverse;
    this.tree = new CommitmentTree(hasher);
    this.keys = new KeyBuilder(new PathCache(hasher));
  }

  /** Stored, live or not. @param name nameOf(tuple) */
  tuple(name: string): TupleState | undefined {
    return this.tuples.get(name);
  }

  /** Stored, live or not. */
  entity(key: string): EntityLeaf | undefined {
    return this.entities.get(key);
  }

  putTuple(tuple: TupleKey, leaf: TupleLeaf): void {
    const { hasher, keys } = this;
    const { conditionName, conditionContext, expiresAt } = leaf;
    const isPlain = conditionName === '' && expiresAt === 0;
    this.tuples.set(nameOf(tuple), isPlain ? PLAIN : { conditionName, conditionContext, expiresAt });
    const valueHash = hashValue(hasher, tupleLeaf(tuple, leaf));
    this.tree.set(keys.paths.tuple(tuple), valueHash);
    if (this.reverse) this.tree.set(keys.paths.reverse(tuple), hashValue(hasher, reverseLeaf(tuple, leaf, valueHash)));
    if (expiresAt !== 0) this.expiries.add({ at: expiresAt, key: keys.tuple(tuple).slice(), leaf: { tuple } });
  }

  /** @returns whether it was stored. */
  removeTuple(tuple: TupleKey): boolean {
    if (!this.tuples.delete(nameOf(tuple))) return false;
    this.tree.remove(this.keys.paths.tuple(tuple));
    if (this.reverse) this.tree.remove(this.keys.paths.reverse(tuple));
    return true;
  }

  putEntity(key: string, leaf: EntityLeaf): void {
    this.entities.set(key, leaf);
    this.tree.set(this.keys.paths.entity(key), hashValue(this.hasher, entityLeaf(key, leaf)));
    if (leaf.expiresAt !== 0)
      this.expiries.add({ at: leaf.expiresAt, key: this.keys.entity(key).slice(), leaf: { entity: key } });
  }

  /** @returns whether it was stored. */
  removeEntity(key: string): boolean {
    if (!this.entities.delete(key)) return false;
    this.tree.remove(this.keys.paths.entity(key));
    return true;
  }

  /** Writes a model; what it says is nothing that a later transaction could ask for. */
  putModel(id: string, leaf: ModelLeaf): void {
    this.tree.set(this.keys.paths.model(id), hashValue(this.hasher, modelLeaf(id, leaf)));
  }

  /** Removes leaves that expired at or before a time, in order, so many at most. @returns how many. */
  removeDue(time: number, max: number): number {
    for (let count = 0; count < max; count += 1) {
      const due = this.expiries.takeDue(time);
      if (due === undefined) return count;
      if ('tuple' in due.leaf) this.removeTuple(due.leaf.tuple);
      else this.removeEntity(due.leaf.entity);
    }
    return max;
  }

  private expiryOf(leaf: Leaf): number | undefined {
    return ('tuple' in leaf ? this.tuples.get(nameOf(leaf.tuple)) : this.entities.get(leaf.entity))?.expiresAt;
  }
}
