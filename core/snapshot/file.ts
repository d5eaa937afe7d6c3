/**
 * A snapshot as a file: the checkpoint that recovery starts from, what is served to peers, and what a receiver fills. One form
 * for all three: records one behind the other, chunks in any order, the manifest where the writer knew it (a receiver first, a
 * checkpoint last). A file is whole when the manifest and every chunk are there; `.new` and `.part` say that it need not be.
 *
 *   snap-GGGGGGGGGG-IIIIIIIIIIIIIIII        decimal group and index; names sort as they do
 *   OFFSET SIZE
 *        0    8  'VOUCHSNP'
 *        8    2  format = 1
 *       10    2  zero
 *       12    4  group
 *       16    8  index
 *       24    8  zero
 *       32    …  records:
 *                  0   4  CRC-32C over place (u64 offset in the file, u32 group, u64 index) and bytes 4 to the end of the record
 *                  4   1  kind: 1 chunk, 2 manifest, 3 sealed chunk: its hash 32 ‖ sealed chunk (core/seal/chunks.ts)
 *                  5   1  section; 0 of a manifest
 *                  6   2  zero
 *                  8   4  number of the chunk; 0 of a manifest
 *                 12   4  payload length
 *                 16   …  payload
 * Behind the last record there may be bytes of a write that a crash cut off: reading ends at the first record that does not hold.
 */
import { assert } from '../assert.ts';
import { concatBytes } from '../bytes/compare.ts';
import { crc32c } from '../bytes/crc32c.ts';
import { Reader } from '../bytes/reader.ts';
import { toUtf8 } from '../bytes/text.ts';
import { writeU64 } from '../bytes/u64.ts';
import { readWord, writeWord } from '../bytes/word.ts';
import type { Hasher } from '../capability.ts';
import type { DirectoryReader } from '../effect.ts';
import type { GroupId, LogIndex } from '../ids.ts';
import { MANIFEST_BYTES_MAX, SEALED_CHUNK_BYTES_MAX, SNAPSHOT_CHUNK_BYTES_MAX } from '../limits.ts';
import type { ChunkSealer } from './chunk-sealer.ts';
import { chunkHash, decodeSnapshotManifest, SECTIONS, type Section } from './manifest.ts';
import { type ChunkPlace, SnapshotIndex } from './snapshot-index.ts';

const MAGIC: Uint8Array = toUtf8('VOUCHSNP') as Uint8Array;
const FORMAT = 1;
const KIND = 4;
const SECTION = 5;
const NUMBER = 8;
const LENGTH = 12;
/** Where the first record stands. */
export const SNAPSHOT_HEADER_BYTES: number = 32;
/** Bytes in front of a record's payload. */
export const SNAPSHOT_RECORD_BYTES: number = 16;
const RecordKind = { chunk: 1, manifest: 2, sealedChunk: 3 } as const;
const HASH_BYTES = 32;

/** Ends the name of a checkpoint that is being written; it means nothing after a restart. */
export const WRITING_SUFFIX: string = '.new';
/** Ends the name of a snapshot that is being fetched; what it holds is used again after a restart. */
export const FETCHING_SUFFIX: string = '.part';

const NAME = /^snap-([0-9]{10})-([0-9]{16})(\.new|\.part)?$/;

/** Whose snapshot a file is. */
export interface SnapshotPlace {
  readonly group: GroupId;
  readonly index: LogIndex;
}

export function snapshotName({ group, index }: SnapshotPlace): string {
  return `snap-${String(group).padStart(10, '0')}-${String(index).padStart(16, '0')}`;
}

/** What a file's name says, or undefined where it is no snapshot's. */
export function parseSnapshotName(
  name: string,
): (SnapshotPlace & { readonly stage: 'whole' | 'writing' | 'fetching' }) | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [group, index] = [Number(match[1]), Number(match[2])];
  if (group > 0xffff_ffff || !Number.isSafeInteger(index)) return undefined;
  const stage = match[3] === WRITING_SUFFIX ? 'writing' : match[3] === FETCHING_SUFFIX ? 'fetching' : 'whole';
  return { group: group as GroupId, index: index as LogIndex, stage };
}

