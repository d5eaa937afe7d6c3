/**
 * The snapshots in a node's directory: per group the newest, which is served and recovered from, and the one before, which is
 * there in case the newest cannot be read. The only place that knows which names exist, counting operations on their way.
 */

import { defined } from '../assert.ts';
import type { Hasher } from '../capability.ts';
import type { DirectoryReader, FileOp } from '../effect.ts';
import { StorageError } from '../errors.ts';
import type { GroupId, LogIndex, Micros } from '../ids.ts';
import type { ChunkSealer } from '../snapshot/chunk-sealer.ts';
import {
  FETCHING_SUFFIX,
  parseSnapshotName,
  type SnapshotPlace,
  scanSnapshot,
  snapshotName,
  WRITING_SUFFIX,
} from '../snapshot/file.ts';
import type { SnapshotManifest } from '../snapshot/manifest.ts';
import { restoreState } from '../snapshot/restore.ts';
import type { SnapshotIndex } from '../snapshot/snapshot-index.ts';
import type { GroupState } from '../state/group-state.ts';
import type { RecoveredGroup } from '../wal/group-log.ts';

/** A whole snapshot that was read or written in this life of the node. */
export interface HeldSnapshot {
  readonly index: SnapshotIndex;
  readonly manifest: SnapshotManifest;
  readonly manifestBytes: Uint8Array;
}

/** What a group starts from. */
export interface Beginning {
  readonly state: GroupState;
  readonly held: HeldSnapshot;
  /** Snapshots that could not be used had to be passed over. */
  readonly passedOver: number;
}

export class SnapshotStore {
  private readonly reader: DirectoryReader;
  private readonly hasher: Hasher;
  private readonly sealer: ChunkSealer | undefined;
  private readonly names: Set<string>;
  private readonly newest: Map<GroupId, HeldSnapshot> = new Map();
  /** Index of the snapshot before the newest one, and, where it was written in this life, what is in it. */
  private readonly previous: Map<GroupId, { readonly index: LogIndex; readonly held: HeldSnapshot | undefined }> = new Map();
  private readonly servedAt: Map<GroupId, Micros> = new Map();

