/**
 * What the write-ahead log remembers, and the 56 bytes in front of every record.
 * One log per node holds the records of all its groups. Three ties hold a record in its place (30-storage, WAL):
 *   - its checksums cover its position (segment id, offset): a misdirected or left-over write is not believed;
 *   - the CRC of the record before it: a lost record is noticed;
 *   - number and CRC of the previous record of the same group: they tell whose record an unreadable one was.
 * A fourth field, the durable watermark, tells a torn tail from damage (core/wal/README.md).
 *
 * On disk, big-endian:
 *   OFFSET SIZE
 *        0    4  header CRC    CRC-32C over segment id (8), offset (8) and bytes 4 to 55; the record's CRC in every link
 *        4    4  payload CRC   CRC-32C over segment id (8), offset (8) and the payload
 *        8    4  payload length
 *       12    1  kind          RecordKind
 *       13    1  form          0 = clear; 1 = sealed (entries only; core/seal/entries.ts)
 *       14    2  zero
 *       16    4  group
 *       20    4  previous CRC  of record number - 1; 0 before the first
 *       24    8  number        of this record in this log, from 1
 *       32    8  watermark     every record up to this number was durable before this one was written
 *       40    8  group previous number; 0 = first of its group
 *       48    4  group previous CRC
 *       52    4  zero
 *       56    …  payload, then zeros up to a multiple of 8
 */
import { crc32c } from '../bytes/crc32c.ts';
import type { GroupId, LogIndex, Term } from '../ids.ts';
import { RECORD_BYTES_MAX, SEALED_RECORD_BYTES_MAX } from '../limits.ts';
import type { Configuration, Entry, HardState } from '../raft/message.ts';

export type MarkedLog = 'continues' | 'restarts' | 'healed';

export type WalRecord =
  /** Appended to the group's log; the first index follows the last one there (a truncate record comes before a rewrite). */
  | { readonly group: GroupId; readonly kind: 'entries'; readonly entries: readonly Entry[] }
  /** Replaces the group's hard state: the newest wins. */
  | { readonly group: GroupId; readonly kind: 'hardState'; readonly hardState: HardState }
  /** Removes the group's entries from this index on. */
  | { readonly group: GroupId; readonly kind: 'truncate'; readonly from: LogIndex }
  /** The configuration in force from index on. */
  | {
      readonly group: GroupId;
      readonly kind: 'configuration';
      readonly index: LogIndex;
      readonly configuration: Configuration;
    }
  /**
   * A durable snapshot holds the group up to index. What that says of the log before this record:
   *   continues  it holds the entry at index, and goes on; a checkpoint's mark
   *   restarts   it is given up, entries behind index too: a fetched snapshot of another leader's log stands in its place
   *   healed     the same after a quarantine: a broken chain before this record no longer matters. The hard state is written with it
   * Why a checkpoint's mark never heals: entries that were lost before it may have been acknowledged, and lie behind its index.
   */
  | {
      readonly group: GroupId;
      readonly kind: 'snapshotMark';
      readonly index: LogIndex;
      readonly term: Term;
      readonly log: MarkedLog;
    };

/** On disk: do not renumber. */
export const RecordKind = { entries: 1, hardState: 2, truncate: 3, snapshotMark: 4, configuration: 5 } as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** On disk: do not renumber. */
export const RecordForm = { clear: 0, sealed: 1 } as const;

/** Bytes in front of a payload. */
export const RECORD_HEADER_BYTES: number = 56;
/** Records start at multiples of this, so that a search behind a bad spot tries few places. */
export const RECORD_ALIGNMENT: number = 8;

const PAYLOAD_CRC = 4;
const LENGTH = 8;
const KIND = 12;
const FORM = 13;
const ZERO_16 = 14;
const GROUP = 16;
const PREVIOUS_CRC = 20;
const NUMBER = 24;
const WATERMARK = 32;
const GROUP_PREVIOUS_NUMBER = 40;
const GROUP_PREVIOUS_CRC = 48;
const ZERO_32 = 52;

/** Where a chain stands: the last record's number and CRC. */
export interface Link {
  readonly number: number;
  readonly crc: number;
}
/** Before the first record. */
export const NO_LINK: Link = { number: 0, crc: 0 };

export interface RecordHeader {
  readonly kind: RecordKind;
  /** RecordForm. */
  readonly form: number;
  readonly group: GroupId;
  readonly number: number;
  readonly watermark: number;
  readonly previousCrc: number;
  readonly groupPrevious: Link;
  readonly payloadBytes: number;
}

/** A header as read back. payloadCrc is still to be compared with the payload. */
export interface ReadHeader extends RecordHeader {
  readonly crc: number;
  readonly payloadCrc: number;
}

/** Bytes a record of that payload takes in a segment. */
export function recordBytes(payloadBytes: number): number {
  return alignUp(RECORD_HEADER_BYTES + payloadBytes);
}

