/**
 * Damaged copies of a Vouch data directory, and what must become of each: refused with the right code, or opened with the
 * damage reported. Never opened as if nothing were missing, and never ended by anything but a StorageError.
 */
import { crc32c } from '../core/bytes/crc32c.ts';
import { drawId } from '../core/bytes/hex-id.ts';
import { Writer } from '../core/bytes/writer.ts';
import type { Clocks, DirectoryReader } from '../core/effect.ts';
import { StorageError } from '../core/errors.ts';
import { GLOBAL_GROUP } from '../core/ids.ts';
import { CLUSTER_FILE, IDENTITY_FILE } from '../core/replica/directory.ts';
import { decodeManifest, encodeManifest, type GroupMembers, type Manifest } from '../core/replica/manifest.ts';
import { Replica } from '../core/replica/replica.ts';
import { scanSegment } from '../core/wal/scan.ts';
import { readSegmentHeader, segmentId } from '../core/wal/segment.ts';
import { entropyFrom } from './entropy.ts';
import { fastHasher } from './hasher.ts';
import type { Draws } from './tape.ts';

/** Files of the copy that differ from the original; undefined = the file is not there. */
interface Damage {
  readonly what: string;
  readonly files: ReadonlyMap<string, Uint8Array | undefined>;
  /** Codes of which one must be the reason of the refusal; none = it opens, and reports damage of the log. */
  readonly refusedAs: readonly string[];
}

/** Far larger than any file that Vouch reads whole. */
const LARGE_BYTES = 1 << 22;
/** Where a segment's header holds its format, its length and its checksum (core/wal/segment.ts). */
const SEGMENT_FORMAT_AT = 8;
const SEGMENT_LENGTH_AT = 12;
const SEGMENT_CRC_AT = 16;
/** Up to here the checksum covers every segment's header. */
const SEGMENT_TABLE_AT = 56;

/**
 * Opens a copy with a drawn damage. @returns what was wrong about how it went.
 * @param copy how the damage is put over the original; a test passes one that forgets it.
 */
export function openDamagedCopy(
  reader: DirectoryReader,
  clocks: Clocks,
  draws: Draws,
  copy: (original: DirectoryReader, changed: Damage['files']) => DirectoryReader = (original, changed) =>
    new Copy(original, changed),
): string | undefined {
  const damage = drawDamage(reader, draws);
  if (damage === undefined) return undefined;
  const outcome = open(copy(reader, damage.files), clocks, draws);
  const expected = damage.refusedAs.length === 0 ? 'damage' : damage.refusedAs.join(' or ');
  const isRight = damage.refusedAs.length === 0 ? outcome === 'damage' : damage.refusedAs.includes(outcome);
  return isRight ? undefined : `a copy with ${damage.what} was met with "${outcome}", not with ${expected}`;
}

/** @returns the code of the refusal, 'damage' where it opened and reports some, or 'whole'. */
function open(reader: DirectoryReader, clocks: Clocks, draws: Draws): string {
  try {
    const { replica } = Replica.open(reader, clocks, {
      hasher: fastHasher,
      entropy: entropyFrom(draws),
      seed: [1, 2, 3, 4],
      buggify: () => false,
      timing: { electionTimeoutMinMicros: 100_000, electionTimeoutMaxMicros: 200_000, heartbeatMicros: 20_000 },
    });
    return replica.recovered.damage.length > 0 ? 'damage' : 'whole';
  } catch (error) {
    if (error instanceof StorageError) return error.code;
    throw error;
  }
}

