/**
 * Append planning: turns records into file operations. Pure; a runtime carries the operations out (core/effect.ts).
 * Invariants: operations of consecutive plans are executed in the order they were planned; records of one plan become
 * durable together with its last `sync`; a segment is durable before the next one's file exists.
 */
import { assert } from '../assert.ts';
import type { Buggify } from '../capability.ts';
import type { FileOp } from '../effect.ts';
import type { GroupId, LogIndex, Term } from '../ids.ts';
import { INDEX_ZERO, TERM_ZERO } from '../ids.ts';
import { SEGMENT_BYTES } from '../limits.ts';
import type { Entry, HardState } from '../raft/message.ts';
import type { EntrySealer, SealedDraft } from './entry-sealer.ts';
import { kindOf, payloadBytes, splitRecord, writePayload } from './payload.ts';
import { type Link, NO_LINK, RECORD_HEADER_BYTES, RecordForm, recordBytes, sealRecord, type WalRecord } from './record.ts';
import { encodeSegmentHeader, headerBytes, type SegmentHeader, segmentName } from './segment.ts';
import { EntrySpans } from './spans.ts';

export interface WalOptions {
  /** Preallocated size of a segment. A record that does not fit makes its segment larger. */
  readonly segmentBytes?: number;
  /** Rotates early where it says so. */
  readonly buggify?: Buggify;
  /** Told of rare branches by name; in simulations only. */
  readonly mark?: (name: string) => void;
  /** Seals what entries say, and opens it again; without one they stand in clear. */
  readonly sealer?: EntrySealer | undefined;
}

/** Where one group stands: what the next segment's table will say. */
export interface GroupTail {
  /** Some of its records are lost and no snapshot mark has come since. */
  broken: boolean;
  last: Link;
  hardState: HardState;
  snapshotIndex: LogIndex;
  snapshotTerm: Term;
  /** Where its entries stand. */
  readonly spans: EntrySpans;
  /** Entries behind this index are kept; 0 = all. Told by the host once a snapshot of that index is durable. */
  keep: LogIndex;
}

/** Where the log stands after recovery. */
export interface WalTail {
  readonly segment: number;
  /** Where the next record goes. */
  readonly offset: number;
  /** Usable bytes of the segment; an offset at or above it makes the next plan rotate. */
  readonly segmentEnd: number;
  readonly floor: number;
  /** Segments from the floor on that have a file, ascending. */
  readonly files: readonly number[];
  readonly last: Link;
  readonly groups: ReadonlyMap<GroupId, GroupTail>;
  /** Lost records may belong to a group that is not in `groups`. */
  readonly unlistedBroken: boolean;
}

export const EMPTY_HARD_STATE: HardState = { term: TERM_ZERO, votedFor: undefined, commitIndex: INDEX_ZERO };

/** One record with its size, while a plan lays it out. */
interface Sized {
  readonly record: WalRecord;
  readonly payload: number;
  /** Of entries that are to be sealed. */
  readonly draft: SealedDraft | undefined;
}

export class Wal {
  private readonly options: WalOptions;
  private readonly segmentBytes: number;
  private readonly groups: Map<GroupId, GroupTail> = new Map();
  private readonly unlistedBroken: boolean;
  /** Oldest segment still needed, as the newest header says. */
  private floor: number;
  /** Segments from there on that have a file, ascending; the present one may not be among them yet. */
  private readonly files: number[];
  private segment: number;
  /** Name of that segment's file. */
  private file: string;
  private offset: number;
  private segmentEnd: number;
  private last: Link;
  private watermark: number;
  /** Bytes of records planned since this log was opened. */
  private written: number = 0;

  constructor(tail: WalTail, options: WalOptions = {}) {
    this.options = options;
    this.segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.segment = tail.segment;
    this.file = segmentName(tail.segment);
    this.offset = tail.offset;
    this.segmentEnd = tail.segmentEnd;
    this.floor = tail.floor;
    this.files = [...tail.files];
    this.last = tail.last;
    this.unlistedBroken = tail.unlistedBroken;
    // What recovery found is durable once its repairs are, and every plan is carried out behind them.
    this.watermark = tail.last.number;
    for (const [group, state] of tail.groups) this.groups.set(group, { ...state });
  }

  get writtenBytes(): number {
    return this.written;
  }

  /** Number of the last planned record; 0 before the first. */
  get lastNumber(): number {
    return this.last.number;
  }

  /**
   * Tells that every record up to this number (lastNumber at the time of its plan) has been reported durable.
   * Later records carry it: from then on the loss of any of those is damage, never mistaken for a torn tail.
   */
  reportDurable(number: number): void {
    assert(number <= this.last.number, 'only planned records become durable');
    if (number > this.watermark) this.watermark = number;
  }

  /**
   * Operations that append the records, in order. Ends with a sync of the segment; rotates where it is full.
   * @returns an empty array for no records.
   */
  plan(records: readonly WalRecord[]): FileOp[] {
    const ops: FileOp[] = [];
    let run: Sized[] = [];
    let end = this.offset;
    for (const whole of records) {
      for (const record of splitRecord(whole)) {
        const draft = record.kind === 'entries' ? this.options.sealer?.draft(record.entries) : undefined;
        const payload = draft?.bytes ?? payloadBytes(record);
        const size = recordBytes(payload);
        if (end + size > this.segmentEnd || this.options.buggify?.('wal.rotate-early') === true) {
          this.write(run, ops);
          if (run.length > 0) ops.push({ op: 'sync', file: this.file });
          run = [];
          this.rotate(size, ops);
          end = this.offset;
        }
        run.push({ record, payload, draft });
        end += size;
      }
    }
    if (run.length === 0) return ops;
    this.write(run, ops);
    ops.push({ op: 'sync', file: this.file });
    return ops;
  }

