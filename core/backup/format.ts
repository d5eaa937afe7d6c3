/**
 * A backup: one file that holds what every group of a cluster had applied, and how the cluster began.
 *
 *   OFFSET SIZE
 *        0    8  'VOUCHBAK'
 *        8    2  format = 1
 *       10    6  zero
 *       16    …  records:
 *                  0   4  CRC-32C over the u64 offset of the record in the file and bytes 4 to its end
 *                  4   1  kind
 *                  5   3  zero
 *                  8   4  payload length
 *                 12   …  payload
 *
 *   kind 1 cluster  u64 when it was asked for, µs since 1970 ‖ u32 length, version of Vouch ‖ u32 length, CLUSTER (core/replica/manifest.ts)
 *        2 group    u32 group ‖ u64 index. Behind the record stands the snapshot's file of that place (core/snapshot/file.ts), as it is
 *        3 end      u32 groups ‖ u64 bytes before this record ‖ SHA-256 of all of them
 *        4 failed   u32 length, why the writer gave up, at most 4096 bytes
 *
 * Order: cluster, then every group with GLOBAL (0) first, ascending, then end. Nothing stands behind `end`, whose length is
 * fixed: a file that was cut off has none, and one that was changed anywhere has another hash. `failed` takes the place of
 * whatever should come next, if need be in the middle of a snapshot; such a file is no backup, but says why.
 */
import { decodePlacedRecord, encodePlacedRecord, PLACED_RECORD_BYTES, placedRecordBytes } from '../bytes/placed-record.ts';
import { Reader } from '../bytes/reader.ts';
import { toUtf8 } from '../bytes/text.ts';
import type { Writer } from '../bytes/writer.ts';
import type { Decoded } from '../errors.ts';
import type { GroupId, LogIndex, Micros } from '../ids.ts';
import { BACKUP_RECORD_BYTES_MAX } from '../limits.ts';
import type { SnapshotPlace } from '../snapshot/file.ts';

const MAGIC: Uint8Array = toUtf8('VOUCHBAK') as Uint8Array;
/** Of the files written here. */
export const BACKUP_FORMAT: number = 1;
/** Where the first record stands. */
export const BACKUP_HEADER_BYTES: number = 16;
/** Bytes in front of a record's payload. */
export const BACKUP_RECORD_BYTES: number = PLACED_RECORD_BYTES;
const HASH_BYTES = 32;
/** The whole of an end record. */
export const BACKUP_END_BYTES: number = BACKUP_RECORD_BYTES + 4 + 8 + HASH_BYTES;
const VERSION_BYTES_MAX = 256;
const WHY_BYTES_MAX = 4096;
/** The whole of the longest record that says why a writer gave up. */
export const BACKUP_FAILURE_BYTES_MAX: number = BACKUP_RECORD_BYTES + 4 + WHY_BYTES_MAX;

/** On disk: do not renumber. */
const RecordKind = { cluster: 1, group: 2, end: 3, failed: 4 } as const;

export type BackupRecord =
  | {
      readonly kind: 'cluster';
      /** When it was asked for, by the clock of the node that wrote it. */
      readonly time: Micros;
      /** Of the Vouch that wrote it. */
      readonly version: string;
      /** The file CLUSTER. */
      readonly manifest: Uint8Array;
    }
  /** The snapshot of this place follows. */
  | ({ readonly kind: 'group' } & SnapshotPlace)
  | { readonly kind: 'end'; readonly groups: number; readonly bytes: number; readonly sha256: Uint8Array }
  | { readonly kind: 'failed'; readonly why: string };

/** The bytes a backup begins with. */
export function encodeBackupHeader(): Uint8Array {
  const bytes = new Uint8Array(BACKUP_HEADER_BYTES);
  bytes.set(MAGIC);
  bytes[9] = BACKUP_FORMAT;
  return bytes;
}

/** @returns its format; undefined where it is no backup's. */
export function decodeBackupHeader(bytes: Uint8Array): number | undefined {
  if (bytes.length !== BACKUP_HEADER_BYTES || MAGIC.some((byte, at) => bytes[at] !== byte)) return undefined;
  return new Reader(bytes, MAGIC.length).u16();
}

function writePayload(out: Writer, record: BackupRecord): void {
  switch (record.kind) {
    case 'cluster':
      out.u64(record.time);
      out.text(record.version);
      return out.blob(record.manifest);
    case 'group':
      out.u32(record.group);
      return out.u64(record.index);
    case 'end':
      out.u32(record.groups);
      out.u64(record.bytes);
      return out.raw(record.sha256);
    case 'failed':
      return out.text(record.why);
  }
}

/** @param offset where the record will stand: one in another place is not believed. */
export function encodeBackupRecord(offset: number, record: BackupRecord): Uint8Array {
  return encodePlacedRecord(offset, RecordKind[record.kind], (out) => writePayload(out, record));
}

/** Length of the whole record whose first BACKUP_RECORD_BYTES these are; undefined where there can be none. */
export function backupRecordBytes(head: Uint8Array): number | undefined {
  return placedRecordBytes(head, BACKUP_RECORD_BYTES_MAX);
}

/** Strict. What is returned holds copies. @param bytes the whole record and nothing else. */
export function decodeBackupRecord(offset: number, bytes: Uint8Array): Decoded<BackupRecord> {
  return decodePlacedRecord(offset, bytes, readPayload);
}

function readPayload(reader: Reader, kind: number): BackupRecord {
  switch (kind) {
    case RecordKind.cluster: {
      const time = reader.u64() as Micros;
      const version = reader.text(VERSION_BYTES_MAX);
      return { kind: 'cluster', time, version, manifest: reader.blobCopy(BACKUP_RECORD_BYTES_MAX) };
    }
    case RecordKind.group:
      return { kind: 'group', group: reader.u32() as GroupId, index: reader.u64() as LogIndex };
    case RecordKind.end: {
      const groups = reader.u32();
      return { kind: 'end', groups, bytes: reader.u64(), sha256: reader.copy(HASH_BYTES) };
    }
    default:
      if (kind !== RecordKind.failed) reader.fail('bad_tag');
      return { kind: 'failed', why: reader.text(WHY_BYTES_MAX) };
  }
}
