/**
 * Bytes of one Raft message. Every number is big-endian; u64 holds a safe integer; a flag is one byte, 0 or 1.
 *
 *   TAG NAME                 FIELDS
 *   1   appendEntries        u64 term, u64 prevIndex, u64 prevTerm, u64 commit, u32 count, then per entry: u64 term, u8 kind, u32 length, data
 *   2   appendResponse       u64 term, flag ok, u64 index, u64 hintIndex, u64 hintTerm
 *   3   heartbeat            u64 term, u64 commit, u64 context
 *   4   heartbeatResponse    u64 term, u64 context
 *   5   preVote              u64 term, u64 lastIndex, u64 lastTerm
 *   6   preVoteResponse      u64 term, flag granted
 *   7   requestVote          u64 term, u64 lastIndex, u64 lastTerm, flag transfer
 *   8   requestVoteResponse  u64 term, flag granted
 *   9   readIndex            u64 term, u64 context
 *   10  readIndexResponse    u64 term, u64 context, flag ok, u64 index
 *   11  timeoutNow           u64 term
 *   12  installSnapshot      u64 term, u64 index, u64 indexTerm, configuration (core/raft/configuration-bytes.ts), u32 length, manifest
 *   13  hibernate            u64 term, u64 commit
 *   14  wake                 u64 term
 *
 * An entry's index is not sent: entries follow prevIndex without a gap, so a gap cannot be expressed.
 */
import { assert, unreachable } from '../assert.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { LogIndex, Term } from '../ids.ts';
import { APPEND_BYTES_MAX, APPEND_ENTRIES_MAX, ENTRY_BYTES_MAX, MANIFEST_BYTES_MAX } from '../limits.ts';
import { configurationBytes, readConfiguration, writeConfiguration } from '../raft/configuration-bytes.ts';
import { type Entry, EntryKind, type Message } from '../raft/message.ts';

/** On the wire: do not renumber. */
const Tag = {
  appendEntries: 1,
  appendResponse: 2,
  heartbeat: 3,
  heartbeatResponse: 4,
  preVote: 5,
  preVoteResponse: 6,
  requestVote: 7,
  requestVoteResponse: 8,
  readIndex: 9,
  readIndexResponse: 10,
  timeoutNow: 11,
  installSnapshot: 12,
  hibernate: 13,
  wake: 14,
} as const;

/** Bytes an entry takes besides its data. */
const ENTRY_OVERHEAD_BYTES = 13;
/** Bytes of appendEntries before its entries, the largest fixed part of all. */
const APPEND_OVERHEAD_BYTES = 37;

/** Bytes of installSnapshot besides its configuration and its manifest. */
const SNAPSHOT_OVERHEAD_BYTES = 29;

/** An upper bound of what writeMessage appends: exact where the size varies, a constant for the small ones. */
export function messageBytesMax(message: Message): number {
  if (message.kind === 'installSnapshot') {
    return SNAPSHOT_OVERHEAD_BYTES + configurationBytes(message.configuration) + message.manifest.length;
  }
  if (message.kind !== 'appendEntries') return APPEND_OVERHEAD_BYTES;
  let bytes = APPEND_OVERHEAD_BYTES;
  for (const entry of message.entries) bytes += ENTRY_OVERHEAD_BYTES + entry.data.length;
  return bytes;
}

/** Appends the message. Its entries follow prevIndex without a gap and stay within the limits (asserted). */
export function writeMessage(writer: Writer, message: Message): void {
  switch (message.kind) {
    case 'appendEntries':
      writer.u8(Tag.appendEntries);
      writer.u64(message.term);
      writer.u64(message.prevIndex);
      writer.u64(message.prevTerm);
      writer.u64(message.commit);
      return writeEntries(writer, message.prevIndex, message.entries);
    case 'appendResponse':
      writer.u8(Tag.appendResponse);
      writer.u64(message.term);
      writer.u8(message.ok ? 1 : 0);
      writer.u64(message.index);
      writer.u64(message.hintIndex);
      return writer.u64(message.hintTerm);
    case 'heartbeat':
      writer.u8(Tag.heartbeat);
      writer.u64(message.term);
      writer.u64(message.commit);
      return writer.u64(message.context);
    case 'heartbeatResponse':
      writer.u8(Tag.heartbeatResponse);
      writer.u64(message.term);
      return writer.u64(message.context);
    case 'preVote':
      writer.u8(Tag.preVote);
      writer.u64(message.term);
      writer.u64(message.lastIndex);
      return writer.u64(message.lastTerm);
    case 'preVoteResponse':
      writer.u8(Tag.preVoteResponse);
      writer.u64(message.term);
      return writer.u8(message.granted ? 1 : 0);
    case 'requestVote':
      writer.u8(Tag.requestVote);
      writer.u64(message.term);
      writer.u64(message.lastIndex);
      writer.u64(message.lastTerm);
      return writer.u8(message.transfer ? 1 : 0);
    case 'requestVoteResponse':
      writer.u8(Tag.requestVoteResponse);
      writer.u64(message.term);
      return writer.u8(message.granted ? 1 : 0);
    case 'readIndex':
      writer.u8(Tag.readIndex);
      writer.u64(message.term);
      return writer.u64(message.context);
    case 'readIndexResponse':
      writer.u8(Tag.readIndexResponse);
      writer.u64(message.term);
      writer.u64(message.context);
      writer.u8(message.ok ? 1 : 0);
      return writer.u64(message.index);
    case 'hibernate':
      writer.u8(Tag.hibernate);
      writer.u64(message.term);
      return writer.u64(message.commit);
    case 'wake':
      writer.u8(Tag.wake);
      return writer.u64(message.term);
    case 'timeoutNow':
      writer.u8(Tag.timeoutNow);
      return writer.u64(message.term);
    case 'installSnapshot':
      assert(message.manifest.length <= MANIFEST_BYTES_MAX, 'a manifest is bounded');
      writer.u8(Tag.installSnapshot);
      writer.u64(message.term);
      writer.u64(message.index);
      writer.u64(message.indexTerm);
      writeConfiguration(writer, message.configuration);
      return writer.blob(message.manifest);
    default:
      return unreachable(message);
  }
}

