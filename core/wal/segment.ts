/**
 * Segment files and the header each begins with. A header repeats where every chain stands (the table), so that recovery
 * can follow a group across a lost segment and, once older segments are reclaimed, without them.
 * Rotation makes the old segment durable before it creates the next file, and the header durable before any record behind
 * it; so a file that exists tells that its predecessor was whole, and a readable header that everything before it was.
 *
 * On disk, big-endian; the header ends at a multiple of 512 so that no record shares its sectors:
 *   OFFSET SIZE
 *        0    8  'VOUCHWAL'
 *        8    2  format version, 1
 *       10    2  zero
 *       12    4  header length without padding; the CRC covers that much in every version
 *       16    4  CRC-32C over bytes 0 to 15 and 20 to the header length
 *       20    8  segment id, as in the file name: a header in another file's place is not believed
 *       28    8  floor: id of the oldest segment still needed when this one began
 *       36    8  number of the last record before this segment
 *       44    4  its CRC
 *       48    1  1 = lost records may belong to a group that is not in the table
 *       49    3  zero
 *       52    4  groups in the table
 *       56       table, sorted by group, 66 bytes each:
 *                4 group ‖ 1 broken (0 | 1) ‖ 8 last record's number ‖ 4 its CRC ‖ 8 snapshot index ‖ 8 snapshot term ‖
 *                33 hard state (payload.ts)
 */
import { assert } from '../assert.ts';
import { crc32c } from '../bytes/crc32c.ts';
import { Reader } from '../bytes/reader.ts';
import type { GroupId, LogIndex, Term } from '../ids.ts';
import { GROUPS_MAX } from '../limits.ts';
import type { HardState } from '../raft/message.ts';
import { HARD_STATE_BYTES, readHardState, writeHardState } from './payload.ts';
import { type Link, writeU64 } from './record.ts';

const SEGMENT_FORMAT = 1;

const MAGIC: readonly number[] = [0x56, 0x4f, 0x55, 0x43, 0x48, 0x57, 0x41, 0x4c];
const VERSION = 8;
const LENGTH = 12;
const CRC = 16;
const ID = 20;
const FLOOR = 28;
const LAST_NUMBER = 36;
const LAST_CRC = 44;
const UNLISTED_BROKEN = 48;
const COUNT = 52;
const TABLE = 56;
const ROW_BYTES: number = 4 + 1 + 8 + 4 + 8 + 8 + HARD_STATE_BYTES;
const SECTOR_BYTES = 512;
const HEADER_BYTES_MAX: number = TABLE + GROUPS_MAX * ROW_BYTES;

/** A row of the table: where one group's chain stands. */
export interface GroupRow {
  readonly group: GroupId;
  /** Some of its records are lost; recovery keeps it quarantined until a snapshot mark. */
  readonly broken: boolean;
  readonly last: Link;
  readonly hardState: HardState;
  /** The log starts behind this index; 0 where there is no snapshot. */
  readonly snapshotIndex: LogIndex;
  readonly snapshotTerm: Term;
}

export interface SegmentHeader {
  readonly id: number;
  readonly floor: number;
  readonly last: Link;
  /** Lost records may belong to a group that is not in the table. */
  readonly unlistedBroken: boolean;
  /** Sorted by group. */
  readonly table: readonly GroupRow[];
}

/** Offset of the first record behind a header of that many groups. */
export function headerBytes(groups: number): number {
  return Math.ceil((TABLE + groups * ROW_BYTES) / SECTOR_BYTES) * SECTOR_BYTES;
}

const NAME = /^wal-[0-9]{16}$/;

/** File name of a segment. Sixteen digits: names sort as ids do, and no safe integer is longer. */
export function segmentName(id: number): string {
  return `wal-${id.toString().padStart(16, '0')}`;
}

/** Id of a segment's file name, or undefined for another file. */
export function segmentId(name: string): number | undefined {
  if (!NAME.test(name)) return undefined;
  const id = Number(name.slice(4));
  return id >= 1 && Number.isSafeInteger(id) ? id : undefined;
}

/** The header's bytes, headerBytes(groups) long. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  assert(header.table.length <= GROUPS_MAX, 'groups are within their limit');
  const bytes = new Uint8Array(headerBytes(header.table.length));
  const view = new DataView(bytes.buffer);
  const length = TABLE + header.table.length * ROW_BYTES;
  bytes.set(MAGIC, 0);
  view.setUint16(VERSION, SEGMENT_FORMAT);
  view.setUint32(LENGTH, length);
  writeU64(view, ID, header.id);
  writeU64(view, FLOOR, header.floor);
  writeU64(view, LAST_NUMBER, header.last.number);
  view.setUint32(LAST_CRC, header.last.crc);
  bytes[UNLISTED_BROKEN] = header.unlistedBroken ? 1 : 0;
  view.setUint32(COUNT, header.table.length);
  let at = TABLE;
  let before = -1;
  for (const row of header.table) {
    assert(row.group > before, 'the table is sorted by group');
    before = row.group;
    view.setUint32(at, row.group);
    bytes[at + 4] = row.broken ? 1 : 0;
    writeU64(view, at + 5, row.last.number);
    view.setUint32(at + 13, row.last.crc);
    writeU64(view, at + 17, row.snapshotIndex);
    writeU64(view, at + 25, row.snapshotTerm);
    writeHardState(bytes, view, at + 33, row.hardState);
    at += ROW_BYTES;
  }
  view.setUint32(CRC, headerCrc(bytes, length));
  return bytes;
}

function headerCrc(bytes: Uint8Array, length: number): number {
  return crc32c(bytes, CRC + 4, length, crc32c(bytes, 0, CRC));
}

export type ReadSegmentHeader =
  | { readonly kind: 'valid'; readonly header: SegmentHeader }
  /** Whole, but of a format this program does not know. */
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'invalid' };

/** Reads the header of the segment with that id from the start of its bytes. */
export function readSegmentHeader(bytes: Uint8Array, id: number): ReadSegmentHeader {
  if (bytes.length < TABLE) return { kind: 'invalid' };
  for (let i = 0; i < MAGIC.length; i += 1) if (bytes[i] !== MAGIC[i]) return { kind: 'invalid' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(LENGTH);
  if (length < TABLE || length > HEADER_BYTES_MAX || length > bytes.length) return { kind: 'invalid' };
  if (view.getUint32(CRC) !== headerCrc(bytes, length)) return { kind: 'invalid' };
  const version = view.getUint16(VERSION);
  if (version !== SEGMENT_FORMAT) return { kind: 'newer', version };

  const reader = new Reader(bytes, ID, length);
  const header = {
    id: reader.u64(),
    floor: reader.u64(),
    last: { number: reader.u64(), crc: reader.u32() },
    unlistedBroken: reader.flag(),
    table: readTable(reader),
  };
  const read = reader.finish(header);
  if (!read.ok || header.id !== id || headerBytes(header.table.length) > bytes.length) return { kind: 'invalid' };
  return { kind: 'valid', header };
}

function readTable(reader: Reader): readonly GroupRow[] {
  reader.raw(3);
  const count = reader.u32();
  if (count > GROUPS_MAX) reader.fail('too_large');
  const rows: GroupRow[] = [];
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    rows.push({
      group: reader.u32() as GroupId,
      broken: reader.flag(),
      last: { number: reader.u64(), crc: reader.u32() },
      snapshotIndex: reader.u64() as LogIndex,
      snapshotTerm: reader.u64() as Term,
      hardState: readHardState(reader),
    });
  }
  return rows;
}
