/**
 * Writes behind the end of a copy's log what the log's own planner would not be asked to write, or changes what it wrote and seals
 * it again: checksums, numbers and links are right, the content is what another program might have meant.
 */
import { defined } from '../../core/assert.ts';
import type { DirectoryReader } from '../../core/effect.ts';
import type { GroupId } from '../../core/ids.ts';
import { RECORD_HEADER_BYTES, type RecordHeader, readHeader, sealRecord, type WalRecord } from '../../core/wal/record.ts';
import { recoverWal, type WalRecovery } from '../../core/wal/recover.ts';
import { encodeSegmentHeader, readSegmentHeader, type SegmentHeader, segmentId } from '../../core/wal/segment.ts';
import { CopiedDirectory, contentOf } from './copy.ts';

/** Where a record stands. */
export interface RecordPlace {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

export class LogEditor {
  readonly copy: CopiedDirectory;
  readonly recovery: WalRecovery;
  private rotates: boolean = false;

  constructor(reader: DirectoryReader) {
    this.copy = new CopiedDirectory(reader);
    this.recovery = recoverWal(this.copy, { segmentBytes: 1 << 14, buggify: () => this.rotates });
    this.copy.execute(this.recovery.repairs);
  }

  get groups(): readonly GroupId[] {
    return [...this.recovery.groups.keys()];
  }

  /** Everything before it was reported durable. @param where 'next' = it begins a new segment. */
  append(record: WalRecord, where: 'here' | 'next' = 'here'): RecordPlace {
    const { wal } = this.recovery;
    wal.reportDurable(wal.lastNumber);
    this.rotates = where === 'next';
    const ops = wal.plan([record]);
    this.rotates = false;
    this.copy.execute(ops);
    let place: RecordPlace | undefined;
    for (const op of ops) if (op.op === 'write') place = { file: op.file, offset: op.offset, bytes: op.bytes.length };
    return defined(place, 'a record is written somewhere');
  }

  /** A record that changes nothing. */
  appendFiller(group: GroupId, where: 'here' | 'next' = 'here'): RecordPlace {
    return this.append(
      { kind: 'hardState', group, hardState: defined(this.recovery.groups.get(group), 'a group has a log').hardState },
      where,
    );
  }

  /** Another payload or header fields, under checksums that hold. */
  reseal(place: RecordPlace, change: { readonly payload?: Uint8Array; readonly header?: Partial<RecordHeader> }): void {
    const bytes = this.content(place.file);
    const view = new DataView(bytes.buffer);
    const segment = defined(segmentId(place.file), 'a record stands in a segment');
    const header = defined(readHeader(bytes, view, segment, place.offset), 'the record holds');
    const payload =
      change.payload ?? bytes.slice(place.offset + RECORD_HEADER_BYTES, place.offset + RECORD_HEADER_BYTES + header.payloadBytes);
    bytes.fill(0, place.offset, place.offset + place.bytes);
    bytes.set(payload, place.offset + RECORD_HEADER_BYTES);
    const target = { bytes, view, at: place.offset };
    sealRecord(target, { segment, offset: place.offset }, { ...header, payloadBytes: payload.length, ...change.header });
    this.copy.put(place.file, bytes);
  }

  /** Another header of a segment, under a checksum that holds. */
  rewriteHeader(file: string, change: (header: SegmentHeader) => SegmentHeader): void {
    const bytes = this.content(file);
    const read = readSegmentHeader(bytes, defined(segmentId(file), 'a segment has an id'));
    if (read.kind !== 'valid') return;
    const before = encodeSegmentHeader(read.header).length;
    bytes.fill(0, 0, before);
    bytes.set(encodeSegmentHeader(change(read.header)), 0);
    this.copy.put(file, bytes);
  }

  overwrite(file: string, from: number, to: number, value: number): void {
    this.copy.put(file, this.content(file).fill(value, from, to));
  }

  cut(file: string, bytes: number): void {
    this.copy.put(file, this.content(file).slice(0, bytes));
  }

  content(file: string): Uint8Array {
    return defined(contentOf(this.copy, file), `${file} is there`);
  }
}
