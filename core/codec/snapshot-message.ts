/**
 * Bytes of a message about a snapshot's data; they share the tags of raft-message.ts. Numbers are big-endian.
 *
 *   TAG NAME           FIELDS
 *   32  snapshotPull   u64 index, hash manifest, u8 section, u32 number
 *   33  snapshotChunk  u64 index, hash manifest, u8 section, u32 number, u8 count, then count hashes; u32 length, chunk
 *   34  snapshotGone   u64 index, hash manifest, u8 section, u32 number
 */
import { assert, unreachable } from '../assert.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { LogIndex } from '../ids.ts';
import { SNAPSHOT_CHUNK_BYTES_MAX, SNAPSHOT_CHUNKS_MAX } from '../limits.ts';
import { SECTIONS, type Section } from '../snapshot/manifest.ts';
import type { SnapshotMessage } from '../snapshot/message.ts';

/** On the wire: do not renumber. */
const Tag = { snapshotPull: 32, snapshotChunk: 33, snapshotGone: 34 } as const;
const HASH_BYTES = 32;
/** Bytes of a message besides the path and the chunk, the largest of all. */
const OVERHEAD_BYTES = 1 + 8 + HASH_BYTES + 1 + 4 + 1 + 4;
/** Hashes in a path: as many as a section's tree is high. */
const PATH_HASHES_MAX = 26;

assert(SNAPSHOT_CHUNKS_MAX <= 2 ** PATH_HASHES_MAX, 'a path reaches the root of the largest section');

/** Whether a tag is one of these messages. */
export function isSnapshotTag(tag: number): boolean {
  return tag >= Tag.snapshotPull && tag <= Tag.snapshotGone;
}

/** An upper bound of what writeSnapshotMessage appends. */
export function snapshotMessageBytesMax(message: SnapshotMessage): number {
  if (message.kind !== 'snapshotChunk') return OVERHEAD_BYTES;
  return OVERHEAD_BYTES + message.path.length * HASH_BYTES + message.bytes.length;
}

export function writeSnapshotMessage(writer: Writer, message: SnapshotMessage): void {
  assert(message.manifestHash.length === HASH_BYTES, 'a hash has 32 bytes');
  writer.u8(Tag[message.kind]);
  writer.u64(message.index);
  writer.raw(message.manifestHash);
  switch (message.kind) {
    case 'snapshotPull':
    case 'snapshotGone':
      writer.u8(message.section);
      return writer.u32(message.number);
    case 'snapshotChunk':
      assert(message.path.length <= PATH_HASHES_MAX && message.bytes.length <= SNAPSHOT_CHUNK_BYTES_MAX, 'a chunk is bounded');
      writer.u8(message.section);
      writer.u32(message.number);
      writer.u8(message.path.length);
      for (const hash of message.path) writer.raw(hash);
      return writer.blob(message.bytes);
    default:
      return unreachable(message);
  }
}

function readSection(reader: Reader): Section {
  const section = reader.u8() as Section;
  if (!SECTIONS.includes(section)) reader.fail('bad_value');
  return section;
}

/** Reads what follows the tag; after a violation the reader has failed. Bytes in the result are copies. */
export function readSnapshotMessage(reader: Reader, tag: number): SnapshotMessage | undefined {
  const index = reader.u64() as LogIndex;
  const manifestHash = reader.copy(HASH_BYTES);
  switch (tag) {
    case Tag.snapshotPull: {
      const section = readSection(reader);
      return { kind: 'snapshotPull', index, manifestHash, section, number: reader.u32() };
    }
    case Tag.snapshotChunk: {
      const section = readSection(reader);
      const number = reader.u32();
      const count = reader.u8();
      if (count > PATH_HASHES_MAX) reader.fail('too_large');
      const path: Uint8Array[] = [];
      for (let i = 0; i < count && reader.failed === undefined; i += 1) path.push(reader.copy(HASH_BYTES));
      return {
        kind: 'snapshotChunk',
        index,
        manifestHash,
        section,
        number,
        path,
        bytes: reader.blobCopy(SNAPSHOT_CHUNK_BYTES_MAX),
      };
    }
    case Tag.snapshotGone: {
      const section = readSection(reader);
      return { kind: 'snapshotGone', index, manifestHash, section, number: reader.u32() };
    }
    default:
      reader.fail('bad_tag');
      return undefined;
  }
}
