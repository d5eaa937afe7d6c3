/**
 * Recovery: scans every segment once, follows the chains, and decides where the log ends.
 * The question it must not get wrong: is an unreadable place a torn tail, to be cut, or damage, never to be cut? The answer,
 * reasoned in core/wal/README.md: a record at or below the highest watermark seen anywhere, or in a segment that has a
 * successor, was durable, so its loss is damage. Anything else was never reported durable.
 */
import type { DirectoryReader, FileOp } from '../effect.ts';
import { StorageError } from '../errors.ts';
import type { GroupId } from '../ids.ts';
import { INDEX_ZERO, TERM_ZERO } from '../ids.ts';
import { SEGMENT_BYTES } from '../limits.ts';
import { readWhole } from '../whole-read.ts';
import { Chain, type Damage } from './chain.ts';
import type { EntrySealer } from './entry-sealer.ts';
import type { GroupLog, RecoveredGroup } from './group-log.ts';
import { NO_LINK, RecordForm, recordBytes } from './record.ts';
import { type FoundRecord, type SegmentScan, scanSegment } from './scan.ts';
import { headerBytes, segmentId, segmentName } from './segment.ts';
import { type GroupTail, startSegment, Wal, type WalOptions } from './wal.ts';

/** Zeros per write while cutting a torn tail. */
const CUT_BYTES = 1 << 20;

export interface WalRecovery {
  readonly wal: Wal;
  /**
   * To be durable before the first append, and before anything recovered is acted upon: what was read may have been
   * written by a process that died before its sync, or whose sync failed, so the tail is written again, and it and its
   * name are synced. Cuts a torn tail, creates the first segment. Never empty.
   */
  readonly repairs: readonly FileOp[];
  readonly groups: ReadonlyMap<GroupId, RecoveredGroup>;
  /** Known groups whose chain is not shown unbroken, sorted. They must not vote or answer as if whole. */
  readonly quarantined: readonly GroupId[];
  /** Of those the ones that may have voted, or heard of a term, later than their hard state says; sorted. */
  readonly forgetful: readonly GroupId[];
  /** Lost records may belong to a group that is not even listed: a group absent from `groups` is quarantined too. */
  readonly allQuarantined: boolean;
  readonly damage: readonly Damage[];
  /** The directory held no segment, or none that says anything: wrong for a node that has a manifest. */
  readonly fresh: boolean;
  /** Bytes cut from a torn tail. None of it was ever reported durable. */
  readonly tornBytes: number;
}

/** How far the chain was followed. */
interface Walk {
  readonly chain: Chain;
  /** Segments that hold something, in order; without files whose creation a crash interrupted. */
  readonly segments: readonly SegmentScan[];
  /** Trailing files whose creation a crash interrupted. */
  readonly unborn: readonly SegmentScan[];
  /** Where the last segment's next record goes. */
  readonly end: number;
  /** Every record up to this number is known to have been durable. */
  readonly watermark: number;
}

/**
 * Recovers the log of a data directory.
 * @throws StorageError where a segment was written by a newer format, or is sealed and nobody can open it, or a read fails. Damaged contents never throw.
 */