/** The next place a record may start. */
export function alignUp(offset: number): number {
  return Math.ceil(offset / RECORD_ALIGNMENT) * RECORD_ALIGNMENT;
}

const position = new Uint8Array(16);
const positionView = new DataView(position.buffer);

/** Running CRC-32C over a position: where every checksum of the log begins. */
function positionCrc(segment: number, offset: number): number {
  writeU64(positionView, 0, segment);
  writeU64(positionView, 8, offset);
  return crc32c(position);
}

/**
 * Writes the header in front of a payload that already lies at `at + RECORD_HEADER_BYTES`.
 * @param at place in bytes; @param offset place in the segment. @returns the record's CRC.
 */
export function sealRecord(
  target: { readonly bytes: Uint8Array; readonly view: DataView; readonly at: number },
  place: { readonly segment: number; readonly offset: number },
  header: RecordHeader,
): number {
  const { bytes, view, at } = target;
  const start = positionCrc(place.segment, place.offset);
  const payloadAt = at + RECORD_HEADER_BYTES;
  view.setUint32(at + PAYLOAD_CRC, crc32c(bytes, payloadAt, payloadAt + header.payloadBytes, start));
  view.setUint32(at + LENGTH, header.payloadBytes);
  view.setUint32(at + KIND, header.kind * 0x1_00_00_00 + header.form * 0x1_00_00); // and the two zero bytes behind it
  view.setUint32(at + GROUP, header.group);
  view.setUint32(at + PREVIOUS_CRC, header.previousCrc);
  writeU64(view, at + NUMBER, header.number);
  writeU64(view, at + WATERMARK, header.watermark);
  writeU64(view, at + GROUP_PREVIOUS_NUMBER, header.groupPrevious.number);
  view.setUint32(at + GROUP_PREVIOUS_CRC, header.groupPrevious.crc);
  view.setUint32(at + ZERO_32, 0);
  const crc = crc32c(bytes, at + PAYLOAD_CRC, payloadAt, start);
  view.setUint32(at, crc);
  return crc;
}

/**
 * The header at an offset of a segment, or undefined where none stands there. The payload may still be torn.
 * @param bytes the whole segment; @param segment its id.
 */
export function readHeader(bytes: Uint8Array, view: DataView, segment: number, offset: number): ReadHeader | undefined {
  const payloadAt = offset + RECORD_HEADER_BYTES;
  if (payloadAt > bytes.length) return undefined;
  // Cheap refusals first: a search behind a bad spot asks this at every eighth byte.
  const kind = bytes[offset + KIND] as number;
  const form = bytes[offset + FORM] as number;
  if (kind < RecordKind.entries || kind > RecordKind.configuration || form > RecordForm.sealed) return undefined;
  if (view.getUint16(offset + ZERO_16) !== 0 || view.getUint32(offset + ZERO_32) !== 0) return undefined;
  const payloadBytes = view.getUint32(offset + LENGTH);
  const payloadBytesMax = form === RecordForm.clear ? RECORD_BYTES_MAX : SEALED_RECORD_BYTES_MAX;
  if (payloadBytes > payloadBytesMax || payloadAt + payloadBytes > bytes.length) return undefined;
  const number = readU64(view, offset + NUMBER);
  const watermark = readU64(view, offset + WATERMARK);
  const groupNumber = readU64(view, offset + GROUP_PREVIOUS_NUMBER);
  if (number < 1 || watermark < 0 || watermark >= number || groupNumber < 0 || groupNumber >= number) return undefined;
  const crc = view.getUint32(offset);
  if (crc !== crc32c(bytes, offset + PAYLOAD_CRC, payloadAt, positionCrc(segment, offset))) return undefined;
  return {
    kind: kind as RecordKind,
    form,
    group: view.getUint32(offset + GROUP) as GroupId,
    number,
    watermark,
    previousCrc: view.getUint32(offset + PREVIOUS_CRC),
    groupPrevious: { number: groupNumber, crc: view.getUint32(offset + GROUP_PREVIOUS_CRC) },
    payloadBytes,
    crc,
    payloadCrc: view.getUint32(offset + PAYLOAD_CRC),
  };
}

/** Whether the payload behind a header is the one that was written there. */
export function payloadHolds(bytes: Uint8Array, segment: number, offset: number, header: ReadHeader): boolean {
  const payloadAt = offset + RECORD_HEADER_BYTES;
  return header.payloadCrc === crc32c(bytes, payloadAt, payloadAt + header.payloadBytes, positionCrc(segment, offset));
}

/** A safe non-negative integer as u64. */
export function writeU64(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  view.setUint32(at, high);
  view.setUint32(at + 4, value - high * 0x1_0000_0000);
}

/** A u64 that a double holds exactly, or -1. */
export function readU64(view: DataView, at: number): number {
  const high = view.getUint32(at);
  return high > 0x1f_ffff ? -1 : high * 0x1_0000_0000 + view.getUint32(at + 4);
}
