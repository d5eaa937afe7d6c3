/**
 * A captured state as chunks, section by section, in short steps. A generator: what it yields is either a finished chunk or the
 * cost of the record just read, and whoever drives it decides when a step has been long enough.
 *
 * Leaves go in path order; rows stand under names. Both orders begin with the bucket, so a bucket's rows are read, sorted by path
 * and hashed once more into a commitment tree of this capture's own: a row that is not what its block committed ends the work here
 * and never travels. Memory: the largest buckets of one chunk.
 */
import { assert, defined } from '../assert.ts';
import type { Cursor } from '../btree/cursor.ts';
import { Writer } from '../bytes/writer.ts';
import { BUCKETS } from '../merkle/hashes.ts';
import { REVERSE_PATH_BYTES } from '../merkle/path.ts';
import { type SubtreeLeaf, sortLeaves } from '../merkle/subtree.ts';
import type { CommitmentTree } from '../merkle/tree.ts';
import { bucketLeaves, openCommitment } from '../state/bucket-leaves.ts';
import type { StateCapture, VaultImage } from '../state/capture.ts';
import { entityOfKey, modelOfKey, prefixRange, tupleOfKey } from '../state/key-reader.ts';
import { Table } from '../state/keys.ts';
import { entityValue, modelValue, tupleValue } from '../state/leaf-values.ts';
import { NeededRows } from '../state/pruning.ts';
import { RETENTION_KEY, retentionOf } from '../state/retention.ts';
import { decodeEntityRow, decodeModelRow, decodeTupleRow } from '../state/rows.ts';
import { ulidBytes } from '../state/ulid-field.ts';
import { encodeLeafChunk, LEAF_OVERHEAD_BYTES, REVERSE_LEAF_BYTES, type RunLeaf } from './leaf-chunk.ts';
import { Section } from './manifest.ts';
import { writeDeleted, writeHistoryHead, writeHistoryRow, writeKept, writeRow, writeSessionHead, writeVault } from './records.ts';

export type SerialStep =
  /** One record of that many bytes was read. */
  | { readonly kind: 'work'; readonly bytes: number }
  | { readonly kind: 'chunk'; readonly section: Section; readonly bytes: Uint8Array };
type Steps = Generator<SerialStep, void>;

const WORK: SerialStep = { kind: 'work', bytes: 0 };
/** Tables of the history, one behind the other in key order. */
const HISTORY = { from: Uint8Array.of(Table.transaction), to: Uint8Array.of(Table.expiry) };
/** What is kept of it. */
const RETENTION = prefixRange(RETENTION_KEY);

/** Everything a capture holds. @param chunkBytes where chunks are cut; part of the manifest */
export function* serialise(capture: StateCapture, chunkBytes: number): Steps {
  yield* vaultsOf(capture, chunkBytes);
  yield* sessionsOf(capture, chunkBytes);
  yield* directoryOf(capture, chunkBytes);
  for (const vault of capture.vaults) yield* leavesOf(capture.image(vault), chunkBytes);
  yield* historyOf(capture, chunkBytes);
}

/** Collects records into chunks: one ends before it passes the limit. */
class Packer {
  private readonly section: Section;
  private readonly chunkBytes: number;
  private readonly chunk: Writer = new Writer();
  /** Where the next record is written, before it is known whether it still fits. */
  readonly record: Writer = new Writer();
  /** What a chunk begins with that begins with this record; so each can be taken apart without the one before it. */
  readonly lead: Writer = new Writer();

  constructor(section: Section, chunkBytes: number) {
    this.section = section;
    this.chunkBytes = chunkBytes;
  }

  /** Takes over the record. */
  *add(): Steps {
    const { record, chunk, lead } = this;
    if (chunk.length > 0 && chunk.length + record.length > this.chunkBytes) yield* this.end();
    if (chunk.length === 0) chunk.raw(lead.peek());
    chunk.raw(record.peek());
    yield { kind: 'work', bytes: record.length };
    record.reset();
  }

  *end(): Steps {
    if (this.chunk.length === 0) return;
    const bytes = this.chunk.finish();
    this.chunk.reset();
    yield { kind: 'chunk', section: this.section, bytes };
  }
}

/**
 * A cursor's keys that travel: how far the removal of the others is differs between replicas, and equal states have equal
 * snapshots.
 */
function* neededIn(image: VaultImage): Generator<Cursor | undefined, void> {
  const needed = new NeededRows(retentionOf(image.rows).floor);
  for (const range of [HISTORY, RETENTION]) {
    const cursor = image.rows.scan(range);
    while (cursor.advance()) yield needed.has(cursor.key()) ? cursor : undefined;
  }
}

/** Rows of the history, without reading them. */
function* countHistory(image: VaultImage): Generator<SerialStep, number> {
  let count = 0;
  let read = 0;
  for (const cursor of neededIn(image)) {
    if (cursor !== undefined) count += 1;
    read += 1;
    if (read % 64 === 0) yield WORK; // a row passed over costs a hundredth of one that is read
  }
  return count;
}

function* vaultsOf(capture: StateCapture, chunkBytes: number): Steps {
  const packer = new Packer(Section.vaults, chunkBytes);
  for (const vault of capture.vaults) {
    const image = capture.image(vault);
    const historyRows = yield* countHistory(image);
    writeVault(packer.record, { header: image.header, leaves: image.leaves, historyRows });
    yield* packer.add();
  }
  yield* packer.end();
}