  constructor(reader: DirectoryReader, hasher: Hasher, sealer?: ChunkSealer) {
    this.reader = reader;
    this.hasher = hasher;
    this.sealer = sealer;
    this.names = new Set(reader.list().filter((name) => parseSnapshotName(name) !== undefined));
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  /** Notes operations that are on their way. */
  noted(ops: readonly FileOp[]): void {
    for (const op of ops) {
      if (op.op === 'create') this.names.add(op.file);
      if (op.op === 'remove' || op.op === 'rename') this.names.delete(op.op === 'remove' ? op.file : op.from);
      if (op.op === 'rename') this.names.add(op.to);
    }
  }

  /** Snapshots of a group that are being fetched, or were when the node stopped. */
  partsOf(group: GroupId): readonly SnapshotPlace[] {
    const places = [...this.names].sort().map((name) => parseSnapshotName(name));
    return places.filter(
      (place) => place !== undefined && place.group === group && place.stage === 'fetching',
    ) as SnapshotPlace[];
  }

  /** The snapshot to offer and to serve. */
  newestOf(group: GroupId): HeldSnapshot | undefined {
    return this.newest.get(group);
  }

  /** The log of a group must reach back to here: to the snapshot before the newest one; 0 = to its beginning. */
  keepOf(group: GroupId): LogIndex {
    return this.previous.get(group)?.index ?? (0 as LogIndex);
  }

  /** Any held snapshot of that index, to serve it. */
  find(group: GroupId, index: LogIndex): HeldSnapshot | undefined {
    const newest = this.newest.get(group);
    if (newest?.manifest.index === index) return newest;
    const previous = this.previous.get(group);
    return previous?.index === index ? previous.held : undefined;
  }

  served(group: GroupId, now: Micros): void {
    this.servedAt.set(group, now);
  }

  /** Whether somebody fetched from this group's snapshots not longer ago than that. */
  isServing(group: GroupId, now: Micros, micros: number): boolean {
    const at = this.servedAt.get(group);
    return at !== undefined && at + micros > now;
  }

  /** The newest snapshot turned out to be unreadable: it is neither offered nor served any more. */
  drop(group: GroupId): void {
    this.newest.delete(group);
  }

  /** A checkpoint is durable, and its mark. @returns operations that remove what it replaces. */
  adopt(group: GroupId, held: HeldSnapshot): readonly FileOp[] {
    const newest = this.newest.get(group);
    const { index } = held.manifest;
    if (newest !== undefined && newest.manifest.index < index)
      this.previous.set(group, { index: newest.manifest.index, held: newest });
    this.newest.set(group, held);
    return this.sweep(group, index);
  }

  /** A fetched snapshot is durable, and its mark: no older one leads to the log behind it. */
  adoptFetched(group: GroupId, held: HeldSnapshot): readonly FileOp[] {
    this.newest.set(group, held);
    this.previous.set(group, { index: held.manifest.index, held: undefined });
    return this.sweep(group, held.manifest.index);
  }

  /** The log is to begin behind the newest snapshot. @returns operations that remove the one before. */
  keepNewestOnly(group: GroupId): readonly FileOp[] {
    const newest = defined(this.newest.get(group), 'a group that lets go has a snapshot').manifest.index;
    this.previous.set(group, { index: newest, held: undefined });
    return this.sweep(group, newest);
  }

  /** Removes a group's whole snapshots but the newest two. */
  private sweep(group: GroupId, newest: LogIndex): readonly FileOp[] {
    const keep = [newest, this.keepOf(group)];
    const ops: FileOp[] = [];
    for (const name of [...this.names].sort()) {
      const place = parseSnapshotName(name);
      if (place?.group === group && place.stage === 'whole' && !keep.includes(place.index))
        ops.push({ op: 'remove', file: name });
    }
    return ops;
  }

  /** Operations that remove what means nothing at the start of a node: unfinished checkpoints, and what no log leads to. */
  startingSweep(unusable: ReadonlySet<string>): readonly FileOp[] {
    const ops: FileOp[] = [];
    for (const name of [...this.names].sort()) {
      if (unusable.has(name) || parseSnapshotName(name)?.stage === 'writing') ops.push({ op: 'remove', file: name });
    }
    return ops;
  }

  /**
   * The newest whole snapshot that the group's log continues, restored.
   * @param unusable takes the names of those that are none. @returns undefined where there is none.
   */
  begin(group: GroupId, log: RecoveredGroup, newState: () => GroupState, unusable: Set<string>): Beginning | undefined {
    const places = [...this.names]
      .sort()
      .reverse()
      .map((name) => ({ name, place: parseSnapshotName(name) }))
      .filter(({ place }) => place?.group === group && place.stage === 'whole');
    let beginning: Beginning | undefined;
    let passedOver = 0;
    for (const { name, place } of places) {
      const { index } = place as SnapshotPlace;
      if (beginning !== undefined) {
        this.previous.set(group, { index, held: undefined });
        return beginning;
      }
      const held = this.load(name, place as SnapshotPlace);
      if (held !== undefined && !log.continues({ index, term: held.manifest.term })) {
        unusable.add(name); // the log does not lead there: its mark never became durable, or others took its place
        continue;
      }
      const state = held === undefined ? undefined : this.restore(held, newState());
      if (held === undefined || state === undefined) {
        unusable.add(name);
        passedOver += 1;
        continue;
      }
      this.newest.set(group, held);
      beginning = { state, held, passedOver };
    }
    if (beginning !== undefined && !log.isComplete) {
      const { index } = beginning.held.manifest;
      this.previous.set(group, { index, held: undefined }); // nothing older is left to fall back to
    }
    return beginning;
  }

  private load(name: string, place: SnapshotPlace): HeldSnapshot | undefined {
    try {
      const steps = scanSnapshot(this.hasher, this.reader, name, place, this.sealer);
      let step = steps.next();
      while (step.done !== true) step = steps.next();
      return step.value === undefined ? undefined : heldOf(step.value);
    } catch (error) {
      if (error instanceof StorageError) return undefined;
      throw error;
    }
  }

  private restore(held: HeldSnapshot, state: GroupState): GroupState | undefined {
    try {
      const steps = restoreState(this.hasher, held.manifest, held.index.source(this.reader), state);
      let step = steps.next();
      while (step.done !== true) step = steps.next();
      return step.value === undefined ? state : undefined;
    } catch (error) {
      if (error instanceof StorageError) return undefined;
      throw error;
    }
  }
}

/** A whole snapshot, or undefined where something of it is missing. */
export function heldOf(index: SnapshotIndex): HeldSnapshot | undefined {
  const { manifest, manifestBytes } = index;
  if (manifest === undefined || manifestBytes === undefined || !index.isWhole()) return undefined;
  return { index, manifest, manifestBytes };
}

/** Names of one snapshot: whole, while it is written, while it is fetched. */
export function namesOf(place: SnapshotPlace): { readonly whole: string; readonly writing: string; readonly fetching: string } {
  const whole = snapshotName(place);
  return { whole, writing: whole + WRITING_SUFFIX, fetching: whole + FETCHING_SUFFIX };
}
