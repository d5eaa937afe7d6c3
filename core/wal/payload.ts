/**
 * Payloads of WAL records. The only place that turns a record's meaning into clear bytes and back; sealed entries have
 * another `form` (core/seal/entries.ts).
 *
 * On disk, big-endian, by kind:
 *   entries        u64 first index ‖ u32 count ‖ count x (u64 term ‖ u8 kind ‖ u32 length ‖ data)
 *   hardState      u64 term ‖ u8 voted (0 | 1) ‖ 16 bytes node id (zeros if not voted) ‖ u64 commit index
 *   truncate       u64 from index
 *   snapshotMark   u64 index ‖ u64 term ‖ u8 log (0 continues, 1 restarts, 2 healed)
 *   configuration  u64 index ‖ a configuration (core/raft/configuration-bytes.ts)
 */
import { assert, defined, unreachable } from '../assert.ts';
import { Reader } from '../bytes/reader.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import type { Decoded } from '../errors.ts';
import type { GroupId, LogIndex, NodeId, Term } from '../ids.ts';
import { plus } from '../ids.ts';
import { ENTRY_BYTES_MAX, RECORD_BYTES_MAX } from '../limits.ts';
import { configurationBytes, encodeConfiguration, readConfiguration } from '../raft/configuration-bytes.ts';
import type { Entry, HardState } from '../raft/message.ts';
import { EntryKind } from '../raft/message.ts';
import { type MarkedLog, RecordKind, type WalRecord, writeU64 } from './record.ts';

/** On disk by position: do not reorder. */
const LOGS: readonly MarkedLog[] = ['continues', 'restarts', 'healed'];

function readLog(reader: Reader): MarkedLog {
  const log = LOGS[reader.u8()];
  if (log === undefined) reader.fail('bad_value');
  return log ?? 'continues';
}

/** Fixed bytes of an entries payload, and of one entry in it. */
const ENTRIES_HEAD_BYTES = 12;
const ENTRY_HEAD_BYTES = 13;
const NODE_ID_BYTES = 16;
/** A hard state's bytes, here and in the segment header's table. */
export const HARD_STATE_BYTES: number = 33;

assert(ENTRIES_HEAD_BYTES + ENTRY_HEAD_BYTES + ENTRY_BYTES_MAX <= RECORD_BYTES_MAX, 'one entry fits one record');

/** Bytes one entry adds to an entries payload. */
function entryBytes(entry: Entry): number {
  return ENTRY_HEAD_BYTES + entry.data.length;
}

/** Exact size of a record's payload. */
export function payloadBytes(record: WalRecord): number {
  switch (record.kind) {
    case 'entries': {
      let bytes = ENTRIES_HEAD_BYTES;
      for (const entry of record.entries) bytes += entryBytes(entry);
      return bytes;
    }
    case 'hardState':
      return HARD_STATE_BYTES;
    case 'truncate':
      return 8;
    case 'snapshotMark':
      return 17;
    case 'configuration':
      return 8 + configurationBytes(record.configuration);
    default:
      return unreachable(record);
  }
}

/** The records a planned record becomes: entries are split where one payload would pass RECORD_BYTES_MAX. */
export function splitRecord(record: WalRecord): readonly WalRecord[] {
  if (record.kind !== 'entries') return [record];
  assert(record.entries.length > 0, 'an entries record holds entries');
  if (payloadBytes(record) <= RECORD_BYTES_MAX) return [record];
  const parts: WalRecord[] = [];
  let part: Entry[] = [];
  let bytes = ENTRIES_HEAD_BYTES;
  for (const entry of record.entries) {
    if (part.length > 0 && bytes + entryBytes(entry) > RECORD_BYTES_MAX) {
      parts.push({ group: record.group, kind: 'entries', entries: part });
      part = [];
      bytes = ENTRIES_HEAD_BYTES;
    }
    part.push(entry);
    bytes += entryBytes(entry);
  }
  parts.push({ group: record.group, kind: 'entries', entries: part });
  return parts;
}

/** Code of a record's kind on disk. */
export function kindOf(record: WalRecord): RecordKind {
  return RecordKind[record.kind];
}

function writeNodeId(bytes: Uint8Array, at: number, id: NodeId): void {
  bytes.set(defined(fromHex(id), 'a node id is hex'), at);
}

