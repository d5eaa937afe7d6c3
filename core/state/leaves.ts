/**
 * The leaves of one vault, in every place where a leaf stands: row, reverse row, commitment tree, history and expiry index.
 * Why a file of its own: nothing else writes them, so the indices cannot drift apart (audit.ts says whether they did).
 */
import { assert } from '../assert.ts';
import { BTree, type TreeRoot } from '../btree/tree.ts';
import type { Hasher } from '../capability.ts';
import { type Height, type Micros, NEVER } from '../ids.ts';
import { ABSENT, UNKNOWN } from '../index/exact-index.ts';
import { ExactRows, type GroupIndex } from '../index/exact-rows.ts';
import type { CommitmentTree } from '../merkle/tree.ts';
import { hashValue } from '../merkle/value.ts';
import type { PageSpace } from '../page/space.ts';
import { openCommitment } from './bucket-leaves.ts';
import { expiryOfKey, tableRange } from './key-reader.ts';
import { type KeyBuilder, Table } from './keys.ts';
import { entityLeaf, modelLeaf, reverseLeaf, tupleLeaf } from './leaf-values.ts';
import {
  decodeEntityRow,
  decodeModelRow,
  decodeTupleRow,
  type EntityLeaf,
  encodeEntityRow,
  encodeModelRow,
  encodeRowHead,
  encodeTupleRow,
  type ModelLeaf,
  rowExpiresAt,
  rowHead,
  rowVersion,
  type TupleLeaf,
} from './rows.ts';
import type { TupleKey } from './transaction.ts';
import { ulidBytes } from './ulid-field.ts';

const NOTHING: Uint8Array = new Uint8Array(0);

/** Leaves as a checkpoint has them. */
export interface StoredLeaves {
  readonly rows: TreeRoot;
  readonly leaves: number;
  readonly firstExpiry: Micros;
}

export class Leaves {
  readonly hasher: Hasher;
  /** Whether every tuple has a reverse leaf. */
  readonly reverse: boolean;
  readonly rows: BTree;
  readonly keys: KeyBuilder;
  /** Tuples by exact key, beside `rows`. */
  private readonly exact: ExactRows;
  /** 1 at i: a leaf of bucket i changed since the last `takeTouched`. */
  private readonly touched: Uint8Array = new Uint8Array(256);
  /** What firstExpiry found; undefined since an expiry row changed. */
  private earliest: Micros | undefined;
  /** Made when somebody needs it: most vaults of a node that starts are not asked for at once. */
  private committed: CommitmentTree | undefined = undefined;
  /** Leaves that the rows held when they were opened. */
  private readonly storedLeaves: number;

  /** @param options.stored where the leaves are; without it there are none. */
  constructor(options: {
    readonly hasher: Hasher;
    readonly keys: KeyBuilder;
    readonly reverse: boolean;
    readonly space: PageSpace;
    /** Of the pages: the vault's 16 bytes. */
    readonly owner: Uint8Array;
    readonly stored?: StoredLeaves | undefined;
    readonly index: GroupIndex;
  }) {
    this.hasher = options.hasher;
    this.keys = options.keys;
    this.reverse = options.reverse;
    this.rows = new BTree(options.space, options.stored?.rows, options.owner);
    this.storedLeaves = options.stored?.leaves ?? 0;
    this.earliest = options.stored?.firstExpiry ?? NEVER;
    this.exact = new ExactRows(options.index);
  }

  /** The commitment tree. Buckets that were stored are loaded one by one, when somebody needs them. */
  get tree(): CommitmentTree {
    this.committed ??= openCommitment(this, this.storedLeaves);
    return this.committed;
  }

  /** Leaves there are, tuples, reverse leaves, entities and models. */
  get count(): number {
    return this.committed?.size ?? this.storedLeaves;
  }

  /** The stored tuple, live or not. */
  tuple(tuple: TupleKey): TupleLeaf | undefined {
    const row = this.rows.find(this.keys.tuple(tuple));
    return row === undefined ? undefined : decodeTupleRow(row.bytes, row.start, row.end);
  }

  /** expires_at of the stored tuple, 0 = never, or ABSENT: what a check needs, at most one lookup in the ordered tree. */
  tupleExpiry(tuple: TupleKey): number {
    const key = this.keys.tuple(tuple);
    const known = this.exact.find(key, this.rows.count === 0);
    if (known !== UNKNOWN) return known;
    const row = this.rows.find(key);
    const expiresAt = row === undefined ? ABSENT : rowExpiresAt(row.bytes, row.start);
    this.exact.learn(key, expiresAt);
    return expiresAt;
  }

  /** The stored entity, live or not. */
  entity(key: string): EntityLeaf | undefined {
    const row = this.rows.get(this.keys.entity(key));
    return row === undefined ? undefined : decodeEntityRow(row);
  }

  /** The stored model. */
  model(id: string): ModelLeaf | undefined {
    const row = this.rows.get(this.keys.model(id));
    return row === undefined ? undefined : decodeModelRow(row);
  }

  /** Whether a tuple is stored, live or not. */
  hasTuple(tuple: TupleKey): boolean {
    return this.rows.has(this.keys.tuple(tuple));
  }

  /** Whether an entity is stored, live or not. */
  hasEntity(key: string): boolean {
    return this.rows.has(this.keys.entity(key));
  }