  /** Begins the next segment; everything before it is durable by the operations so far. */
  private rotate(firstRecordBytes: number, ops: FileOp[]): void {
    this.options.mark?.(ops.length > 0 ? 'wal.rotated-within-a-plan' : 'wal.rotated');
    this.segment += 1;
    this.file = segmentName(this.segment);
    const before = this.floor;
    this.floor = this.oldestNeeded();
    const ids = [...this.groups.keys()].sort((a, b) => a - b);
    const table = ids.map((group) => ({ group, ...this.tailOf(group) }));
    this.offset = headerBytes(table.length);
    this.segmentEnd = Math.max(this.segmentBytes, this.offset + firstRecordBytes);
    const header = { id: this.segment, floor: this.floor, last: this.last, unlistedBroken: this.unlistedBroken, table };
    startSegment(header, this.segmentEnd, ops);
    // The header that no longer names them is durable: now they may go, in any order, and a crash may leave some.
    if (before < this.floor) this.options.mark?.('wal.segments-reclaimed');
    while (this.files.length > 0 && (this.files[0] as number) < this.floor)
      ops.push({ op: 'remove', file: segmentName(this.files.shift() as number) });
    this.files.push(this.segment);
  }

  /** The oldest segment that some group needs; at most the present one. */
  private oldestNeeded(): number {
    let oldest = this.segment;
    for (const tail of this.groups.values()) {
      if (!tail.broken) oldest = Math.min(oldest, tail.spans.oldestFrom(neededFrom(tail))); // a broken log is never read again
    }
    return Math.max(oldest, this.floor);
  }

  /**
   * A snapshot of the group up to `index` is durable, and a mark says so: older entries may go. Segments are reclaimed with the
   * next rotation.
   */
  keepBehind(group: GroupId, index: LogIndex): void {
    const tail = this.tailOf(group);
    const marked = Math.min(index, tail.snapshotIndex) as LogIndex; // entries go only once a mark stands in their place
    if (marked <= tail.keep) return;
    tail.keep = marked;
    tail.spans.forgetBefore(neededFrom(tail));
  }

  /** Segments that hold something still needed, the present one included. */
  get neededSegments(): number {
    return this.segment - this.oldestNeeded() + 1;
  }

  /** Lays a run of records out behind each other and writes them with one operation. */
  private write(run: readonly Sized[], ops: FileOp[]): void {
    if (run.length === 0) return;
    let total = 0;
    for (const sized of run) total += recordBytes(sized.payload);
    const bytes = new Uint8Array(total);
    const view = new DataView(bytes.buffer);
    const start = this.offset;
    for (const { record, payload, draft } of run) {
      const at = this.offset - start;
      const tail = this.tailOf(record.group);
      const place = { segment: this.segment, offset: this.offset };
      if (draft === undefined) writePayload(bytes, view, at + RECORD_HEADER_BYTES, record);
      else draft.write(bytes, at + RECORD_HEADER_BYTES, place);
      const number = this.last.number + 1;
      const crc = sealRecord({ bytes, view, at }, place, {
        kind: kindOf(record),
        form: draft === undefined ? RecordForm.clear : RecordForm.sealed,
        group: record.group,
        number,
        watermark: this.watermark,
        previousCrc: this.last.crc,
        groupPrevious: tail.last,
        payloadBytes: payload,
      });
      this.last = { number, crc };
      tail.last = this.last;
      if (record.kind === 'hardState') tail.hardState = record.hardState;
      if (record.kind === 'snapshotMark') {
        tail.snapshotIndex = record.index;
        tail.snapshotTerm = record.term;
        if (record.log === 'healed') tail.broken = false;
        if (record.log !== 'continues') tail.spans.clear();
      }
      if (record.kind === 'entries') {
        const { entries } = record;
        tail.spans.wrote(this.segment, (entries[0] as Entry).index, (entries.at(-1) as Entry).index);
      }
      this.written += recordBytes(payload);
      this.offset += recordBytes(payload);
    }
    ops.push({ op: 'write', file: this.file, offset: start, bytes });
  }

  private tailOf(group: GroupId): GroupTail {
    let tail = this.groups.get(group);
    if (tail === undefined) {
      tail = {
        broken: this.unlistedBroken,
        last: NO_LINK,
        hardState: EMPTY_HARD_STATE,
        snapshotIndex: INDEX_ZERO,
        snapshotTerm: TERM_ZERO,
        spans: new EntrySpans(),
        keep: INDEX_ZERO,
      };
      this.groups.set(group, tail);
    }
    return tail;
  }
}

/**
 * The first index that a group's log still needs. Behind the newest mark that is the next one; behind an older snapshot it is the
 * snapshot's own last entry: with it recovery sees that the two belong together.
 */
function neededFrom({ keep, snapshotIndex }: GroupTail): number {
  return keep < snapshotIndex ? keep : keep + 1;
}

/** Creates a segment with its header, both durable before whatever follows: file and header first, then its name. */
export function startSegment(header: SegmentHeader, sizeBytes: number, ops: FileOp[]): void {
  const file = segmentName(header.id);
  ops.push(
    { op: 'create', file, sizeBytes },
    { op: 'write', file, offset: 0, bytes: encodeSegmentHeader(header) },
    { op: 'sync', file },
    { op: 'syncDirectory' },
  );
}
