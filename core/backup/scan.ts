/**
 * Reads a backup from its beginning to its end and believes nothing: the hash over the whole file, every record, every chunk
 * against the root that its snapshot's manifest names. What the chunks say is verify.ts's business. A generator of short steps:
 * it yields the bytes read since the last one, for progress; in all, twice the file.
 */
import { equalBytes } from '../bytes/compare.ts';
import type { Hasher } from '../capability.ts';
import type { DirectoryReader } from '../effect.ts';
import { GLOBAL_GROUP, type GroupId, type Micros } from '../ids.ts';
import { decodeManifest, type Manifest } from '../replica/manifest.ts';
import { scanSnapshot, snapshotName } from '../snapshot/file.ts';
import type { SnapshotManifest } from '../snapshot/manifest.ts';
import type { ChunkSource } from '../snapshot/restore.ts';
import {
  BACKUP_END_BYTES,
  BACKUP_FAILURE_BYTES_MAX,
  BACKUP_FORMAT,
  BACKUP_HEADER_BYTES,
  BACKUP_RECORD_BYTES,
  type BackupRecord,
  backupRecordBytes,
  decodeBackupHeader,
  decodeBackupRecord,
} from './format.ts';

/** A file that is read at any place. Throws StorageError where it cannot be. */
export interface BackupFile {
  readonly size: number;
  /** Up to lengthBytes bytes from offset; shorter only at the end. */
  read(offset: number, lengthBytes: number): Uint8Array;
}

/** SHA-256 of what is fed to it, piece by piece. */
export interface RunningHash {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

/**
 * foreign: no backup. newer_format: of a newer Vouch. incomplete: it ends too early. failed: its writer gave up and says why.
 * damaged: something in it is not as it was written, or contradicts itself.
 */
export interface BackupFault {
  readonly code: 'foreign' | 'newer_format' | 'incomplete' | 'failed' | 'damaged';
  /** A sentence. */
  readonly message: string;
}

export type BackupResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: BackupFault };

/** One group in a backup. */
export interface BackupPart {
  readonly group: GroupId;
  readonly manifest: SnapshotManifest;
  readonly chunks: ChunkSource;
}

export interface BackupContents {
  readonly time: Micros;
  /** Of the Vouch that wrote it. */
  readonly version: string;
  readonly manifest: Manifest;
  /** GLOBAL first, ascending. */
  readonly parts: readonly BackupPart[];
  readonly sha256: Uint8Array;
}

type Steps<T> = Generator<number, BackupResult<T>>;

const SLICE_BYTES = 256 * 1024;

export function backupFault(code: BackupFault['code'], message: string): { readonly ok: false; readonly fault: BackupFault } {
  return { ok: false, fault: { code, message } };
}

/** @param running a new hash. */
export function* scanBackup(file: BackupFile, hasher: Hasher, running: RunningHash): Steps<BackupContents> {
  const format = decodeBackupHeader(file.read(0, BACKUP_HEADER_BYTES));
  if (format === undefined) return backupFault('foreign', 'This is no backup of Vouch.');
  if (format > BACKUP_FORMAT) {
    return backupFault('newer_format', 'The backup has a newer format: read it with a newer Vouch.');
  }
  const endAt = file.size - BACKUP_END_BYTES;
  const end = recordAt(file, endAt);
  const isSealed = end?.kind === 'end' && end.bytes === endAt;
  if (isSealed) {
    yield* hashUpTo(file, endAt, running);
    if (!equalBytes(running.digest(), end.sha256)) {
      return backupFault('damaged', 'The backup is damaged: its bytes are not those that were written. Use another copy.');
    }
  }
  const why = isSealed ? undefined : failureOf(file);
  if (why !== undefined) return backupFault('failed', why);
  const walk = new Walk(file, hasher);
  const fault = yield* walk.run(isSealed ? endAt : file.size);
  if (fault !== undefined) return { ok: false, fault };
  const { cluster, parts } = walk;
  if (!isSealed || cluster === undefined) return incomplete(file.size);
  if (end.groups !== parts.length) return damagedAt(endAt, 'it counts other groups than there are');
  return { ok: true, value: { ...cluster, parts, sha256: end.sha256 } };
}

function* hashUpTo(file: BackupFile, endAt: number, running: RunningHash): Generator<number, void> {
  for (let at = 0; at < endAt; ) {
    const bytes = file.read(at, Math.min(SLICE_BYTES, endAt - at));
    if (bytes.length === 0) return; // it became shorter: the hash will say so
    running.update(bytes);
    at += bytes.length;
    yield bytes.length;
  }
}

