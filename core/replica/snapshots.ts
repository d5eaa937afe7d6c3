/**
 * The snapshots of a node: when a group writes a checkpoint, what is offered and served to peers, what is fetched from them. One
 * checkpoint is written at a time, by the group that holds back the most log; so the log that must be kept is bounded, whatever
 * single groups do.
 */
import { assert } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { FileOp } from '../effect.ts';
import { StorageError } from '../errors.ts';
import { type GroupId, type LogIndex, type Micros, minOf, NEVER, type NodeId, type Seq } from '../ids.ts';
import { SNAPSHOT_FETCHES_MAX } from '../limits.ts';
import type { SnapshotOffer } from '../raft/options.ts';
import type { IncomingSnapshot } from '../raft/ready.ts';
import { decodeSnapshotManifest } from '../snapshot/manifest.ts';
import { nameOf, type SnapshotMessage } from '../snapshot/message.ts';
import type { Wal } from '../wal/wal.ts';
import { CheckpointJob } from './checkpoint-job.ts';
import { FetchJob } from './fetch-job.ts';
import type { ReplicaGroup } from './group.ts';
import type { SnapshotHost } from './snapshot-host.ts';
import { type HeldSnapshot, namesOf, type SnapshotStore } from './snapshot-store.ts';

/** What the replica does for its snapshots. */
export interface SnapshotsOptions {
  readonly host: SnapshotHost;
  readonly store: SnapshotStore;
  readonly wal: Wal;
  /** Ascending by id; empty before the node has started. */
  readonly groups: () => readonly ReplicaGroup[];
  /** Runs something of a group; an invariant that breaks stops the group and nothing else. */
  readonly guarded: (group: ReplicaGroup, work: () => void) => void;
}

export class Snapshots {
  private readonly options: SnapshotsOptions;
  private checkpoint: CheckpointJob | undefined = undefined;
  private readonly fetches: Map<GroupId, FetchJob> = new Map();
  /** Bytes of the log when a group's newest checkpoint began. */
  private readonly coveredBytes: Map<GroupId, number> = new Map();
  /** Groups whose newest checkpoint cannot be read any more. */
  private readonly lost: Set<GroupId> = new Set();
  /** Groups from which a vault was deleted, and up to which entry a checkpoint has to be to know it. */
  private readonly renewals: Map<GroupId, LogIndex> = new Map();
  /** Bytes of the log when it was last asked whose turn it is. */
  private askedAtBytes: number = -1;
  private offers: { readonly group: ReplicaGroup; readonly incoming: IncomingSnapshot }[] = [];

  constructor(options: SnapshotsOptions) {
    this.options = options;
  }

  /** What a follower of the group may be offered. */
  offerOf(group: GroupId): SnapshotOffer | undefined {
    const held = this.options.store.newestOf(group);
    if (held === undefined) return undefined;
    const { index, term, configuration } = held.manifest;
    return { meta: { index, term, configuration }, manifest: held.manifestBytes };
  }

  nextDeadline(): Micros {
    const { host } = this.options;
    if (this.checkpoint?.canWork === true) return host.now();
    let next = NEVER;
    for (const job of this.fetches.values()) {
      if (job.canWork || job.isReady) return host.now();
      next = minOf(next, job.nextDeadline);
    }
    return next;
  }

  /** One slice of what can go on, and what was waited for too long. */
  deadline(): void {
    const { checkpoint } = this;
    if (checkpoint?.canWork === true) this.options.guarded(checkpoint.group, () => checkpoint.work());
    for (const job of [...this.fetches.values()]) this.advance(job);
  }

  /** Everything up to seq is carried out. */
  persisted(seq: Seq): void {
    const { checkpoint } = this;
    if (checkpoint !== undefined) {
      this.options.guarded(checkpoint.group, () => {
        const held = checkpoint.persisted(seq);
        if (held !== undefined) this.checkpointed(checkpoint, held);
      });
    }
    for (const job of [...this.fetches.values()]) {
      this.options.guarded(job.group, () => {
        const held = job.persisted(seq);
        if (held !== undefined) this.installed(job, held);
      });
    }
  }

  /** At the end of a step: drops what has no use any more, and begins a checkpoint where one is due. */
  settle(): void {
    for (const job of [...this.fetches.values()]) this.review(job);
    while (this.offers.length > 0) {
      const offers = this.offers;
      this.offers = [];
      for (const { group, incoming } of offers) this.options.guarded(group, () => this.beginFetch(group, incoming));
    }
    const { checkpoint } = this;
    if (checkpoint?.group.quarantined === true) this.giveUp(checkpoint);
    if (this.checkpoint === undefined) this.beginCheckpoint();
  }

  /** A leader offers a snapshot to one of this node's groups; looked at when the group is done with its step. */
  offered(group: ReplicaGroup, incoming: IncomingSnapshot): void {
    this.offers.push({ group, incoming });
  }

