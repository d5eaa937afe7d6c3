/** What the jobs that write and fetch snapshots need of the node around them; implemented by snapshots.ts. */
import type { Buggify, Hasher } from '../capability.ts';
import type { DirectoryReader, FileOp } from '../effect.ts';
import type { GroupId, LogIndex, Micros, NodeId, Seq } from '../ids.ts';
import {
  CHECKPOINT_LOG_BYTES,
  CHECKPOINT_PAGE_BYTES,
  CHECKPOINT_REPLAY_BYTES,
  CHECKPOINT_TRAIL_ENTRIES,
  EXPORT_LOG_BYTES_MAX,
  SCRUB_PERIOD_MICROS,
  SNAPSHOT_CHUNK_BYTES,
  SNAPSHOT_PULL_MICROS,
  SNAPSHOT_SERVED_MICROS,
  SNAPSHOT_SLICE_RECORDS,
} from '../limits.ts';
import type { ChunkSealer } from '../snapshot/chunk-sealer.ts';
import type { SnapshotMessage } from '../snapshot/message.ts';
import type { GroupState } from '../state/group-state.ts';

/** Bounds that the simulator draws small. */
export interface SnapshotLimits {
  /** Bytes of the node's log behind which a group writes a checkpoint. */
  readonly checkpointLogBytes: number;
  /** Bytes of its own entries behind which it does. */
  readonly checkpointReplayBytes: number;
  /** Bytes of changed pages in memory at which a group writes a checkpoint however little log that is. */
  readonly checkpointPageBytes: number;
  /** Where chunks are cut. Replicas that differ in it cannot serve each other's fetches. */
  readonly chunkBytes: number;
  /** Records that a snapshot being written or restored reads in one step. */
  readonly sliceRecords: number;
  /** Entries kept in memory behind a checkpoint. */
  readonly trailEntries: number;
  /** How long a chunk that was asked for is waited for, microseconds. */
  readonly pullMicros: number;
  /** Bytes of log that are written while a state is being exported, at most. */
  readonly exportLogBytes: number;
  /** How long a snapshot that is being fetched by others is kept for them, microseconds. */
  readonly servedMicros: number;
  /** In which every page is read once, microseconds; 0 = never. */
  readonly scrubMicros: number;
}

/** The bounds of production, where nothing else is asked for. */
export function snapshotLimits(asked: Partial<SnapshotLimits> = {}): SnapshotLimits {
  return {
    checkpointLogBytes: CHECKPOINT_LOG_BYTES,
    checkpointReplayBytes: CHECKPOINT_REPLAY_BYTES,
    checkpointPageBytes: CHECKPOINT_PAGE_BYTES,
    chunkBytes: SNAPSHOT_CHUNK_BYTES,
    sliceRecords: SNAPSHOT_SLICE_RECORDS,
    trailEntries: CHECKPOINT_TRAIL_ENTRIES,
    exportLogBytes: EXPORT_LOG_BYTES_MAX,
    pullMicros: SNAPSHOT_PULL_MICROS,
    servedMicros: SNAPSHOT_SERVED_MICROS,
    scrubMicros: SCRUB_PERIOD_MICROS,
    ...asked,
  };
}

export interface SnapshotHost {
  readonly self: NodeId;
  readonly reader: DirectoryReader;
  readonly hasher: Hasher;
  readonly buggify: Buggify;
  /** Where this node seals what it writes. */
  readonly sealer: ChunkSealer | undefined;
  readonly limits: SnapshotLimits;
  /** Of the present step. */
  readonly now: () => Micros;
  /** Names a rare branch; nothing where nobody watches. */
  mark(name: string): void;
  /** File operations of this step's persist. @returns the sequence under which they are carried out. */
  write(ops: readonly FileOp[]): Seq;
  send(to: NodeId, group: GroupId, message: SnapshotMessage): void;
  /** A state with nothing applied, to be filled from the snapshot of that index. */
  newState(group: GroupId, origin: LogIndex): GroupState;
}

/** Bytes handed to the disk and not reported yet: what keeps a job from running ahead of it. */
export class Backlog {
  private readonly waiting: { readonly seq: Seq; readonly bytes: number }[] = [];
  bytes: number = 0;

  add(seq: Seq, bytes: number): void {
    this.waiting.push({ seq, bytes });
    this.bytes += bytes;
  }

  persisted(seq: Seq): void {
    for (let head = this.waiting[0]; head !== undefined && head.seq <= seq; head = this.waiting[0]) {
      this.waiting.shift();
      this.bytes -= head.bytes;
    }
  }

  get empty(): boolean {
    return this.waiting.length === 0;
  }
}