/** Writes a hard state at `at`, HARD_STATE_BYTES long, into zeroed bytes. */
export function writeHardState(bytes: Uint8Array, view: DataView, at: number, state: HardState): void {
  writeU64(view, at, state.term);
  if (state.votedFor !== undefined) {
    bytes[at + 8] = 1;
    writeNodeId(bytes, at + 9, state.votedFor);
  }
  writeU64(view, at + 25, state.commitIndex);
}

/** Writes a record's payload at `at` into zeroed bytes that have room for payloadBytes(record). */
export function writePayload(bytes: Uint8Array, view: DataView, at: number, record: WalRecord): void {
  switch (record.kind) {
    case 'entries':
      return writeEntries(bytes, view, at, record.entries);
    case 'hardState':
      return writeHardState(bytes, view, at, record.hardState);
    case 'truncate':
      return writeU64(view, at, record.from);
    case 'snapshotMark':
      writeU64(view, at, record.index);
      bytes[at + 16] = LOGS.indexOf(record.log);
      return writeU64(view, at + 8, record.term);
    case 'configuration':
      writeU64(view, at, record.index);
      return bytes.set(encodeConfiguration(record.configuration), at + 8);
    default:
      return unreachable(record);
  }
}

function writeEntries(bytes: Uint8Array, view: DataView, at: number, entries: readonly Entry[]): void {
  const first = defined(entries[0], 'an entries record holds entries').index;
  writeU64(view, at, first);
  view.setUint32(at + 8, entries.length);
  let next = at + ENTRIES_HEAD_BYTES;
  let index = first;
  for (const entry of entries) {
    assert(entry.index === index, 'entries of one record are contiguous');
    assert(entry.data.length <= ENTRY_BYTES_MAX, 'an entry is within its limit');
    index = plus(index, 1);
    writeU64(view, next, entry.term);
    bytes[next + 8] = entry.kind;
    view.setUint32(next + 9, entry.data.length);
    bytes.set(entry.data, next + ENTRY_HEAD_BYTES);
    next += entryBytes(entry);
  }
}

function readNodeId(reader: Reader): NodeId {
  return toHex(reader.raw(NODE_ID_BYTES)) as NodeId;
}

export function readHardState(reader: Reader): HardState {
  const term = reader.u64() as Term;
  const voted = reader.flag();
  const id = readNodeId(reader);
  return { term, votedFor: voted ? id : undefined, commitIndex: reader.u64() as LogIndex };
}

function readEntries(reader: Reader): readonly Entry[] {
  let index = reader.u64() as LogIndex;
  const count = reader.u32();
  const entries: Entry[] = [];
  if (count === 0 || index === 0) reader.fail('bad_value');
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    const term = reader.u64() as Term;
    const kind = reader.u8();
    if (kind < EntryKind.normal || kind > EntryKind.configuration) reader.fail('bad_tag');
    entries.push({ term, index, kind: kind as EntryKind, data: reader.blobCopy(ENTRY_BYTES_MAX) });
    index = plus(index, 1);
  }
  return entries;
}

/** The record a payload means. Data is copied: nothing of `bytes` is kept. */
export function readPayload(
  bytes: Uint8Array,
  place: { readonly start: number; readonly end: number },
  head: { readonly group: GroupId; readonly kind: RecordKind },
): Decoded<WalRecord> {
  const reader = new Reader(bytes, place.start, place.end);
  const group = head.group;
  switch (head.kind) {
    case RecordKind.entries:
      return finish(reader, { group, kind: 'entries', entries: readEntries(reader) });
    case RecordKind.hardState:
      return finish(reader, { group, kind: 'hardState', hardState: readHardState(reader) });
    case RecordKind.truncate:
      return finish(reader, { group, kind: 'truncate', from: reader.u64() as LogIndex });
    case RecordKind.snapshotMark:
      return finish(reader, {
        group,
        kind: 'snapshotMark',
        index: reader.u64() as LogIndex,
        term: reader.u64() as Term,
        log: readLog(reader),
      });
    case RecordKind.configuration: {
      const index = reader.u64() as LogIndex;
      return finish(reader, { group, kind: 'configuration', index, configuration: readConfiguration(reader) });
    }
    default:
      return unreachable(head.kind);
  }
}

function finish(reader: Reader, record: WalRecord): Decoded<WalRecord> {
  return reader.finish(record);
}
