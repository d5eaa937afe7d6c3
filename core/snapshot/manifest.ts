/**
 * What a snapshot is: a manifest, and behind it sections cut into chunks. Equal state at an equal index gives equal bytes, so
 * replicas compare manifests, and a chunk may come from whoever holds an equal one.
 *
 *   OFFSET SIZE
 *        0    4  'VSNP'
 *        4    2  format = 1
 *        6    4  group
 *       10    8  index: the newest entry the state holds
 *       18    8  term of that entry
 *       26    8  entry time of that entry, microseconds
 *       34    4  chunk bytes: where chunks were cut (a chunk ends before it passes them; one larger record stands alone)
 *       38    …  configuration in force at that index (core/raft/configuration-bytes.ts)
 *        …    1  number of sections = 5
 *        …    …  per section, in the order of SECTIONS: u64 bytes ‖ u32 chunks ‖ 32 root
 *
 * root = RFC 6962 root over the section's chunks (leaf = the chunk's bytes; no chunk: SHA-256 of nothing). Why a root and not a
 * list: the manifest stays small whatever the state, and every chunk still proves its place with a handful of hashes.
 */
import { Reader } from '../bytes/reader.ts';
import { toUtf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import type { Hasher } from '../capability.ts';
import { verifyInclusion } from '../chain/log-proof.ts';
import { leafHash } from '../chain/merkle-log.ts';
import type { Decoded } from '../errors.ts';
import type { GroupId, LogIndex, Micros, Term } from '../ids.ts';
import { SNAPSHOT_CHUNK_BYTES_MAX, SNAPSHOT_CHUNKS_MAX } from '../limits.ts';
import { readConfiguration, writeConfiguration } from '../raft/configuration-bytes.ts';
import type { Configuration } from '../raft/message.ts';

/** On disk and wire: do not renumber. In the order in which they are written and restored. */
export const Section = { vaults: 0, sessions: 1, directory: 2, leaves: 3, history: 4 } as const;
export type Section = (typeof Section)[keyof typeof Section];
export const SECTIONS: readonly Section[] = [
  Section.vaults,
  Section.sessions,
  Section.directory,
  Section.leaves,
  Section.history,
];

export interface SectionSummary {
  readonly bytes: number;
  readonly chunks: number;
  readonly root: Uint8Array;
}

export interface SnapshotManifest {
  readonly group: GroupId;
  readonly index: LogIndex;
  readonly term: Term;
  readonly time: Micros;
  readonly chunkBytes: number;
  readonly configuration: Configuration;
  /** By section number. */
  readonly sections: readonly SectionSummary[];
}

const MAGIC: Uint8Array = toUtf8('VSNP') as Uint8Array;
const FORMAT = 1;
const HASH_BYTES = 32;

/** Canonical bytes: equal manifests are equal byte strings. */
export function encodeSnapshotManifest(manifest: SnapshotManifest): Uint8Array {
  const writer = new Writer();
  writer.raw(MAGIC);
  writer.u16(FORMAT);
  writer.u32(manifest.group);
  writer.u64(manifest.index);
  writer.u64(manifest.term);
  writer.u64(manifest.time);
  writer.u32(manifest.chunkBytes);
  writeConfiguration(writer, manifest.configuration);
  writer.u8(manifest.sections.length);
  for (const { bytes, chunks, root } of manifest.sections) {
    writer.u64(bytes);
    writer.u32(chunks);
    writer.raw(root);
  }
  return writer.finish();
}

function readSummary(reader: Reader): SectionSummary {
  const bytes = reader.u64();
  const chunks = reader.u32();
  if (chunks > SNAPSHOT_CHUNKS_MAX || bytes > chunks * SNAPSHOT_CHUNK_BYTES_MAX) reader.fail('too_large');
  if (bytes < chunks) reader.fail('bad_value');
  return { bytes, chunks, root: reader.copy(HASH_BYTES) };
}

/** Strict: every section there, a snapshot of some entry. What is returned holds copies. */
export function decodeSnapshotManifest(bytes: Uint8Array): Decoded<SnapshotManifest> {
  const reader = new Reader(bytes);
  const magic = reader.raw(MAGIC.length);
  if (reader.failed === undefined && MAGIC.some((byte, i) => magic[i] !== byte)) reader.fail('bad_tag');
  if (reader.u16() !== FORMAT) reader.fail('bad_version');
  const group = reader.u32() as GroupId;
  const index = reader.u64() as LogIndex;
  const term = reader.u64() as Term;
  const time = reader.u64() as Micros;
  const chunkBytes = reader.u32();
  if (index < 1 || term < 1 || chunkBytes < 1) reader.fail('bad_value');
  const configuration = readConfiguration(reader);
  if (reader.u8() !== SECTIONS.length) reader.fail('bad_length');
  const sections = SECTIONS.map(() => readSummary(reader));
  return reader.finish({ group, index, term, time, chunkBytes, configuration, sections });
}

/** A chunk's leaf in the root of its section. */
export function chunkHash(hasher: Hasher, bytes: Uint8Array): Uint8Array {
  return leafHash(hasher, bytes);
}

/** Whether these bytes are that chunk of the snapshot. Never throws. @param path siblings in the section's tree, nearest first */
export function isChunkOf(
  hasher: Hasher,
  manifest: SnapshotManifest,
  chunk: { readonly section: Section; readonly number: number; readonly bytes: Uint8Array; readonly path: readonly Uint8Array[] },
): boolean {
  const summary = manifest.sections[chunk.section];
  if (summary === undefined) return false;
  const leaf = chunkHash(hasher, chunk.bytes);
  return verifyInclusion(hasher, {
    index: chunk.number,
    size: summary.chunks,
    leafHash: leaf,
    root: summary.root,
    path: chunk.path,
  });
}
