/**
 * Recovery, first pass: what stands in one segment, with no judgement on whether it belongs there.
 * A record follows the one before it; behind a bad spot every eighth byte is tried, so that what lies beyond is found.
 * Total: any bytes give a result, and time is linear (a header has its own checksum; no length is believed before it holds).
 */

import type { EntrySealer, RecordPlace } from './entry-sealer.ts';
import { readPayload } from './payload.ts';
import type { WalRecord } from './record.ts';
import {
  alignUp,
  payloadHolds,
  RECORD_ALIGNMENT,
  RECORD_HEADER_BYTES,
  type ReadHeader,
  RecordForm,
  RecordKind,
  readHeader,
  recordBytes,
} from './record.ts';
import { headerBytes, type ReadSegmentHeader, readSegmentHeader, segmentName } from './segment.ts';

export interface FoundRecord {
  readonly offset: number;
  readonly header: ReadHeader;
  /** Whether the payload is the one that was written: no torn or damaged one. */
  readonly holds: boolean;
  /** undefined: the header holds, so number and group are known, but the payload does not hold, or means nothing. */
  readonly record: WalRecord | undefined;
}

export interface SegmentScan {
  readonly id: number;
  readonly file: string;
  readonly sizeBytes: number;
  readonly header: ReadSegmentHeader;
  /** In the order of their offsets. */
  readonly found: readonly FoundRecord[];
  /** Where a first record may stand; 0 if the header is unreadable. */
  readonly firstOffset: number;
  /** Behind the last byte that is not zero. */
  readonly usedEnd: number;
}

/**
 * Scans a whole segment. @param bytes its contents; entry data is copied, nothing of it is kept.
 * @param sealer opens sealed entries; without one they mean nothing.
 */
export function scanSegment(id: number, bytes: Uint8Array, sealer?: EntrySealer): SegmentScan {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readSegmentHeader(bytes, id);
  const firstOffset = header.kind === 'valid' ? headerBytes(header.header.table.length) : 0;
  const usedEnd = endOfUse(bytes);
  const found: FoundRecord[] = [];
  let at = firstOffset;
  while (at < usedEnd) {
    const read = readHeader(bytes, view, id, at);
    if (read === undefined) {
      at += RECORD_ALIGNMENT;
      continue;
    }
    const holds = payloadHolds(bytes, id, at, read);
    found.push({
      offset: at,
      header: read,
      holds,
      record: holds ? readRecord(bytes, { segment: id, offset: at }, read, sealer) : undefined,
    });
    at += recordBytes(read.payloadBytes);
  }
  return { id, file: segmentName(id), sizeBytes: bytes.length, header, found, firstOffset, usedEnd: alignUp(usedEnd) };
}

function readRecord(
  bytes: Uint8Array,
  place: RecordPlace,
  header: ReadHeader,
  sealer: EntrySealer | undefined,
): WalRecord | undefined {
  const start = place.offset + RECORD_HEADER_BYTES;
  const end = start + header.payloadBytes;
  if (header.form === RecordForm.sealed) {
    const entries = header.kind === RecordKind.entries ? sealer?.open(bytes.subarray(start, end), place) : undefined;
    return entries === undefined ? undefined : { kind: 'entries', group: header.group, entries };
  }
  const read = readPayload(bytes, { start, end }, header);
  return read.ok ? read.value : undefined;
}

/** Four bytes at a time from the end: a fresh segment is 64 MiB of zeros. */
function endOfUse(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && (bytes.byteOffset + end) % 4 !== 0) {
    if (bytes[end - 1] !== 0) return end;
    end -= 1;
  }
  const lead = (4 - (bytes.byteOffset % 4)) % 4;
  if (end > lead) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + lead, (end - lead) / 4);
    let count = words.length;
    while (count > 0 && words[count - 1] === 0) count -= 1;
    end = count > 0 ? lead + count * 4 : Math.min(end, lead);
  }
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return end;
}