  private beginFetch(group: ReplicaGroup, incoming: IncomingSnapshot): void {
    const { host, store } = this.options;
    const known = this.fetches.get(group.id);
    if (known?.isSealed === true) {
      this.postponed.set(group.id, incoming); // raft counts on it: an offer that is forgotten is never made again
      return;
    }
    if (known !== undefined && equalBytes(known.manifestBytes, incoming.manifest)) {
      this.told.delete(known); // the leader counts on it again: if it fails once more, even in the very next step, it is to hear so
      return known.offeredAgain(incoming.from);
    }
    const decoded = decodeSnapshotManifest(incoming.manifest);
    const { meta } = incoming;
    const isIt =
      decoded.ok && decoded.value.group === group.id && decoded.value.index === meta.index && decoded.value.term === meta.term;
    if (!isIt) {
      host.mark('snapshot.manifest-refused');
      return group.snapshotFailed(host.now(), meta);
    }
    if (known !== undefined) this.drop(known);
    this.removeOtherParts(group.id, meta.index);
    const hasPart = store.has(namesOf({ group: group.id, index: meta.index }).fetching);
    this.fetches.set(group.id, new FetchJob(host, group, incoming, decoded.value, hasPart));
  }

  /**
   * A vault was deleted: a checkpoint without it is written at once, and the older ones go. Their leaves and history of it are noise
   * already; what its commands were answered is not.
   */
  renew(group: ReplicaGroup): void {
    // A node may die before it begins; the next checkpoint is without the vault anyway.
    if (this.options.host.buggify('snapshot.postpone-renewal')) return;
    this.lost.add(group.id);
    this.renewals.set(group.id, group.state.lastApplied);
    this.askedAtBytes = -1;
  }

  /** A peer asks for a chunk, or answers. */
  message(from: NodeId, group: ReplicaGroup, message: SnapshotMessage): void {
    if (message.kind === 'snapshotPull') return this.serve(from, group, message);
    const job = this.fetches.get(group.id);
    if (job !== undefined) this.options.guarded(group, () => job.message(from, message));
  }

  private serve(from: NodeId, group: ReplicaGroup, pull: Extract<SnapshotMessage, { kind: 'snapshotPull' }>): void {
    const { host, store } = this.options;
    const { index, manifestHash, section, number } = pull;
    const held = store.find(group.id, index);
    const isSame = held !== undefined && equalBytes(nameOf(host.hasher, index, held.manifestBytes).manifestHash, manifestHash);
    const bytes = isSame && !host.buggify('snapshot.refuse-pull') ? this.read(group.id, held, section, number) : undefined;
    if (held === undefined || bytes === undefined) {
      return host.send(from, group.id, { kind: 'snapshotGone', index, manifestHash, section, number });
    }
    store.served(group.id, host.now());
    if (host.buggify('snapshot.spoil-chunk')) bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 0x10;
    const path = held.index.pathOf(section, number);
    host.send(from, group.id, { kind: 'snapshotChunk', index, manifestHash, section, number, path, bytes });
  }

