/** Segments that are missing, of another version, in the wrong place, or whose headers say what cannot be. */
import { crc32c } from '../../core/bytes/crc32c.ts';
import type { DirectoryReader } from '../../core/effect.ts';
import type { GroupId } from '../../core/ids.ts';
import { GROUPS_MAX } from '../../core/limits.ts';
import { CLUSTER_FILE } from '../../core/replica/directory.ts';
import { encodeManifest } from '../../core/replica/manifest.ts';
import { scanSegment } from '../../core/wal/scan.ts';
import { readSegmentHeader, type SegmentHeader, segmentId, segmentName } from '../../core/wal/segment.ts';
import { contentOf, withBitFlipped, withByte } from './copy.ts';
import { type Damage, type Judge, opensAs, quarantines, refusedAs, reportsDamage, type Scene } from './damage.ts';
import { LogEditor, type RecordPlace } from './log-editor.ts';
import type { LivingCopy } from './opening.ts';
import { newestGroup, withGroup } from './small-files.ts';

/** Where a segment's header holds its format, its length, its checksum and the number of its groups (core/wal/segment.ts). */
const FORMAT_AT = 8;
const LENGTH_AT = 12;
const CRC_AT = 16;
const COUNT_AT = 52;
/** Up to here the checksum covers every segment's header. */
const TABLE_AT = 56;

function segmentsOf(reader: DirectoryReader): readonly string[] {
  return reader.list().filter((name) => segmentId(name) !== undefined);
}

export function damageSegments({ reader, draws }: Scene): Damage | undefined {
  const segments = segmentsOf(reader);
  const newest = segments.at(-1);
  if (newest === undefined) return undefined;
  const choice = draws.below(5);
  if (choice === 0) return withoutLog(reader, segments, draws.below(2) === 0);
  const needed = neededBefore(reader, newest, segments);
  const victim = needed[draws.below(Math.max(needed.length, 1))];
  if (choice === 1 || victim === undefined) return newerSegment(reader, newest);
  if (choice === 2) return { what: `${victim} missing`, files: new Map([[victim, undefined]]), judge: reportsDamage };
  const bytes = contentOf(reader, victim) as Uint8Array;
  if (choice === 3) {
    const cut = draws.below(TABLE_AT);
    return { what: `${victim} cut to ${cut} bytes`, files: new Map([[victim, bytes.slice(0, cut)]]), judge: reportsDamage };
  }
  const head = withBitFlipped(bytes.slice(0, TABLE_AT), draws);
  const content = bytes.slice();
  content.set(head);
  return { what: `a bit of the header of ${victim} changed`, files: new Map([[victim, content]]), judge: reportsDamage };
}

/** Every segment is gone, or reads as zeros. */
function withoutLog(reader: DirectoryReader, segments: readonly string[], isThere: boolean): Damage {
  const files = segments.map((name) => [name, isThere ? new Uint8Array(reader.size(name) ?? 0) : undefined] as const);
  const isFirst = segments[0] === segmentName(1);
  const judge = isThere && !isFirst ? reportsDamage : refusedAs('log_missing');
  return { what: isThere ? 'a log of zeros' : 'the log missing', files: new Map(files), judge };
}

/** Segments with records before the newest that its header does not give up; none where it has no header yet. */
function neededBefore(reader: DirectoryReader, newest: string, segments: readonly string[]): readonly string[] {
  const header = readSegmentHeader(contentOf(reader, newest) as Uint8Array, segmentId(newest) as number);
  if (header.kind !== 'valid') return [];
  const { id, floor } = header.header;
  return segments.filter((name) => {
    const other = segmentId(name) as number;
    return other >= floor && other < id && scanSegment(other, contentOf(reader, name) as Uint8Array).found.length > 0;
  });
}

/** The newest segment as a later version of the format might begin: the checksum of its header holds. */
function newerSegment(reader: DirectoryReader, newest: string): Damage | undefined {
  const bytes = contentOf(reader, newest) as Uint8Array;
  if (readSegmentHeader(bytes, segmentId(newest) as number).kind !== 'valid') return undefined;
  const content = withByte(bytes, FORMAT_AT + 1, 2);
  sealHeader(content);
  return { what: `${newest} of a newer format`, files: new Map([[newest, content]]), judge: refusedAs('newer_format') };
}

function sealHeader(content: Uint8Array): void {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const length = view.getUint32(LENGTH_AT);
  view.setUint32(CRC_AT, crc32c(content, CRC_AT + 4, length, crc32c(content, 0, CRC_AT)));
}