/** The bytes a file begins with. */
export function encodeSnapshotHeader({ group, index }: SnapshotPlace): Uint8Array {
  const bytes = new Uint8Array(SNAPSHOT_HEADER_BYTES);
  bytes.set(MAGIC);
  bytes[9] = FORMAT;
  writeWord(group, bytes, 12);
  writeU64(index, bytes, 16);
  return bytes;
}

/** Whose snapshot the bytes belong to that a file begins with; undefined where they are no snapshot's of this format. */
export function decodeSnapshotHeader(bytes: Uint8Array): SnapshotPlace | undefined {
  if (bytes.length < SNAPSHOT_HEADER_BYTES) return undefined;
  const reader = new Reader(bytes, 12);
  const place = { group: reader.u32() as GroupId, index: reader.u64() as LogIndex };
  if (reader.failed !== undefined) return undefined;
  return encodeSnapshotHeader(place).every((byte, at) => byte === bytes[at]) ? place : undefined;
}

/** Whether bytes that a file begins with are of a format that a later program wrote. */
export function isNewerSnapshot(bytes: Uint8Array): boolean {
  const reader = new Reader(bytes);
  const magic = reader.raw(MAGIC.length);
  return reader.u16() > FORMAT && MAGIC.every((byte, at) => magic[at] === byte);
}

function recordCrc(place: SnapshotPlace, offset: number, record: Uint8Array): number {
  const position = new Uint8Array(20);
  writeU64(offset, position, 0);
  writeWord(place.group, position, 8);
  writeU64(place.index, position, 12);
  return crc32c(record, KIND, record.length, crc32c(position));
}

function encodeRecord(
  place: SnapshotPlace,
  offset: number,
  fields: { readonly kind: number; readonly section: number; readonly number: number; readonly payload: Uint8Array },
): Uint8Array {
  const bytes = new Uint8Array(SNAPSHOT_RECORD_BYTES + fields.payload.length);
  bytes[KIND] = fields.kind;
  bytes[SECTION] = fields.section;
  writeWord(fields.number, bytes, NUMBER);
  writeWord(fields.payload.length, bytes, LENGTH);
  bytes.set(fields.payload, SNAPSHOT_RECORD_BYTES);
  writeWord(recordCrc(place, offset, bytes), bytes, 0);
  return bytes;
}

/** @param offset where the record will stand: a record in another place is not believed. */
export function encodeChunkRecord(
  place: SnapshotPlace,
  offset: number,
  chunk: { readonly section: Section; readonly number: number; readonly bytes: Uint8Array },
): Uint8Array {
  assert(chunk.bytes.length <= SNAPSHOT_CHUNK_BYTES_MAX, 'a chunk is bounded');
  return encodeRecord(place, offset, {
    kind: RecordKind.chunk,
    section: chunk.section,
    number: chunk.number,
    payload: chunk.bytes,
  });
}

/**
 * A chunk's record, sealed where there is a sealer, and what is to be noted of it. @param chunk.hash of the chunk in clear: it stays
 * readable, so that a file is compared with its manifest without a key.
 */
export function chunkRecord(
  sealer: ChunkSealer | undefined,
  place: SnapshotPlace,
  offset: number,
  chunk: { readonly section: Section; readonly number: number; readonly bytes: Uint8Array; readonly hash: Uint8Array },
): { readonly record: Uint8Array; readonly stands: ChunkPlace } {
  const { section, number, bytes, hash } = chunk;
  if (sealer === undefined) {
    const record = encodeChunkRecord(place, offset, chunk);
    return { record, stands: { offset: offset + SNAPSHOT_RECORD_BYTES, length: bytes.length, hash, sealedAt: undefined } };
  }
  assert(bytes.length <= SNAPSHOT_CHUNK_BYTES_MAX, 'a chunk is bounded');
  const sealed = sealer.seal({ ...place, offset, section, number }, bytes);
  const payload = concatBytes(hash, sealed);
  assert(payload.length <= SEALED_CHUNK_BYTES_MAX, 'a sealed chunk is bounded');
  const record = encodeRecord(place, offset, { kind: RecordKind.sealedChunk, section, number, payload });
  return { record, stands: sealedPlace(offset, hash, sealed.length) };
}

