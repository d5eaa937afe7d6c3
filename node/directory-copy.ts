/**
 * What a start must not take for a crash: files of a directory that was copied in part, or by a newer program. A crash leaves
 * neither, but recovery, which expects crashes only, would cut the one as a torn end and sweep the other away as unreadable.
 */
import { parsePageFileName } from '../core/checkpoint/file.ts';
import type { DirectoryReader } from '../core/effect.ts';
import { StorageError } from '../core/errors.ts';
import { SEGMENT_BYTES } from '../core/limits.ts';
import { isNewerPageFile } from '../core/page/superblock.ts';
import { isNewerSnapshot, parseSnapshotName, SNAPSHOT_HEADER_BYTES } from '../core/snapshot/file.ts';
import { scanSegment } from '../core/wal/scan.ts';
import { segmentId } from '../core/wal/segment.ts';

/** @throws StorageError with a sentence; nothing was changed. */
export function demandWholeFiles(reader: DirectoryReader): void {
  for (const name of reader.list()) {
    const segment = segmentId(name);
    if (segment !== undefined) demandWholeSegment(reader, name, segment);
    if (isNewer(reader, name)) {
      throw new StorageError(
        'newer_format',
        `${name} has a newer format: start this node with a newer Vouch. Nothing was changed.`,
      );
    }
  }
}

function isNewer(reader: DirectoryReader, name: string): boolean {
  if (parsePageFileName(name) !== undefined) return isNewerPageFile(reader, name);
  return parseSnapshotName(name) !== undefined && isNewerSnapshot(reader.read(name, 0, SNAPSHOT_HEADER_BYTES));
}

/** A segment gets its whole length, durably, before a record is written to it: a shorter one with records lost its end since. */
function demandWholeSegment(reader: DirectoryReader, name: string, id: number): void {
  const size = reader.size(name) ?? 0;
  if (size >= SEGMENT_BYTES || scanSegment(id, reader.read(name, 0, size)).found.length === 0) return;
  throw new StorageError(
    'segment_cut',
    `${name} has ${size} bytes, and had ${SEGMENT_BYTES} when it was written: it was not copied whole. Copy the directory again while no node runs on it; if that is lost, add this machine as a new node. Nothing was changed.`,
  );
}