export function recoverWal(reader: DirectoryReader, options: WalOptions = {}): WalRecovery {
  const scans = scanAll(reader, options.sealer);
  const walk = follow(scans);
  const chain = walk.chain;
  const last = walk.segments.at(-1);
  const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
  const repairs: FileOp[] = [];
  const groups = new Map([...chain.groups].sort(([a], [b]) => a - b));
  const quarantined = [...groups].filter(([, group]) => chain.isBroken(group)).map(([id]) => id);
  const forgetful = quarantined.filter((id) => chain.mayHaveForgotten(groups.get(id) as GroupLog));
  const unlistedBroken = chain.unlistedBroken();
  // Segments that read as zeros are as good as none: a first segment is durable before a manifest is.
  const fresh = walk.segments.length === 0 && chain.damage.length === 0;
  const found = { groups, quarantined, forgetful, allQuarantined: unlistedBroken, damage: chain.damage, fresh };

  if (chain.damage.length > 0) options.mark?.(unlistedBroken ? 'wal.damage-of-unknown-group' : 'wal.damage-of-known-group');

  const tails = new Map<GroupId, GroupTail>();
  for (const [id, group] of groups) {
    tails.set(id, {
      broken: quarantined.includes(id),
      last: group.last,
      hardState: group.hardState,
      snapshotIndex: group.snapshot?.index ?? INDEX_ZERO,
      snapshotTerm: group.snapshot?.term ?? TERM_ZERO,
      spans: group.spans.copy(),
      keep: INDEX_ZERO,
    });
  }
  const floor = floorOf(scans);
  for (const scan of scans) if (scan.id < floor) repairs.push({ op: 'remove', file: scan.file });
  const files = scans.filter((scan) => scan.id >= floor).map(({ id }) => id);
  const tail = { floor, files, last: chain.last, groups: tails, unlistedBroken };
  if (needsNewSegment(last, unlistedBroken)) {
    options.mark?.('wal.new-segment-after-damage');
    // Nothing is changed; the next segment's header will say for good which groups are broken.
    if (last !== undefined) {
      repairs.push(NAMES_FIRST);
      writeAgain(reader, last, walk, repairs);
      repairs.push({ op: 'sync', file: last.file });
    }
    repairs.push({ op: 'syncDirectory' });
    const wal = new Wal({ ...tail, segment: scans.at(-1)?.id ?? 0, offset: 0, segmentEnd: 0 }, options);
    return { ...found, wal, repairs, tornBytes: 0 };
  }
  if (walk.unborn.length > 0) options.mark?.('wal.unborn-segment-removed');
  for (const scan of walk.unborn) repairs.push({ op: 'remove', file: scan.file });
  const born = { ...tail, files: files.filter((id) => walk.unborn.every((scan) => scan.id !== id)) };
  if (last === undefined) {
    const header = { id: 1, floor: 1, last: NO_LINK, unlistedBroken: false, table: [] };
    startSegment(header, segmentBytes, repairs);
    const wal = new Wal({ ...tail, files: [1], segment: 1, offset: headerBytes(0), segmentEnd: segmentBytes }, options);
    return { ...found, wal, repairs, tornBytes: 0 };
  }
  repairs.push(NAMES_FIRST);
  writeAgain(reader, last, walk, repairs);
  const tornBytes = Math.max(last.usedEnd - walk.end, 0);
  if (tornBytes > 0) options.mark?.('wal.torn-tail-cut');
  cut(last.file, { from: walk.end, to: walk.end + tornBytes }, repairs);
  repairs.push({ op: 'sync', file: last.file }, { op: 'syncDirectory' });
  const segmentEnd = Math.max(last.sizeBytes, walk.end);
  const wal = new Wal({ ...born, segment: last.id, offset: walk.end, segmentEnd }, options);
  return { ...found, wal, repairs, tornBytes };
}

function scanAll(reader: DirectoryReader, sealer: EntrySealer | undefined): readonly SegmentScan[] {
  const ids: number[] = [];
  for (const name of reader.list()) {
    const id = segmentId(name);
    if (id !== undefined) ids.push(id);
  }
  ids.sort((a, b) => a - b);
  return ids.map((id) => {
    const file = segmentName(id);
    const scan = scanSegment(id, readWhole(reader, file, reader.size(file) ?? 0), sealer);
    if (scan.header.kind === 'newer') {
      const message = `${file} has write-ahead log format ${scan.header.version}; this version of Vouch reads format 1: start this node with a newer one. Nothing was changed.`;
      throw new StorageError('newer_format', message);
    }
    if (sealer === undefined && scan.found.some(({ header }) => header.form === RecordForm.sealed)) {
      const message = `${file} is sealed, and the keys to it are not there: put the directory's file keys back, or replace the node: vouch member replace. Nothing was changed.`;
      throw new StorageError('keys_missing', message);
    }
    return scan;
  });
}

/** The oldest segment still needed, as the newest readable header says. */
function floorOf(scans: readonly SegmentScan[]): number {
  let floor = 1;
  for (const { header } of scans) if (header.kind === 'valid') floor = Math.max(floor, header.header.floor);
  return floor;
}

/** Everything up to here was durable at some time. */
function watermarkOf(scans: readonly SegmentScan[]): number {
  let watermark = 0;
  for (const { header, found } of scans) {
    if (header.kind === 'valid') watermark = Math.max(watermark, header.header.last.number);
    for (const record of found) watermark = Math.max(watermark, record.header.watermark);
  }
  return watermark;
}