function writeEntries(writer: Writer, prevIndex: number, entries: readonly Entry[]): void {
  assert(entries.length <= APPEND_ENTRIES_MAX, 'an append has a bounded number of entries');
  writer.u32(entries.length);
  let index = prevIndex;
  for (const entry of entries) {
    index += 1;
    assert(entry.index === index, 'entries follow prevIndex without a gap');
    assert(entry.data.length <= ENTRY_BYTES_MAX, 'an entry is bounded');
    writer.u64(entry.term);
    writer.u8(entry.kind);
    writer.blob(entry.data);
  }
}

/** Reads what follows a message's tag; after a violation the reader has failed and the result is undefined. Entry data are copies, to be kept. */
export function readMessageOf(reader: Reader, tag: number): Message | undefined {
  const term = reader.u64() as Term;
  switch (tag) {
    case Tag.appendEntries: {
      const prevIndex = reader.u64() as LogIndex;
      const prevTerm = reader.u64() as Term;
      const commit = reader.u64() as LogIndex;
      const entries = readEntries(reader, prevIndex);
      return { kind: 'appendEntries', term, prevIndex, prevTerm, commit, entries };
    }
    case Tag.appendResponse: {
      const ok = reader.flag();
      const index = reader.u64() as LogIndex;
      const hintIndex = reader.u64() as LogIndex;
      return { kind: 'appendResponse', term, ok, index, hintIndex, hintTerm: reader.u64() as Term };
    }
    case Tag.heartbeat: {
      const commit = reader.u64() as LogIndex;
      return { kind: 'heartbeat', term, commit, context: reader.u64() };
    }
    case Tag.heartbeatResponse:
      return { kind: 'heartbeatResponse', term, context: reader.u64() };
    case Tag.preVote: {
      const lastIndex = reader.u64() as LogIndex;
      return { kind: 'preVote', term, lastIndex, lastTerm: reader.u64() as Term };
    }
    case Tag.preVoteResponse:
      return { kind: 'preVoteResponse', term, granted: reader.flag() };
    case Tag.requestVote: {
      const lastIndex = reader.u64() as LogIndex;
      const lastTerm = reader.u64() as Term;
      return { kind: 'requestVote', term, lastIndex, lastTerm, transfer: reader.flag() };
    }
    case Tag.requestVoteResponse:
      return { kind: 'requestVoteResponse', term, granted: reader.flag() };
    case Tag.readIndex:
      return { kind: 'readIndex', term, context: reader.u64() };
    case Tag.readIndexResponse: {
      const context = reader.u64();
      const ok = reader.flag();
      return { kind: 'readIndexResponse', term, context, ok, index: reader.u64() as LogIndex };
    }
    case Tag.hibernate:
      return { kind: 'hibernate', term, commit: reader.u64() as LogIndex };
    case Tag.wake:
      return { kind: 'wake', term };
    case Tag.timeoutNow:
      return { kind: 'timeoutNow', term };
    case Tag.installSnapshot: {
      const index = reader.u64() as LogIndex;
      const indexTerm = reader.u64() as Term;
      const configuration = readConfiguration(reader);
      const manifest = reader.blobCopy(MANIFEST_BYTES_MAX);
      return { kind: 'installSnapshot', term, index, indexTerm, configuration, manifest };
    }
    default:
      reader.fail('bad_tag');
      return undefined;
  }
}

function readEntries(reader: Reader, prevIndex: number): readonly Entry[] {
  const count = reader.u32();
  if (count > APPEND_ENTRIES_MAX) reader.fail('too_large');
  if (!Number.isSafeInteger(prevIndex + count)) reader.fail('bad_value');
  const entries: Entry[] = [];
  let bytes = 0;
  for (let i = 1; i <= count && reader.failed === undefined; i += 1) {
    const term = reader.u64() as Term;
    const kind = reader.u8();
    if (kind !== EntryKind.normal && kind !== EntryKind.noop && kind !== EntryKind.configuration) {
      reader.fail('bad_value');
      break;
    }
    const data = reader.blobCopy(ENTRY_BYTES_MAX);
    bytes += data.length;
    if (bytes > APPEND_BYTES_MAX + ENTRY_BYTES_MAX) reader.fail('too_large');
    entries.push({ term, index: (prevIndex + i) as LogIndex, kind, data });
  }
  return entries;
}
