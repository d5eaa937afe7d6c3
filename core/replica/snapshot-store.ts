/**
 * The states in a node's directory: per group the checkpoint, or the fetched snapshot, that a start begins with, and the snapshot
 * that is served to others. The only place that knows which names exist, counting operations on their way.
 */

import type { Hasher } from '../capability.ts';
import { parsePageFileName } from '../checkpoint/file.ts';
import { findCheckpoint, openCheckpoint } from '../checkpoint/open.ts';
import type { DirectoryReader, FileOp } from '../effect.ts';
import { StorageError } from '../errors.ts';
import { type GroupId, INDEX_ZERO, type LogIndex, type Micros } from '../ids.ts';
import type { PageCache } from '../page/cache.ts';
import { writeSuperblock } from '../page/superblock.ts';
import type { SnapshotMeta } from '../raft/message.ts';
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
import type { NewState } from './new-state.ts';
import type { Sealing } from './sealing.ts';

/** A whole snapshot that was read or written in this life of the node. */
export interface HeldSnapshot {
  readonly index: SnapshotIndex;
  readonly manifest: SnapshotManifest;
  readonly manifestBytes: Uint8Array;
}

/** What a group starts from. */
export interface Beginning {
  readonly state: GroupState;
  readonly meta: SnapshotMeta;
}

/** The file that a start begins with. */
interface Base {
  readonly index: LogIndex;
  readonly file: string;
}

/** A file that a start could begin with. */
interface Candidate extends Base {
  /** @returns 'stranger' where the log does not lead there, undefined where it cannot be read */
  readonly open: () => { readonly state: GroupState; readonly meta: SnapshotMeta } | 'stranger' | undefined;
  /** What makes it durable once more. */
  readonly renewal: readonly FileOp[];
}

const SYNC_NAMES: FileOp = { op: 'syncDirectory' };

export class SnapshotStore {
  private readonly reader: DirectoryReader;
  private readonly hasher: Hasher;
  private readonly cache: PageCache;
  private readonly sealing: Pick<Sealing, 'chunks' | 'pagesOf'>;
  private readonly names: Set<string>;
  private readonly held: Map<GroupId, HeldSnapshot> = new Map();
  private readonly bases: Map<GroupId, Base> = new Map();
  /** Page files that a checkpoint was begun in, durable or not yet. */
  private readonly begun: Map<GroupId, string> = new Map();
  private readonly servedAt: Map<GroupId, Micros> = new Map();
  private readonly renewals: FileOp[] = [];

  constructor(reader: DirectoryReader, hasher: Hasher, cache: PageCache, sealing: Pick<Sealing, 'chunks' | 'pagesOf'>) {
    this.reader = reader;
    this.hasher = hasher;
    this.cache = cache;
    this.sealing = sealing;
    this.names = new Set(reader.list().filter((name) => groupOfName(name) !== undefined));
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
    return this.held.get(group);
  }

  /** The log of a group must reach back to here: to what a start begins with; 0 = to its beginning. */
  baseOf(group: GroupId): LogIndex {
    return this.bases.get(group)?.index ?? INDEX_ZERO;
  }

  /** Whether a start begins with a snapshot, and so has to read all of it before it answers anything. */
  beginsWithSnapshot(group: GroupId): boolean {
    const base = this.bases.get(group);
    return base !== undefined && parseSnapshotName(base.file) !== undefined;
  }

  /** The held snapshot of that index, to serve it. */
  find(group: GroupId, index: LogIndex): HeldSnapshot | undefined {
    const held = this.held.get(group);
    return held?.manifest.index === index ? held : undefined;
  }

  served(group: GroupId, now: Micros): void {
    this.servedAt.set(group, now);
  }

  /** Whether somebody fetched from this group's snapshot not longer ago than that. */
  isServing(group: GroupId, now: Micros, micros: number): boolean {
    const at = this.servedAt.get(group);
    return at !== undefined && at + micros > now;
  }

  /** The snapshot is neither offered nor served any more. @returns operations that remove what is of no use now. */
  drop(group: GroupId): readonly FileOp[] {
    this.held.delete(group);
    return this.sweep(group);
  }

  /** A snapshot was written to be served. @returns operations that remove what it replaces. */
  adopt(group: GroupId, held: HeldSnapshot): readonly FileOp[] {
    this.held.set(group, held);
    return this.sweep(group);
  }

  /** A checkpoint is being written to that file, and its state lives there from now on. */
  beginCheckpoint(group: GroupId, file: string): void {
    this.begun.set(group, file);
  }

  /** A checkpoint is durable, and its mark. @returns operations that remove what it replaces. */
  adoptCheckpoint(group: GroupId, base: Base): readonly FileOp[] {
    this.bases.set(group, base);
    return this.sweep(group);
  }

  /** A fetched snapshot is durable, and its mark: no older state leads to the log behind it. */
  adoptFetched(group: GroupId, held: HeldSnapshot): readonly FileOp[] {
    this.held.set(group, held);
    this.begun.delete(group);
    this.bases.set(group, { index: held.manifest.index, file: held.index.file });
    return this.sweep(group);
  }

