/**
 * The leaves of one vault, in every place where a leaf stands: row, reverse row, commitment tree, history and expiry index.
 * Why a file of its own: nothing else writes them, so the indices cannot drift apart (audit.ts says whether they did).
 */
import { BTree } from '../btree/tree.ts';
import type { Hasher } from '../capability.ts';
import { hashOf } from '../hasher.ts';
import { type Height, type Micros, NEVER } from '../ids.ts';
import { entityPath, reversePath, tuplePath } from '../merkle/path.ts';
import { CommitmentTree } from '../merkle/tree.ts';
import { encodeValue } from '../merkle/value.ts';
import type { PageStore } from '../page/store.ts';
import { expiryOfKey, tableRange } from './key-reader.ts';
import { KeyBuilder, Table } from './keys.ts';
import {
  decodeEntityRow,
  decodeTupleRow,
  type EntityLeaf,
  encodeEntityRow,
  encodeTupleRow,
  ROW_HEAD_BYTES,
  rowExpiresAt,
  type TupleLeaf,
} from './rows.ts';
import type { TupleKey } from './transaction.ts';

const NOTHING: Uint8Array = new Uint8Array(0);

/** Canonical bytes of a tuple's leaf. */
export function tupleValue(tuple: TupleKey, leaf: TupleLeaf): Uint8Array {
  return encodeValue({
    kind: 'tuple',
    resource: tuple.resource,
    relation: tuple.relation,
    subject: tuple.subject,
    conditionName: leaf.conditionName,
    conditionContext: leaf.conditionContext,
    expiresAt: leaf.expiresAt,
    version: leaf.version,
  });
}

/** Canonical bytes of a tuple's reverse leaf. @param forwardHash SHA-256 of the tuple's own value */
export function reverseValue(tuple: TupleKey, leaf: TupleLeaf, forwardHash: Uint8Array): Uint8Array {
  return encodeValue({
    kind: 'reverse',
    resource: tuple.resource,
    relation: tuple.relation,
    subject: tuple.subject,
    forwardHash,
    expiresAt: leaf.expiresAt,
    version: leaf.version,
  });
}

/** Canonical bytes of an entity's leaf. */
export function entityValue(key: string, leaf: EntityLeaf): Uint8Array {
  return encodeValue({ kind: 'entity', key, value: leaf.value, expiresAt: leaf.expiresAt, version: leaf.version });
}

export class Leaves {
  readonly hasher: Hasher;
  /** Whether every tuple has a reverse leaf. */
  readonly reverse: boolean;
  readonly rows: BTree;
  readonly tree: CommitmentTree;
  readonly keys: KeyBuilder;
  /** 1 at i: a leaf of bucket i changed since the last `takeTouched`. */
  private readonly touched: Uint8Array = new Uint8Array(256);
  /** What firstExpiry found; undefined since an expiry row changed. */
  private earliest: Micros | undefined = NEVER;

  constructor(options: { readonly hasher: Hasher; readonly reverse: boolean; readonly pages: PageStore }) {
    this.hasher = options.hasher;
    this.reverse = options.reverse;
    this.rows = new BTree(options.pages);
    this.tree = new CommitmentTree(options.hasher);
    this.keys = new KeyBuilder(options.hasher);
  }

  /** The stored tuple, live or not. */
  tuple(tuple: TupleKey): TupleLeaf | undefined {
    const row = this.rows.get(this.keys.tuple(tuple));
    return row === undefined ? undefined : decodeTupleRow(row);
  }

  /** The stored entity, live or not. */
  entity(key: string): EntityLeaf | undefined {
    const row = this.rows.get(this.keys.entity(key));
    return row === undefined ? undefined : decodeEntityRow(row);
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
    const value = tupleValue(tuple, leaf);
    const valueHash = hashOf(this.hasher, value);
    this.setLeaf(tuplePath(this.hasher, tuple), valueHash);
    const row = encodeTupleRow(leaf);
    this.putRow(this.keys.tuple(tuple), row, leaf.expiresAt, leaf.version);
    if (!this.reverse) return;
    this.setLeaf(reversePath(this.hasher, tuple), hashOf(this.hasher, reverseValue(tuple, leaf, valueHash)));
    const reverseRow = row.subarray(0, ROW_HEAD_BYTES);
    const reverseKey = this.keys.reverse(tuple);
    this.rows.set(reverseKey, reverseRow);
    this.rows.set(this.keys.history(reverseKey, leaf.version), reverseRow);
  }

  /** Removes a stored tuple in the block at height. */
  removeTuple(tuple: TupleKey, height: Height): void {
    this.removeLeaf(tuplePath(this.hasher, tuple));
    this.removeRow(this.keys.tuple(tuple), height);
    if (!this.reverse) return;
    this.removeLeaf(reversePath(this.hasher, tuple));
    const reverseKey = this.keys.reverse(tuple);
    this.rows.delete(reverseKey);
    this.rows.set(this.keys.history(reverseKey, height), NOTHING);
  }

  /** Writes or replaces an entity. */
  putEntity(key: string, leaf: EntityLeaf): void {
    this.setLeaf(entityPath(this.hasher, key), hashOf(this.hasher, entityValue(key, leaf)));
    this.putRow(this.keys.entity(key), encodeEntityRow(leaf), leaf.expiresAt, leaf.version);
  }

  /** Removes a stored entity in the block at height. */
  removeEntity(key: string, height: Height): void {
    this.removeLeaf(entityPath(this.hasher, key));
    this.removeRow(this.keys.entity(key), height);
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

  private setLeaf(path: Uint8Array, valueHash: Uint8Array): void {
    this.tree.set(path, valueHash);
    this.touched[path[0] as number] = 1;
  }

  private removeLeaf(path: Uint8Array): void {
    this.tree.remove(path);
    this.touched[path[0] as number] = 1;
  }

  private putRow(key: Uint8Array, row: Uint8Array, expiresAt: number, height: Height): void {
    this.dropExpiry(key);
    this.rows.set(key, row);
    this.rows.set(this.keys.history(key, height), row);
    if (expiresAt === 0) return;
    this.rows.set(this.keys.expiry(expiresAt, key), NOTHING);
    this.earliest = undefined;
  }

  private removeRow(key: Uint8Array, height: Height): void {
    this.dropExpiry(key);
    this.rows.delete(key);
    this.rows.set(this.keys.history(key, height), NOTHING);
  }

  private dropExpiry(key: Uint8Array): void {
    const previous = this.rows.find(key);
    if (previous === undefined) return;
    const expiresAt = rowExpiresAt(previous.bytes, previous.start);
    if (expiresAt === 0) return;
    this.rows.delete(this.keys.expiry(expiresAt, key));
    this.earliest = undefined;
  }
}