function incomplete(size: number): { readonly ok: false; readonly fault: BackupFault } {
  return backupFault('incomplete', `The backup ends at byte ${size}, before its end: the writer was stopped, or the copy was.`);
}

function damagedAt(offset: number, what: string): { readonly ok: false; readonly fault: BackupFault } {
  return backupFault('damaged', `The backup is damaged at byte ${offset}: ${what}. Use another copy.`);
}

/** The record at a place, if it holds. */
function recordAt(file: BackupFile, offset: number): (BackupRecord & { readonly length: number }) | undefined {
  if (offset < BACKUP_HEADER_BYTES) return undefined;
  const length = backupRecordBytes(file.read(offset, BACKUP_RECORD_BYTES));
  if (length === undefined) return undefined;
  const decoded = decodeBackupRecord(offset, file.read(offset, length));
  return decoded.ok ? { ...decoded.value, length } : undefined;
}

/** What a writer said that gave up. It may have done so within another record: so it is looked for from the end. */
function failureOf(file: BackupFile): string | undefined {
  const tail = file.read(Math.max(file.size - BACKUP_FAILURE_BYTES_MAX, 0), BACKUP_FAILURE_BYTES_MAX);
  const start = file.size - tail.length;
  for (let at = tail.length - BACKUP_RECORD_BYTES; at >= 0; at -= 1) {
    if (backupRecordBytes(tail.subarray(at)) !== tail.length - at) continue;
    const decoded = decodeBackupRecord(start + at, tail.subarray(at));
    if (decoded.ok && decoded.value.kind === 'failed') return decoded.value.why;
  }
  return undefined;
}

/** From record to record. */
class Walk {
  cluster: Omit<BackupContents, 'parts' | 'sha256'> | undefined = undefined;
  readonly parts: BackupPart[] = [];
  private readonly file: BackupFile;
  private readonly hasher: Hasher;

  constructor(file: BackupFile, hasher: Hasher) {
    this.file = file;
    this.hasher = hasher;
  }

  /** @param end where the last record before the end record ends. @returns what is wrong. */
  *run(end: number): Generator<number, BackupFault | undefined> {
    let at = BACKUP_HEADER_BYTES;
    while (at < end) {
      const record = recordAt(this.file, at);
      if (record === undefined || at + record.length > end) return this.broken(at);
      at += record.length;
      const fault = record.kind === 'group' ? this.follows(record.group) : this.begins(record);
      if (fault !== undefined) return damagedAt(at - record.length, fault).fault;
      yield record.length;
      if (record.kind !== 'group') continue;
      const part = new PartReader(this.file, at);
      const found = yield* scanSnapshot(this.hasher, part, snapshotName(record), record);
      const manifest = found?.isWhole() === true ? found.manifest : undefined;
      if (found === undefined || manifest === undefined) return this.broken(at + (found?.end ?? 0), record.group);
      this.parts.push({ group: record.group, manifest, chunks: found.source(part) });
      at += found.end;
    }
    return undefined;
  }

  /** What does not hold is the end of a file that was cut off, or of one that is damaged. */
  private broken(at: number, group?: GroupId): BackupFault {
    const where = group === undefined ? '' : ` in group ${group}`;
    return backupFault(
      'incomplete',
      `The backup is cut off or damaged at byte ${at}${where}. Use another copy, or take it again.`,
    ).fault;
  }

  private begins(record: BackupRecord): string | undefined {
    if (record.kind !== 'cluster' || this.cluster !== undefined) return 'a record stands where it has no place';
    const decoded = decodeManifest(record.manifest);
    if (!decoded.ok) return `the cluster's manifest does not decode (${decoded.reason})`;
    this.cluster = { time: record.time, version: record.version, manifest: decoded.value };
    return undefined;
  }

  private follows(group: GroupId): string | undefined {
    const last = this.parts.at(-1)?.group;
    const isNext = last === undefined ? group === GLOBAL_GROUP : group > last;
    return isNext && this.cluster !== undefined ? undefined : `group ${group} is out of order`;
  }
}

/** A part of the file as if it were a file of its own, for what reads snapshots. */
class PartReader implements DirectoryReader {
  private readonly file: BackupFile;
  private readonly start: number;

  constructor(file: BackupFile, start: number) {
    this.file = file;
    this.start = start;
  }

  list(): readonly string[] {
    return [];
  }

  size(): number {
    return this.file.size - this.start;
  }

  read(_file: string, offset: number, lengthBytes: number): Uint8Array {
    return this.file.read(this.start + offset, lengthBytes);
  }
}