/** Where the sealed text of a record stands. */
function sealedPlace(record: number, hash: Uint8Array, length: number): ChunkPlace {
  return { offset: record + SNAPSHOT_RECORD_BYTES + HASH_BYTES, length, hash, sealedAt: record };
}

export function encodeManifestRecord(place: SnapshotPlace, offset: number, manifest: Uint8Array): Uint8Array {
  return encodeRecord(place, offset, { kind: RecordKind.manifest, section: 0, number: 0, payload: manifest });
}

/**
 * Reads a file from its beginning to the first record that does not hold, or until it is whole. Yields the bytes of each record.
 * @returns what it holds; undefined where it does not even begin as that snapshot. StorageError where it cannot be read.
 */
export function* scanSnapshot(
  hasher: Hasher,
  reader: DirectoryReader,
  file: string,
  place: SnapshotPlace,
  sealer?: ChunkSealer,
): Generator<number, SnapshotIndex | undefined> {
  const header = reader.read(file, 0, SNAPSHOT_HEADER_BYTES);
  const expected = encodeSnapshotHeader(place);
  if (header.length !== expected.length || header.some((byte, at) => byte !== expected[at])) return undefined;
  const found = new SnapshotIndex(hasher, file, place, sealer);
  found.end = SNAPSHOT_HEADER_BYTES;
  for (;;) {
    const record = readRecord(reader, file, place, found.end);
    if (record === undefined) break;
    if (!take(hasher, found, record)) break;
    found.end += record.length;
    yield record.length;
    if (found.isComplete) break;
  }
  return found;
}

/** One record, if it holds. */
function readRecord(reader: DirectoryReader, file: string, place: SnapshotPlace, offset: number): Uint8Array | undefined {
  const head = reader.read(file, offset, SNAPSHOT_RECORD_BYTES);
  if (head.length < SNAPSHOT_RECORD_BYTES) return undefined;
  const kind = head[KIND] as number;
  const length = readWord(head, LENGTH);
  if (length > payloadBytesMax(kind)) return undefined;
  const record = reader.read(file, offset, SNAPSHOT_RECORD_BYTES + length);
  if (record.length !== SNAPSHOT_RECORD_BYTES + length) return undefined;
  return recordCrc(place, offset, record) === readWord(record, 0) ? record : undefined;
}

function payloadBytesMax(kind: number): number {
  if (kind === RecordKind.manifest) return MANIFEST_BYTES_MAX;
  return kind === RecordKind.sealedChunk ? SEALED_CHUNK_BYTES_MAX : SNAPSHOT_CHUNK_BYTES_MAX;
}

/** Notes a record. @returns false where it says nothing that belongs to the file. */
function take(hasher: Hasher, found: SnapshotIndex, record: Uint8Array): boolean {
  const payload = record.subarray(SNAPSHOT_RECORD_BYTES);
  if (record[KIND] === RecordKind.manifest) {
    const decoded = decodeSnapshotManifest(payload);
    const { place } = found;
    if (!decoded.ok || decoded.value.group !== place.group || decoded.value.index !== place.index) return false;
    found.setManifest(decoded.value, payload.slice());
    return true;
  }
  const section = record[SECTION] as Section;
  if (!SECTIONS.includes(section)) return false;
  if (record[KIND] === RecordKind.sealedChunk && payload.length >= HASH_BYTES) {
    const hash = payload.slice(0, HASH_BYTES);
    found.note(section, readWord(record, NUMBER), sealedPlace(found.end, hash, payload.length - HASH_BYTES));
    return true;
  }
  if (record[KIND] !== RecordKind.chunk) return false;
  found.note(section, readWord(record, NUMBER), {
    offset: found.end + SNAPSHOT_RECORD_BYTES,
    length: payload.length,
    hash: chunkHash(hasher, payload),
    sealedAt: undefined,
  });
  return true;
}