/** @returns undefined where there is nothing to damage: no member yet, or a disk that cannot be read and so not be copied. */
function drawDamage(reader: DirectoryReader, draws: Draws): Damage | undefined {
  try {
    return damageOf(reader, draws);
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

function damageOf(reader: DirectoryReader, draws: Draws): Damage | undefined {
  const manifestBytes = contentOf(reader, CLUSTER_FILE);
  const manifest = manifestBytes === undefined ? undefined : decodeManifest(manifestBytes);
  if (manifestBytes === undefined || manifest?.ok !== true) return undefined;
  switch (draws.below(4)) {
    case 0:
      return damageIdentity(contentOf(reader, IDENTITY_FILE) as Uint8Array, draws);
    case 1:
      return damageManifestBytes(manifestBytes, draws);
    case 2:
      return damageManifest(manifest.value, draws);
    default:
      return damageLog(reader, draws);
  }
}

function damageIdentity(bytes: Uint8Array, draws: Draws): Damage {
  const changed = (what: string, content: Uint8Array | undefined, code: string): Damage => ({
    what: `IDENTITY ${what}`,
    files: new Map([[IDENTITY_FILE, content]]),
    refusedAs: [code],
  });
  switch (draws.below(5)) {
    case 0:
      return changed('missing', undefined, 'no_identity');
    case 1:
      return changed('of another program', withByte(bytes, 0, 0x50), 'foreign_directory');
    case 2:
      return changed('of a newer format', withByte(bytes, 8, 2 + draws.below(200)), 'newer_format');
    case 3:
      return changed('far too large', new Uint8Array(LARGE_BYTES), 'foreign_directory');
    default: {
      const at = 9 + draws.below(bytes.length - 9);
      return changed(
        'with a bit flipped',
        withByte(bytes, at, (bytes[at] as number) ^ (1 << draws.below(8))),
        'identity_damaged',
      );
    }
  }
}

function damageManifestBytes(bytes: Uint8Array, draws: Draws): Damage {
  const at = draws.below(bytes.length);
  const isCut = draws.below(3) === 0;
  const content = isCut ? bytes.slice(0, at) : withByte(bytes, at, (bytes[at] as number) ^ (1 << draws.below(8)));
  const what = isCut ? `CLUSTER cut to ${at} bytes` : `a bit flipped in byte ${at} of CLUSTER`;
  return { what, files: new Map([[CLUSTER_FILE, content]]), refusedAs: ['cluster_damaged', 'newer_format'] };
}

/** A manifest whose checksum holds and whose content makes no sense: written by something that is not Vouch. */
function damageManifest(manifest: Manifest, draws: Draws): Damage {
  const { members, groups } = manifest;
  const stranger = drawId<'NodeId'>(entropyFrom(draws));
  const first = groups[0] as GroupMembers;
  const changes: readonly (readonly [string, Partial<Manifest>])[] = [
    ['a member twice', { members: [...members, ...members.slice(-1)] }],
    ['no group', { groups: [] }],
    ['no GLOBAL group', { groups: groups.filter(({ group }) => group !== GLOBAL_GROUP) }],
    ['a group twice', { groups: [...groups, ...groups.slice(-1)] }],
    ['a voter that is no member', { groups: [{ ...first, voters: [stranger] }, ...groups.slice(1)] }],
    ['a voter twice', { groups: [{ ...first, voters: [...first.voters, ...first.voters.slice(-1)] }, ...groups.slice(1)] }],
    ['a group without voters', { groups: [{ ...first, voters: [] }, ...groups.slice(1)] }],
  ];
  const change = changes[draws.below(changes.length + 1)];
  const what = change === undefined ? 'more members than there may be' : change[0];
  const content = change === undefined ? ofManyMembers(manifest) : encodeManifest({ ...manifest, ...change[1] });
  return { what: `CLUSTER with ${what}`, files: new Map([[CLUSTER_FILE, content]]), refusedAs: ['cluster_damaged'] };
}

/** Claims more members than a manifest may have, and holds none of them; the checksum is right. */
function ofManyMembers(manifest: Manifest): Uint8Array {
  const bytes = encodeManifest({ ...manifest, members: [], groups: [] });
  const writer = new Writer();
  writer.raw(bytes.subarray(0, 25));
  writer.u32(0xffff_ffff);
  writer.u32(crc32c(writer.peek()));
  return writer.finish();
}

function damageLog(reader: DirectoryReader, draws: Draws): Damage | undefined {
  const segments = reader.list().filter((name) => segmentId(name) !== undefined);
  const newest = segments.at(-1);
  if (newest === undefined) return undefined;
  const all = new Map(segments.map((name) => [name, undefined] as const));
  const choice = draws.below(4);
  if (choice === 0) return { what: 'the log missing', files: all, refusedAs: ['log_missing'] };
  const needed = neededBefore(reader, newest, segments);
  const victim = needed[draws.below(Math.max(needed.length, 1))];
  if (choice === 1 || victim === undefined) return newerSegment(reader, newest);
  if (choice === 2) return { what: `${victim} missing`, files: new Map([[victim, undefined]]), refusedAs: [] };
  const bytes = contentOf(reader, victim) as Uint8Array;
  const at = draws.below(SEGMENT_TABLE_AT);
  const content = withByte(bytes, at, (bytes[at] as number) ^ (1 << draws.below(8)));
  return { what: `byte ${at} of the header of ${victim} changed`, files: new Map([[victim, content]]), refusedAs: [] };
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
  const content = withByte(bytes, SEGMENT_FORMAT_AT + 1, 2);
  const view = new DataView(content.buffer);
  const length = view.getUint32(SEGMENT_LENGTH_AT);
  view.setUint32(SEGMENT_CRC_AT, crc32c(content, SEGMENT_CRC_AT + 4, length, crc32c(content, 0, SEGMENT_CRC_AT)));
  return { what: `${newest} of a newer format`, files: new Map([[newest, content]]), refusedAs: ['newer_format'] };
}

function contentOf(reader: DirectoryReader, file: string): Uint8Array | undefined {
  const sizeBytes = reader.size(file);
  return sizeBytes === undefined ? undefined : reader.read(file, 0, sizeBytes);
}

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

/** The original directory, but for some files. */
class Copy implements DirectoryReader {
  private readonly original: DirectoryReader;
  private readonly changed: ReadonlyMap<string, Uint8Array | undefined>;

  constructor(original: DirectoryReader, changed: ReadonlyMap<string, Uint8Array | undefined>) {
    this.original = original;
    this.changed = changed;
  }

  list(): readonly string[] {
    return this.original.list().filter((file) => !this.changed.has(file) || this.changed.get(file) !== undefined);
  }

  size(file: string): number | undefined {
    return this.changed.has(file) ? this.changed.get(file)?.length : this.original.size(file);
  }

  read(file: string, offset: number, lengthBytes: number): Uint8Array {
    const content = this.changed.get(file);
    return content === undefined ? this.original.read(file, offset, lengthBytes) : content.slice(offset, offset + lengthBytes);
  }
}