  /** Removes a group's whole snapshots and page files, but for what is held, what a start begins with, and what is written now. */
  private sweep(group: GroupId): readonly FileOp[] {
    const keep = [this.held.get(group)?.index.file, this.bases.get(group)?.file, this.begun.get(group)];
    const ops: FileOp[] = [];
    for (const name of [...this.names].sort()) {
      const isWhole = parseSnapshotName(name)?.stage !== 'writing' && parseSnapshotName(name)?.stage !== 'fetching';
      if (groupOfName(name) === group && isWhole && !keep.includes(name)) ops.push({ op: 'remove', file: name });
    }
    return ops;
  }

  /**
   * Operations of a start, once every group has begun: what they began with is made durable, then what means nothing is removed, unfinished
   * files and what no log leads to.
   */
  startingSweep(unusable: ReadonlySet<string>): readonly FileOp[] {
    const ops = this.renewals.splice(0);
    for (const name of [...this.names].sort()) {
      if (unusable.has(name) || parseSnapshotName(name)?.stage === 'writing') ops.push({ op: 'remove', file: name });
    }
    return ops;
  }

  /**
   * The newest state on the disk that the group's log continues: a checkpoint, or a snapshot that was fetched.
   * @param newState on pages of a checkpoint, or on a page file to come for what began with that snapshot.
   * @param unusable takes the names of files that are of no use. @returns undefined where there is none, and how many could not be read
   */
  begin(
    group: GroupId,
    log: RecoveredGroup,
    newState: NewState,
    unusable: Set<string>,
  ): { readonly beginning: Beginning | undefined; readonly passedOver: number } {
    const candidates = [...this.checkpoints(group, log, newState, unusable), ...this.snapshots(group, log, newState)];
    candidates.sort((a, b) => b.index - a.index);
    let beginning: Beginning | undefined;
    let passedOver = 0;
    for (const { index, file, open, renewal } of candidates) {
      const opened = beginning === undefined ? open() : 'stranger';
      if (opened !== undefined && opened !== 'stranger') {
        beginning = opened;
        this.bases.set(group, { index, file });
        // Without its mark in the log nobody has said that it is durable: a dead process may have left it in a cache. What stands here counts on it from now on.
        if ((log.snapshot?.index ?? INDEX_ZERO) < index) this.renewals.push(...renewal);
        continue;
      }
      if (opened === undefined) passedOver += 1;
      if (file !== this.held.get(group)?.index.file) unusable.add(file);
    }
    return { beginning, passedOver };
  }

  private *checkpoints(group: GroupId, log: RecoveredGroup, newState: NewState, unusable: Set<string>): Generator<Candidate> {
    for (const file of [...this.names].sort()) {
      const place = parsePageFileName(file);
      if (place?.group !== group) continue;
      const found = findCheckpoint(this.reader, file, group);
      if (found === 'none') {
        unusable.add(file);
        continue;
      }
      const open = (): ReturnType<Candidate['open']> => {
        if (found === 'damaged') return undefined;
        if (!log.continues(found)) return 'stranger';
        return openCheckpoint(this.reader, file, found, (pages) => newState({ kind: 'stored', pages }), {
          cache: this.cache,
          sealer: this.sealing.pagesOf(place),
        });
      };
      if (found === 'damaged') yield { index: INDEX_ZERO, file, open, renewal: [] };
      else yield { index: found.index, file, open, renewal: [...writeSuperblock(file, found), { op: 'sync', file }, SYNC_NAMES] };
    }
  }

  private *snapshots(group: GroupId, log: RecoveredGroup, newState: NewState): Generator<Candidate> {
    for (const file of [...this.names].sort()) {
      const place = parseSnapshotName(file);
      if (place?.group !== group || place.stage !== 'whole') continue;
      const open = (): ReturnType<Candidate['open']> => {
        const held = this.load(file, place);
        // Where the log does not lead there, its mark never became durable, or others took its place.
        if (held !== undefined && !log.continues({ index: place.index, term: held.manifest.term })) return 'stranger';
        const state = held === undefined ? undefined : this.restore(held, newState({ kind: 'new', origin: place.index }));
        if (held === undefined || state === undefined) return undefined;
        const { index, term, configuration } = held.manifest;
        this.held.set(group, held);
        return { state, meta: { index, term, configuration } };
      };
      yield { index: place.index, file, open, renewal: [SYNC_NAMES] };
    }
  }

  private load(name: string, place: SnapshotPlace): HeldSnapshot | undefined {
    try {
      const steps = scanSnapshot(this.hasher, this.reader, name, place, this.sealing.chunks);
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

/** Whose state a file holds, whatever its form; undefined where it holds none. */
function groupOfName(name: string): GroupId | undefined {
  return (parseSnapshotName(name) ?? parsePageFileName(name))?.group;
}