function* sessionsOf(capture: StateCapture, chunkBytes: number): Steps {
  const packer = new Packer(Section.sessions, chunkBytes);
  for (const deleted of capture.deleted) {
    writeDeleted(packer.record, deleted);
    yield* packer.add();
  }
  for (let place = 0; place < capture.sessions.count; place += 1) {
    const { index, floor, lastUsed, kept } = capture.sessions.image(place);
    writeSessionHead(packer.record, { index, floor, lastUsed, results: kept.length });
    yield* packer.add();
    for (const result of kept) {
      writeKept(packer.record, result);
      yield* packer.add();
    }
  }
  yield* packer.end();
}

function* directoryOf(capture: StateCapture, chunkBytes: number): Steps {
  const packer = new Packer(Section.directory, chunkBytes);
  for (const row of capture.directoryRows({ from: new Uint8Array(0) }) ?? []) {
    writeRow(packer.record, row);
    yield* packer.add();
  }
  yield* packer.end();
}

function* historyOf(capture: StateCapture, chunkBytes: number): Steps {
  const packer = new Packer(Section.history, chunkBytes);
  for (const vault of capture.vaults) {
    packer.lead.reset();
    writeHistoryHead(packer.record, vault.id);
    yield* packer.add();
    writeHistoryHead(packer.lead, vault.id);
    let skipped = 0;
    for (const cursor of neededIn(capture.image(vault))) {
      if (cursor !== undefined) {
        writeHistoryRow(packer.record, { key: cursor.key(), value: cursor.value() });
        yield* packer.add();
        continue;
      }
      skipped += 1;
      if (skipped % 64 === 0) yield WORK;
    }
    capture.forget(vault);
  }
  yield* packer.end();
}

/** A path as a map's key. */
function nameOf(path: Uint8Array): string {
  return String.fromCharCode(...path);
}

/** Canonical values of a bucket's tuples, entities and models, by path. */
function* valuesOf(image: VaultImage, bucket: number, values: Map<string, Uint8Array>): Steps {
  const { paths } = image.vault.leaves.keys;
  values.clear();
  for (const { key, value } of image.rows.scan(prefixRange(Uint8Array.of(Table.tuple, bucket)))) {
    const tuple = tupleOfKey(key);
    const bytes = tupleValue(tuple, decodeTupleRow(value));
    values.set(nameOf(paths.tuple(tuple)), bytes);
    yield { kind: 'work', bytes: bytes.length };
  }
  for (const { key, value } of image.rows.scan(prefixRange(Uint8Array.of(Table.entity, bucket)))) {
    const name = entityOfKey(key);
    const bytes = entityValue(name, decodeEntityRow(value));
    values.set(nameOf(paths.entity(name)), bytes);
    yield { kind: 'work', bytes: bytes.length };
  }
  for (const { key, value } of image.rows.scan(prefixRange(Uint8Array.of(Table.model, bucket)))) {
    const id = modelOfKey(key);
    const bytes = modelValue(id, decodeModelRow(value));
    values.set(nameOf(paths.model(id)), bytes);
    yield { kind: 'work', bytes: bytes.length };
  }
}

/** A bucket's leaves, loaded into the tree. @returns their paths, in order */
function* loadBucket(image: VaultImage, tree: CommitmentTree, bucket: number): Generator<SerialStep, readonly SubtreeLeaf[]> {
  const { hasher, keys } = image.vault.leaves;
  const leaves: SubtreeLeaf[] = [];
  for (const leaf of bucketLeaves({ hasher, keys, rows: image.rows }, bucket)) {
    leaves.push(leaf);
    yield WORK;
  }
  sortLeaves(leaves);
  if (!tree.isLoaded(bucket)) tree.load(bucket, leaves);
  assert(leaves.length === 0 || tree.has((leaves[0] as SubtreeLeaf).path), 'a bucket with rows is in the tree');
  return leaves;
}

function* leavesOf(image: VaultImage, chunkBytes: number): Steps {
  const { hasher, keys } = image.vault.leaves;
  const tree = openCommitment({ hasher, keys, rows: image.rows }, image.leaves);
  const id = ulidBytes(image.vault.id);
  const values: Map<string, Uint8Array> = new Map();
  let run: RunLeaf[] = [];
  let runBytes = id.length;
  /** Buckets in front of it are forgotten: nothing of the run is in them. */
  let kept = 0;
  let visited = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    yield* valuesOf(image, bucket, values);
    for (const { path } of yield* loadBucket(image, tree, bucket)) {
      const isReverse = path.length === REVERSE_PATH_BYTES;
      const value = isReverse ? undefined : defined(values.get(nameOf(path)), 'a leaf has its row');
      const bytes = value === undefined ? REVERSE_LEAF_BYTES : LEAF_OVERHEAD_BYTES + value.length;
      if (run.length > 0 && runBytes + bytes > chunkBytes) {
        yield { kind: 'chunk', section: Section.leaves, bytes: encodeLeafChunk(id, tree, run) };
        run = [];
        runBytes = id.length;
        for (; kept < bucket; kept += 1) tree.unload(kept);
      }
      run.push({ leaf: tree.arena.descend(tree.root, path), value });
      runBytes += bytes;
      visited += 1;
      yield { kind: 'work', bytes };
    }
  }
  assert(visited === image.leaves, 'every leaf was visited');
  if (run.length > 0) yield { kind: 'chunk', section: Section.leaves, bytes: encodeLeafChunk(id, tree, run) };
}
