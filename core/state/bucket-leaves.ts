/** The leaves of one bucket, worked out from the rows of its tuples, entities and models: what a commitment tree loads it from. */
import { defined } from '../assert.ts';
import type { ReadonlyBTree } from '../btree/tree.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Hasher } from '../capability.ts';
import { BUCKETS } from '../merkle/hashes.ts';
import { type SubtreeLeaf, sortLeaves } from '../merkle/subtree.ts';
import { CommitmentTree } from '../merkle/tree.ts';
import { hashValue } from '../merkle/value.ts';
import { entityOfKey, modelOfKey, prefixRange, tupleOfKey, tupleOfReverseKey } from './key-reader.ts';
import { type KeyBuilder, Table } from './keys.ts';
import { entityLeaf, modelLeaf, reverseLeaf, tupleLeaf } from './leaf-values.ts';
import { decodeEntityRow, decodeModelRow, decodeTupleRow } from './rows.ts';

/** What of a vault they follow from. */
export interface BucketRows {
  readonly hasher: Hasher;
  readonly keys: KeyBuilder;
  readonly rows: ReadonlyBTree;
}

/** Each leaf once, in the order of the rows. Paths and hashes are the caller's. */
export function* bucketLeaves({ hasher, keys, rows }: BucketRows, bucket: number): Generator<SubtreeLeaf> {
  for (const { key, value } of rows.scan(prefixRange(Uint8Array.of(Table.tuple, bucket)))) {
    const tuple = tupleOfKey(key);
    const valueHash = hashValue(hasher, tupleLeaf(tuple, decodeTupleRow(value)));
    yield { path: keys.paths.tuple(tuple).slice(), valueHash };
  }
  for (const { key } of rows.scan(prefixRange(Uint8Array.of(Table.reverse, bucket)))) {
    const tuple = tupleOfReverseKey(key);
    const row = defined(rows.find(keys.tuple(tuple)), 'a reverse row has its tuple');
    const leaf = decodeTupleRow(row.bytes, row.start, row.end);
    const forwardHash = hashValue(hasher, tupleLeaf(tuple, leaf));
    yield { path: keys.paths.reverse(tuple).slice(), valueHash: hashValue(hasher, reverseLeaf(tuple, leaf, forwardHash)) };
  }
  for (const { key, value } of rows.scan(prefixRange(Uint8Array.of(Table.entity, bucket)))) {
    const name = entityOfKey(key);
    yield { path: keys.paths.entity(name).slice(), valueHash: hashValue(hasher, entityLeaf(name, decodeEntityRow(value))) };
  }
  for (const { key, value } of rows.scan(prefixRange(Uint8Array.of(Table.model, bucket)))) {
    const id = modelOfKey(key);
    yield { path: keys.paths.model(id), valueHash: hashValue(hasher, modelLeaf(id, decodeModelRow(value))) };
  }
}

/** The hash of a bucket as the newest block has it; undefined where nothing was ever in it. */
function committedBucket({ keys, rows }: BucketRows, bucket: number): Uint8Array | undefined {
  const cursor = rows.scan(prefixRange(keys.bucketPrefix(bucket)));
  return cursor.advance() ? cursor.value() : undefined;
}

/** The commitment tree over stored rows, with no bucket in memory yet. @param count leaves there are */
export function openCommitment({ hasher, keys, rows }: BucketRows, count: number): CommitmentTree {
  const stored = { hasher, keys: keys.beside, rows }; // a bucket is loaded while its caller holds the path of a leaf
  const tree = new CommitmentTree(hasher, (bucket) => sortLeaves([...bucketLeaves(stored, bucket)]));
  const { empty } = tree.arena;
  for (let bucket = 0; bucket < BUCKETS && count > 0; bucket += 1) {
    const hash = committedBucket(stored, bucket);
    if (hash !== undefined && !equalBytes(hash, empty)) tree.plant(bucket, hash);
  }
  tree.countUnloaded(count);
  return tree;
}
