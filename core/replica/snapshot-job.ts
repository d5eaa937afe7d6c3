/**
 * Writes the state of a group as a snapshot's file, for followers that the log does not reach any more: slice by slice, while the
 * group goes on. Order, each behind the other on the disk: chunks under a temporary name -> manifest, sync, rename, sync of the
 * directory -> (reported durable) -> offered. A crash in front of the rename leaves a name that means nothing.
 */
import { assert, defined } from '../assert.ts';
import type { FileOp } from '../effect.ts';
import type { Seq } from '../ids.ts';
import { SNAPSHOT_WRITE_BYTES_MAX } from '../limits.ts';
import type { SnapshotMeta } from '../raft/message.ts';
import { type BuiltChunk, SnapshotBuilder } from '../snapshot/builder.ts';
import {
  chunkRecord,
  encodeManifestRecord,
  encodeSnapshotHeader,
  SNAPSHOT_HEADER_BYTES,
  type SnapshotPlace,
} from '../snapshot/file.ts';
import { encodeSnapshotManifest } from '../snapshot/manifest.ts';
import { SnapshotIndex } from '../snapshot/snapshot-index.ts';
import type { StateCapture } from '../state/capture.ts';
import type { ReplicaGroup } from './group.ts';
import { Backlog, type SnapshotHost } from './snapshot-host.ts';
import { type HeldSnapshot, heldOf, namesOf } from './snapshot-store.ts';

type Phase = 'building' | 'closing' | 'done';

export class SnapshotJob {
  readonly group: ReplicaGroup;
  private readonly host: SnapshotHost;
  private readonly place: SnapshotPlace;
  private readonly builder: SnapshotBuilder;
  private readonly index: SnapshotIndex;
  private readonly backlog: Backlog = new Backlog();
  private phase: Phase = 'building';
  /** What the present phase waits for. */
  private waitsFor: Seq = 0 as Seq;

  constructor(
    host: SnapshotHost,
    group: ReplicaGroup,
    begun: { readonly capture: StateCapture; readonly meta: SnapshotMeta; readonly isStale: boolean },
  ) {
    this.host = host;
    this.group = group;
    this.place = { group: group.id, index: begun.meta.index };
    this.builder = new SnapshotBuilder(begun.capture, {
      hasher: host.hasher,
      buggify: host.buggify,
      group: group.id,
      term: begun.meta.term,
      configuration: begun.meta.configuration,
      chunkBytes: host.limits.chunkBytes,
      sliceRecords: host.limits.sliceRecords,
    });
    const file = namesOf(this.place).writing;
    this.index = new SnapshotIndex(host.hasher, file, this.place, host.sealer);
    const ops: FileOp[] = begun.isStale ? [{ op: 'remove', file }] : [];
    ops.push({ op: 'create', file, sizeBytes: 0 });
    this.append(encodeSnapshotHeader(this.place), ops);
  }

  /** Whether a slice of work would do something now. */
  get canWork(): boolean {
    return this.phase === 'building' && this.backlog.bytes < SNAPSHOT_WRITE_BYTES_MAX;
  }

  /** Works for one slice. */
  work(): void {
    assert(this.phase === 'building', 'a snapshot that is built is not built on');
    for (const chunk of this.builder.work()) this.chunk(chunk);
    if (this.builder.done) this.close();
  }

  /** Everything up to seq is carried out. @returns the snapshot once it is durable. */
  persisted(seq: Seq): HeldSnapshot | undefined {
    this.backlog.persisted(seq);
    if (this.phase !== 'closing' || seq < this.waitsFor) return undefined;
    this.phase = 'done';
    return defined(heldOf(this.index), 'a snapshot that was written is whole');
  }

  /** Gives up. */
  abandon(): void {
    this.builder.abandon();
    if (this.phase === 'building') this.host.write([{ op: 'remove', file: this.index.file }]);
    this.phase = 'done';
  }

  private chunk({ section, number, hash, bytes }: BuiltChunk): void {
    const { record, stands } = chunkRecord(this.host.sealer, this.place, this.index.end, { section, number, bytes, hash });
    this.append(record, []);
    this.index.note(section, number, stands);
  }

  private append(bytes: Uint8Array, ops: FileOp[]): void {
    ops.push({ op: 'write', file: this.index.file, offset: this.index.end, bytes });
    this.backlog.add(this.host.write(ops), bytes.length);
    this.index.end += bytes.length;
    assert(this.index.end >= SNAPSHOT_HEADER_BYTES, 'records stand behind the header');
  }

  private close(): void {
    const manifest = this.builder.manifest();
    const manifestBytes = encodeSnapshotManifest(manifest);
    const { writing, whole } = namesOf(this.place);
    this.append(encodeManifestRecord(this.place, this.index.end, manifestBytes), []);
    this.index.setManifest(manifest, manifestBytes);
    this.waitsFor = this.host.write([
      { op: 'sync', file: writing },
      { op: 'rename', from: writing, to: whole },
      { op: 'syncDirectory' },
    ]);
    this.index.file = whole;
    this.phase = 'closing';
  }
}