  /** Writes or replaces a tuple. */
  putTuple(tuple: TupleKey, leaf: TupleLeaf): void {
    const { paths } = this.keys;
    this.needBuckets(tuple);
    const valueHash = hashValue(this.hasher, tupleLeaf(tuple, leaf));
    this.setLeaf(paths.tuple(tuple), valueHash);
    const key = this.keys.tuple(tuple);
    const previous = this.putRow(key, encodeTupleRow(leaf), leaf);
    this.exact.written(key, leaf.expiresAt);
    if (!this.reverse) return;
    this.setLeaf(paths.reverse(tuple), hashValue(this.hasher, reverseLeaf(tuple, leaf, valueHash)));
    const reverseKey = this.keys.reverse(tuple);
    this.rows.set(reverseKey, encodeRowHead(leaf));
    this.remember(reverseKey, previous && rowHead(previous), leaf.version);
  }

  /** Removes a stored tuple in the block at height. */
  removeTuple(tuple: TupleKey, height: Height): void {
    const { paths } = this.keys;
    this.needBuckets(tuple);
    this.removeLeaf(paths.tuple(tuple));
    const key = this.keys.tuple(tuple);
    const previous = this.removeRow(key, height);
    this.exact.removed(key);
    if (!this.reverse) return;
    this.removeLeaf(paths.reverse(tuple));
    const reverseKey = this.keys.reverse(tuple);
    this.rows.delete(reverseKey);
    this.remember(reverseKey, previous && rowHead(previous), height);
  }

  /** Writes or replaces an entity. */
  putEntity(key: string, leaf: EntityLeaf): void {
    this.setLeaf(this.keys.paths.entity(key), hashValue(this.hasher, entityLeaf(key, leaf)));
    this.putRow(this.keys.entity(key), encodeEntityRow(leaf), leaf);
  }

  /** Removes a stored entity in the block at height. */
  removeEntity(key: string, height: Height): void {
    this.removeLeaf(this.keys.paths.entity(key));
    this.removeRow(this.keys.entity(key), height);
  }

  /** Writes a model; there is none of this id. */
  putModel(id: string, leaf: ModelLeaf): void {
    const key = this.keys.model(id);
    assert(!this.rows.has(key), 'a model is written once');
    this.setLeaf(this.keys.paths.model(id), hashValue(this.hasher, modelLeaf(id, leaf)));
    this.rows.set(key, encodeModelRow(leaf));
    this.rows.set(this.keys.modelOrder(ulidBytes(id)), NOTHING);
  }

  /** Bucket numbers whose leaves changed since the last call, ascending. */
  takeTouched(): readonly number[] {
    const buckets: number[] = [];
    for (let bucket = 0; bucket < 256; bucket += 1) if (this.touched[bucket] === 1) buckets.push(bucket);
    this.touched.fill(0);
    return buckets;
  }

  /** The smallest expires_at of all leaves; NEVER where none expires. */
  firstExpiry(): Micros {
    if (this.earliest === undefined) {
      const cursor = this.rows.scan(tableRange(Table.expiry));
      this.earliest = cursor.advance() ? (expiryOfKey(cursor.key()).expiresAt as Micros) : NEVER;
    }
    return this.earliest;
  }

  /** Restoring: a row of the history, as it was. */
  restoreRow(key: Uint8Array, row: Uint8Array): void {
    this.rows.set(key, row);
  }

  /** Both of a tuple, in front of the first change of its rows: a bucket is loaded from rows as its block has left them. */
  private needBuckets(tuple: TupleKey): void {
    const { tree } = this;
    if (tree.stubCount === 0) return;
    tree.need(this.keys.paths.resourceBucket(tuple.resource));
    if (this.reverse) tree.need(this.keys.paths.subjectBucket(tuple.subject));
  }

  private setLeaf(path: Uint8Array, valueHash: Uint8Array): void {
    this.tree.set(path, valueHash);
    this.touched[path[0] as number] = 1;
  }

  private removeLeaf(path: Uint8Array): void {
    this.tree.remove(path);
    this.touched[path[0] as number] = 1;
  }

  /** @returns the row it replaces. */
  private putRow(key: Uint8Array, row: Uint8Array, leaf: TupleLeaf | EntityLeaf): Uint8Array | undefined {
    const previous = this.rows.get(key);
    if (previous !== undefined) this.end(key, previous, leaf.version);
    this.rows.set(key, row);
    if (leaf.expiresAt !== 0) {
      this.rows.set(this.keys.expiry(leaf.expiresAt, key), NOTHING);
      this.earliest = undefined;
    }
    return previous;
  }

  /** @returns the row that was there. */
  private removeRow(key: Uint8Array, height: Height): Uint8Array | undefined {
    const previous = this.rows.get(key);
    if (previous !== undefined) this.end(key, previous, height);
    this.rows.delete(key);
    return previous;
  }

  /** A row ends in the block at height: it leaves the expiry index and enters the history. */
  private end(key: Uint8Array, row: Uint8Array, height: Height): void {
    this.remember(key, row, height);
    const expiresAt = rowExpiresAt(row);
    if (expiresAt === 0) return;
    this.rows.delete(this.keys.expiry(expiresAt, key));
    this.earliest = undefined;
  }

  /** A row written and ended within one block was never visible at a height: it leaves no history. */
  private remember(key: Uint8Array, row: Uint8Array | undefined, height: Height): void {
    if (row !== undefined && rowVersion(row) < height) this.rows.set(this.keys.history(key, height), row);
  }
}