  /** A chunk from the disk. Where it is not what was written, the snapshot is given up, and another one written in its place. */
  private read(
    group: GroupId,
    held: HeldSnapshot,
    section: Parameters<HeldSnapshot['index']['read']>[1],
    number: number,
  ): Uint8Array | undefined {
    const { host, store } = this.options;
    if (!held.index.has(section, number)) return undefined;
    let bytes: Uint8Array | undefined;
    try {
      bytes = held.index.read(host.reader, section, number);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
    if (bytes === undefined && store.newestOf(group) === held) {
      host.mark('snapshot.served-file-damaged');
      store.drop(group);
      this.lost.add(group);
      this.askedAtBytes = -1;
    }
    return bytes;
  }

  private advance(job: FetchJob): void {
    this.options.guarded(job.group, () => {
      if (job.canWork) job.work();
      if (this.mayFetch(job)) job.pull();
    });
  }

  /** The first few of them; a job that waits holds no place. */
  private mayFetch(job: FetchJob): boolean {
    let places = SNAPSHOT_FETCHES_MAX;
    for (const other of this.fetches.values()) {
      if (other === job) return true;
      if (other.isFetching) places -= 1;
      if (places === 0) return false;
    }
    return false;
  }

  /** Ends a job that failed or was overtaken, and installs one that is ready. */
  private review(job: FetchJob): void {
    const { host, guarded } = this.options;
    if (job.isSealed) return;
    const { group, meta } = job;
    if (!group.canInstall(meta.index)) {
      host.mark('snapshot.fetch-overtaken');
      return this.drop(job);
    }
    if (job.failure === 'unusable') {
      this.drop(job);
      return guarded(group, () => group.snapshotFailed(host.now(), meta));
    }
    if (job.failure === 'gone' && !this.told.has(job)) {
      this.told.add(job);
      return guarded(group, () => group.snapshotFailed(host.now(), meta));
    }
    if (!job.isReady) return;
    host.mark('snapshot.installed');
    if (this.checkpoint?.group === group) this.giveUp(this.checkpoint);
    guarded(group, () => job.install());
  }

  /** Offers that came while an earlier snapshot was on its last way to the disk. */
  private readonly postponed: Map<GroupId, IncomingSnapshot> = new Map();

  /** Jobs whose leader knows that nobody has the snapshot. */
  private readonly told: Set<FetchJob> = new Set();

  private drop(job: FetchJob): void {
    this.told.delete(job);
    this.fetches.delete(job.group.id);
    job.abandon();
  }

  /** What was fetched of other snapshots of the group is of no use. */
  private removeOtherParts(group: GroupId, index: LogIndex): void {
    const { host, store } = this.options;
    const ops: FileOp[] = [];
    for (const part of store.partsOf(group)) if (part.index !== index) ops.push({ op: 'remove', file: namesOf(part).fetching });
    if (ops.length > 0) host.write(ops);
  }

  private installed(job: FetchJob, held: HeldSnapshot): void {
    const { host, store, wal } = this.options;
    this.fetches.delete(job.group.id);
    const next = this.postponed.get(job.group.id);
    if (next !== undefined && this.postponed.delete(job.group.id)) this.offered(job.group, next);
    const ops = store.adoptFetched(job.group.id, held);
    if (ops.length > 0) host.write(ops);
    wal.keepBehind(job.group.id, held.manifest.index);
    this.coveredBytes.set(job.group.id, wal.writtenBytes);
  }

  private checkpointed(job: CheckpointJob, held: HeldSnapshot): void {
    const { host, store, wal } = this.options;
    const { id } = job.group;
    this.checkpoint = undefined;
    this.remove(store.adopt(id, held));
    const renewal = this.renewals.get(id);
    const isRenewed = renewal !== undefined && held.manifest.index >= renewal;
    if (renewal === undefined || isRenewed) this.lost.delete(id);
    if (isRenewed) {
      this.renewals.delete(id);
      this.remove(store.keepNewestOnly(id));
    }
    host.mark('snapshot.checkpoint-written');
    wal.keepBehind(id, store.keepOf(id));
    job.group.checkpointed(held.manifest.index, host.limits.trailEntries);
  }

  /** Carries removals out; the store has to hear of them before it is asked for others. */
  private remove(ops: readonly FileOp[]): void {
    if (ops.length > 0) this.options.host.write(ops);
  }

  private giveUp(job: CheckpointJob): void {
    this.options.host.mark('snapshot.checkpoint-given-up');
    this.checkpoint = undefined;
    job.abandon();
  }

  /** Log behind which a group has no checkpoint, bytes. */
  private lag(group: ReplicaGroup): number {
    const { store, wal, host } = this.options;
    if (group.quarantined || group.state.lastApplied === 0 || this.fetches.has(group.id)) return 0;
    if (group.state.gone.shreddedCount > 0) return 0; // a deletion is on its way: until then this state is less than others'
    if (this.lost.has(group.id)) return Number.POSITIVE_INFINITY;
    const newest = store.newestOf(group.id);
    if (newest !== undefined && newest.manifest.index >= group.state.lastApplied) return 0;
    if (store.isServing(group.id, host.now(), host.limits.servedMicros)) return 0;
    return wal.writtenBytes - (this.coveredBytes.get(group.id) ?? 0);
  }

  /**
   * A group in which nothing happens must not hold back the log of all others: once as much log as a checkpoint is worth has been
   * written without an entry of its own, it keeps its newest snapshot only, and no older one to fall back to.
   */
  private letGo(group: ReplicaGroup): void {
    const { store, wal, host } = this.options;
    const newest = store.newestOf(group.id)?.manifest.index;
    if (newest === undefined || newest < group.state.lastApplied || store.keepOf(group.id) >= newest) return;
    if (wal.writtenBytes - (this.coveredBytes.get(group.id) ?? 0) <= host.limits.checkpointLogBytes) return;
    host.mark('snapshot.idle-group-lets-go');
    const ops = store.keepNewestOnly(group.id);
    if (ops.length > 0) host.write(ops);
    wal.keepBehind(group.id, newest);
  }

  private beginCheckpoint(): void {
    const { host, store, wal, groups } = this.options;
    // Asked once every sixteenth of the way: with thousands of groups the question costs more than a step.
    const { writtenBytes } = wal;
    if (this.askedAtBytes >= 0 && writtenBytes - this.askedAtBytes < host.limits.checkpointLogBytes / 16) return;
    this.askedAtBytes = writtenBytes;
    let next: ReplicaGroup | undefined;
    let most = host.limits.checkpointLogBytes;
    for (const group of groups()) {
      this.letGo(group);
      const lag = this.lag(group);
      if (lag <= most) continue;
      most = lag;
      next = group;
    }
    if (next === undefined) return;
    const group = next;
    this.options.guarded(group, () => {
      const { capture, meta } = group.beginCheckpoint();
      const isStale = store.has(namesOf({ group: group.id, index: meta.index }).writing);
      this.coveredBytes.set(group.id, writtenBytes);
      this.checkpoint = new CheckpointJob(host, group, { capture, meta, isStale });
      assert(this.checkpoint.canWork, 'a checkpoint begins with work');
    });
  }
}
