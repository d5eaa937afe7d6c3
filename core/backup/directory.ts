/**
 * The data directory that a restored cluster begins with, as file operations in batches that fit into memory: each group's
 * snapshot as a checkpoint, a log that says it is there, the manifest. IDENTITY, which makes the directory a node's, is written by
 * whoever carries these out, behind everything else: a directory that a crash left behind is nobody's.
 */
import { assert, defined } from '../assert.ts';
import type { Hasher } from '../capability.ts';
import type { DirectoryReader, FileOp } from '../effect.ts';
import type { GroupId } from '../ids.ts';
import { SNAPSHOT_WRITE_BYTES_MAX } from '../limits.ts';
import { writeManifest } from '../replica/directory.ts';
import { newGroupState } from '../replica/new-state.ts';
import type { Sealing } from '../replica/sealing.ts';
import type { ChunkSealer } from '../snapshot/chunk-sealer.ts';
import { chunkRecord, encodeManifestRecord, encodeSnapshotHeader, snapshotName } from '../snapshot/file.ts';
import { chunkHash, encodeSnapshotManifest, SECTIONS } from '../snapshot/manifest.ts';
import { restoreState } from '../snapshot/restore.ts';
import type { WalRecord } from '../wal/record.ts';
import { recoverWal } from '../wal/recover.ts';
import { type RefoundedGroup, type Refounding, refoundedGroup, refoundedManifest } from './refound.ts';
import type { VerifiedBackup } from './verify.ts';

const NOTHING: DirectoryReader = { list: () => [], size: () => undefined, read: () => new Uint8Array(0) };

export interface Restoring {
  readonly refounding: Refounding;
  readonly hasher: Hasher;
  /** Of the directory, which has a key file already; undefined: it is to be in clear. */
  readonly sealing?: Pick<Sealing, 'chunks' | 'takeOps'> | undefined;
}

/** Batches to be carried out in order, each before the next is asked for. */
export function* restoredDirectory(
  backup: VerifiedBackup,
  { refounding, hasher, sealing }: Restoring,
): Generator<readonly FileOp[], void> {
  const manifest = refoundedManifest(backup, refounding);
  const records: WalRecord[] = [];
  for (const { group } of backup.groups) {
    const part = defined(
      backup.contents.parts.find((each) => each.group === group),
      'a verified group is in the backup',
    );
    const refounded = refoundedGroup(part, backup, refounding, hasher);
    // Its directory is another one than was verified: what a start would refuse is better found now.
    if (refounded.chunks !== part.chunks) demandRestorable(group, refounded, manifest, hasher);
    yield* checkpointOf(refounded, hasher, sealing?.chunks);
    yield sealing?.takeOps() ?? [];
    records.push(...beginningOf(refounded));
  }
  yield [{ op: 'syncDirectory' }];
  const { wal, repairs } = recoverWal(NOTHING); // a log that begins
  yield [...repairs, ...wal.plan(records)];
  yield writeManifest(manifest, false);
}

function demandRestorable(
  group: GroupId,
  { manifest, chunks }: RefoundedGroup,
  founding: Parameters<typeof newGroupState>[1],
  hasher: Hasher,
): void {
  const steps = restoreState(hasher, manifest, chunks, newGroupState(group, founding, { hasher }));
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  assert(step.value === undefined, 'what was made of a whole backup can be restored');
}

/** The snapshot's file, in batches. */
function* checkpointOf(
  { manifest, chunks }: RefoundedGroup,
  hasher: Hasher,
  sealer: ChunkSealer | undefined,
): Generator<readonly FileOp[], void> {
  const file = snapshotName(manifest);
  let end = 0;
  let batch: FileOp[] = [{ op: 'create', file, sizeBytes: 0 }];
  let batchBytes = 0;
  const append = (bytes: Uint8Array): void => {
    batch.push({ op: 'write', file, offset: end, bytes });
    end += bytes.length;
    batchBytes += bytes.length;
  };
  append(encodeSnapshotHeader(manifest));
  for (const section of SECTIONS) {
    const count = manifest.sections[section]?.chunks ?? 0;
    for (let number = 0; number < count; number += 1) {
      const bytes = defined(chunks.chunk(section, number), 'the chunks of a verified backup are there');
      const chunk = { section, number, bytes, hash: chunkHash(hasher, bytes) };
      append(chunkRecord(sealer, manifest, end, chunk).record);
      if (batchBytes < SNAPSHOT_WRITE_BYTES_MAX) continue;
      yield batch;
      batch = [];
      batchBytes = 0;
    }
  }
  append(encodeManifestRecord(manifest, end, encodeSnapshotManifest(manifest)));
  yield [...batch, { op: 'sync', file }];
}

/** What the log says of it: nobody has been voted for, and everything up to the snapshot is committed. */
function beginningOf({ manifest: { group, index, term } }: RefoundedGroup): readonly WalRecord[] {
  return [
    { group, kind: 'hardState', hardState: { term, votedFor: undefined, commitIndex: index } },
    { group, kind: 'snapshotMark', index, term, log: 'restarts' },
  ];
}