/** A segment with one record of a group, behind another one with one. */
interface Built {
  readonly editor: LogEditor;
  readonly group: GroupId;
  readonly before: RecordPlace;
  readonly place: RecordPlace;
}

type Change = (built: Built, scene: Scene) => Judge;

/** The segment before counts as needed, so that the header has something to continue. */
function continuing(header: SegmentHeader): SegmentHeader {
  return { ...header, floor: Math.min(header.floor, header.id - 1) };
}

function broken(group: GroupId): Judge {
  return quarantines([group], 'log_damaged');
}

const HEADERS: readonly (readonly [string, Change])[] = [
  [
    'a segment that continues another log',
    ({ editor, place }) => {
      editor.rewriteHeader(place.file, (header) => {
        const { number, crc } = header.last;
        return { ...continuing(header), last: { number, crc: (crc ^ 1) >>> 0 } };
      });
      return reportsDamage;
    },
  ],
  [
    'a segment behind records that are not there',
    ({ editor, place }) => {
      editor.rewriteHeader(place.file, (header) => {
        const { number, crc } = header.last;
        return { ...continuing(header), last: { number: number + 3, crc } };
      });
      return reportsDamage;
    },
  ],
  [
    'a segment that leaves a group out',
    ({ editor, place, group }) => {
      editor.rewriteHeader(place.file, (header) => {
        return { ...continuing(header), table: header.table.filter((row) => row.group !== group) };
      });
      return broken(group);
    },
  ],
  [
    'a segment that calls a group broken',
    ({ editor, place, group }) => {
      editor.rewriteHeader(place.file, (header) => {
        return { ...header, table: header.table.map((row) => (row.group === group ? { ...row, broken: true } : row)) };
      });
      return broken(group);
    },
  ],
  [
    'a segment that does not know whose records are lost',
    ({ editor, place }, { manifest }) => {
      editor.rewriteHeader(place.file, (header) => ({ ...header, unlistedBroken: true }));
      const more = withGroup(manifest, () => true);
      editor.copy.put(CLUSTER_FILE, encodeManifest(more));
      return broken(newestGroup(more));
    },
  ],
  [
    'a segment with the header of another one',
    ({ editor, place }) => {
      editor.rewriteHeader(place.file, (header) => ({ ...header, id: header.id + 1 }));
      return reportsDamage;
    },
  ],
  [
    'a segment of more groups than there may be',
    ({ editor, place }) => {
      const content = editor.content(place.file);
      new DataView(content.buffer).setUint32(COUNT_AT, GROUPS_MAX + 1);
      sealHeader(content);
      editor.copy.put(place.file, content);
      return reportsDamage;
    },
  ],
  [
    'a segment whose header is longer than any',
    ({ editor, place }) => {
      editor.overwrite(place.file, LENGTH_AT, LENGTH_AT + 4, 0xff);
      return reportsDamage;
    },
  ],
  [
    'garbage in the place of the newest segment',
    ({ editor, place }) => {
      editor.overwrite(place.file, 0, place.offset + place.bytes, 0xaa);
      return reportsDamage;
    },
  ],
  [
    'garbage at the end of a segment, and zeros in the next',
    ({ editor, before, place }) => {
      editor.overwrite(before.file, before.offset, before.offset + before.bytes, 0xaa);
      editor.overwrite(place.file, 0, place.offset + place.bytes, 0);
      return reportsDamage;
    },
  ],
  [
    'a segment cut within its header, and one behind it',
    ({ editor, place, group }, { draws }) => {
      const { file } = editor.appendFiller(group, 'next');
      editor.rewriteHeader(file, continuing);
      editor.cut(place.file, draws.below(TABLE_AT));
      return reportsDamage;
    },
  ],
];

/** A segment whose checksums hold, and that cannot stand where it stands; or that is none any more. */
export function contradictingSegment(scene: Scene, clean: LivingCopy): Damage | undefined {
  const { reader, draws } = scene;
  const editor = new LogEditor(reader);
  const { groups } = editor;
  const group = groups[draws.below(Math.max(groups.length, 1))];
  if (group === undefined) return undefined;
  const before = editor.appendFiller(group);
  const place = editor.appendFiller(group, 'next');
  if (editor.copy.size(before.file) === undefined) return undefined; // nothing in it was needed any more
  const [what, change] = HEADERS[draws.below(HEADERS.length + 1)] ?? ['a segment more', undefined];
  const judge = change === undefined ? opensAs(clean) : change({ editor, group, before, place }, scene);
  return { what, files: editor.copy.changes, judge };
}