function follow(scans: readonly SegmentScan[]): Walk {
  const chain = new Chain();
  const segments: SegmentScan[] = [];
  const floor = floorOf(scans);
  const watermark = watermarkOf(scans);
  let unborn: SegmentScan[] = [];
  let end = 0;
  let expected = floor;
  for (const [i, scan] of scans.entries()) {
    if (scan.id < floor) continue; // its reclamation was interrupted
    if (scan.id > expected) chain.damage.push({ file: segmentName(expected), offset: 0, reason: 'the segment is missing' });
    expected = scan.id + 1;
    if (isUnborn(scan, chain)) {
      unborn.push(scan);
      continue;
    }
    unborn = [];
    segments.push(scan);
    readStart(chain, scan, floor);
    const behind = scans.slice(i + 1);
    end = readRecords(chain, scan, behind.length > 0 ? Number.POSITIVE_INFINITY : watermark);
    // The successor was created behind a sync of this one. Where it tells nothing, garbage here is all that is left to tell.
    if (behind.length > 0 && scan.usedEnd > end && behind.every((next) => isUnborn(next, chain))) {
      chain.loseUnknown(scan.file, end, 'unreadable bytes at the end of a full segment');
    }
  }
  if (segments.length === 0 && chain.damage.length > 0) chain.loseUnknown(segmentName(floor), 0, 'no segment can be read');
  return { chain, segments, unborn, end, watermark };
}

/** A file whose creation a crash interrupted: no record was written before its header was durable. */
function isUnborn(scan: SegmentScan, chain: Chain): boolean {
  return scan.header.kind === 'invalid' && scan.found.length === 0 && scan.usedEnd <= headerBytes(chain.groups.size);
}

function readStart(chain: Chain, scan: SegmentScan, floor: number): void {
  if (scan.header.kind !== 'valid') {
    chain.damage.push({ file: scan.file, offset: 0, reason: 'the segment header is unreadable' });
    const continues = scan.found.some((found) => chain.belongs(found));
    if (!continues) chain.loseUnknown(scan.file, 0, 'no record of the segment can be placed');
  } else if (scan.id === floor) chain.begin(scan.header.header);
  else chain.meet(scan.header.header, scan.file);
}

/** Follows the records of one segment. @returns the offset behind the last one that counts. */
function readRecords(chain: Chain, scan: SegmentScan, watermark: number): number {
  let end = scan.firstOffset;
  for (const found of scan.found) {
    if (!chain.belongs(found)) continue;
    const next = chain.last.number + 1;
    const whole = found.header.number === next && found.holds;
    if (!whole && next > watermark) break; // torn: record `next` was never reported durable
    chain.take(found, scan);
    end = found.offset + recordBytes(found.header.payloadBytes);
  }
  return end;
}

/**
 * Whether the last segment cannot go on: its header is lost, or does not say yet that nobody knows whose records are lost.
 * A group that a link or checksum shows to be broken needs no such note: the same evidence is found again.
 */
function needsNewSegment(last: SegmentScan | undefined, unlistedBroken: boolean): boolean {
  if (last === undefined) return unlistedBroken;
  return last.header.kind !== 'valid' || (unlistedBroken && !last.header.header.unlistedBroken);
}

/**
 * Writes what no watermark covers with the bytes that were read. Why a sync alone is not enough: behind a sync that failed
 * the operating system may take the pages for clean, so that the data is read back from its cache, the next sync has nothing to
 * write and succeeds, and power loss takes it all (Rebello et al., "Can Applications Recover from fsync Failures?", 2020).
 */
function writeAgain(reader: DirectoryReader, last: SegmentScan, { end, watermark }: Walk, repairs: FileOp[]): void {
  const counted = last.found.filter(({ offset }) => offset < end);
  const first = counted.findIndex(({ header }) => header.number > watermark);
  if (first < 0 && counted.length > 0) return;
  const from = first > 0 ? (counted[first] as FoundRecord).offset : 0; // before its first record the header may be as new
  if (from < end) repairs.push({ op: 'write', file: last.file, offset: from, bytes: reader.read(last.file, from, end - from) });
}

/**
 * A record may speak of a file that was renamed before it was written, by the same process that died before either was durable: the
 * name has to be durable first, as it was to be then. Else power loss could leave a log that begins behind a snapshot that is gone.
 */
const NAMES_FIRST: FileOp = { op: 'syncDirectory' };

/** Overwrites a torn tail with zeros, so that nothing of it can ever be taken for a record again. */
function cut(file: string, range: { readonly from: number; readonly to: number }, ops: FileOp[]): void {
  for (let at = range.from; at < range.to; at += CUT_BYTES) {
    ops.push({ op: 'write', file, offset: at, bytes: new Uint8Array(Math.min(CUT_BYTES, range.to - at)) });
  }
}
