/**
 * A captured state as chunks, section by section, in short steps. A generator: what it yields is either a finished chunk or the
 * cost of the record just read, and whoever drives it decides when a step has been long enough.
 *
 * Leaves come in path order from the commitment tree, which knows only hashes of values; rows stand under names. Both orders
 * begin with the bucket, so one bucket's rows are read ahead and matched by path. Memory: the rows of the largest bucket.
 */
import { assert, defined } from '../assert.ts';
import { Writer } from '../bytes/writer.ts';
import { NO_NODE, type NodeRef } from '../merkle/arena.ts';
import { REVERSE_PATH_BYTES } from '../merkle/path.ts';
import type { StateCapture, VaultImage } from '../state/capture.ts';
import { entityOfKey, prefixRange, tupleOfKey } from '../state/key-reader.ts';
import { Table } from '../state/keys.ts';
import { entityValue, tupleValue } from '../state/leaves.ts';
import { decodeEntityRow, decodeTupleRow } from '../state/rows.ts';
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

/** Rows of the history, without reading them. */
function* countHistory(image: VaultImage): Generator<SerialStep, number> {
  let count = 0;
  const cursor = image.rows.scan(HISTORY);
  while (cursor.advance()) {
    count += 1;
    if (count % 64 === 0) yield WORK; // a row passed over costs a hundredth of one that is read
  }
  return count;
}

function* vaultsOf(capture: StateCapture, chunkBytes: number): Steps {
  const packer = new Packer(Section.vaults, chunkBytes);
  for (const vault of capture.vaults) {
    const image = capture.image(vault);
    const historyRows = yield* countHistory(image);
    writeVault(packer.record, { header: image.header, leaves: image.tree.size, historyRows });
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
    for (const row of capture.image(vault).rows.scan(HISTORY)) {
      writeHistoryRow(packer.record, row);
      yield* packer.add();
    }
    capture.forget(vault);
  }
  yield* packer.end();
}

/** A path as a map's key. */
function nameOf(path: Uint8Array): string {
  return String.fromCharCode(...path);
}

/** Canonical values of a bucket's tuples and entities, by path. */
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
}

function* leavesOf(image: VaultImage, chunkBytes: number): Steps {
  const { tree, vault } = image;
  const { arena } = tree;
  const id = ulidBytes(vault.id);
  const values: Map<string, Uint8Array> = new Map();
  let bucket = -1;
  let run: RunLeaf[] = [];
  let runBytes = id.length;
  const open: NodeRef[] = tree.root === NO_NODE ? [] : [tree.root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node > 0) {
      open.push(arena.child(node, 1), arena.child(node, 0));
      continue;
    }
    const isReverse = arena.pathLength(node) === REVERSE_PATH_BYTES;
    const own = arena.path(node)[0] as number;
    if (!isReverse && own !== bucket) {
      bucket = own;
      yield* valuesOf(image, bucket, values);
    }
    const value = isReverse ? undefined : defined(values.get(nameOf(arena.path(node))), 'a leaf has its row');
    const bytes = value === undefined ? REVERSE_LEAF_BYTES : LEAF_OVERHEAD_BYTES + value.length;
    if (run.length > 0 && runBytes + bytes > chunkBytes) {
      yield { kind: 'chunk', section: Section.leaves, bytes: encodeLeafChunk(id, tree, run) };
      run = [];
      runBytes = id.length;
    }
    run.push({ leaf: node, value });
    runBytes += bytes;
    yield { kind: 'work', bytes };
  }
  assert(open.length === 0, 'every leaf was visited');
  if (run.length > 0) yield { kind: 'chunk', section: Section.leaves, bytes: encodeLeafChunk(id, tree, run) };
}
