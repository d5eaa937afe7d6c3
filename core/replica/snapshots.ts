/**
 * The states of a node's groups on its disk: when a group writes a checkpoint, what is offered and served to peers, what is fetched
 * from them. One file is written at a time: a snapshot where a peer waits for one, else a checkpoint by the group that holds back
 * the most log; so the log that must be kept is bounded, whatever single groups do.
 */
import { assert } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Checkpoint } from '../checkpoint/checkpoint.ts';
import { OrphanSweep } from '../checkpoint/orphans.ts';
import { Scrub, type ScrubCounts } from '../checkpoint/scrub.ts';
import type { FileOp } from '../effect.ts';
import { StorageError } from '../errors.ts';
import { type GroupId, type LogIndex, type Micros, minOf, type NodeId, plus, type Seq } from '../ids.ts';
import { SNAPSHOT_FETCHES_MAX } from '../limits.ts';
import { encodeConfiguration } from '../raft/configuration-bytes.ts';
import type { SnapshotMeta } from '../raft/message.ts';
import type { SnapshotOffer } from '../raft/options.ts';
import type { IncomingSnapshot } from '../raft/ready.ts';
import { decodeSnapshotManifest } from '../snapshot/manifest.ts';
import { nameOf, type SnapshotMessage } from '../snapshot/message.ts';
import type { Wal } from '../wal/wal.ts';
import { FetchJob } from './fetch-job.ts';
import type { ReplicaGroup } from './group.ts';
import type { SnapshotHost } from './snapshot-host.ts';
import { SnapshotJob } from './snapshot-job.ts';
import { type HeldSnapshot, namesOf, type SnapshotStore } from './snapshot-store.ts';

/** What the replica does for its snapshots. */
export interface SnapshotsOptions {
  readonly host: SnapshotHost;
  readonly store: SnapshotStore;
  readonly wal: Wal;
  /** Ascending by id; empty before the node has started. */
  readonly groups: () => readonly ReplicaGroup[];
  readonly group: (id: GroupId) => ReplicaGroup | undefined;
  /** Runs something of a group; an invariant that breaks stops the group and nothing else. */
  readonly guarded: (group: ReplicaGroup, work: () => void) => void;
}

export class Snapshots {
  private readonly options: SnapshotsOptions;
  private checkpoint: Checkpoint | undefined = undefined;
  private snapshot: SnapshotJob | undefined = undefined;
  private readonly fetches: Map<GroupId, FetchJob> = new Map();
  /** Bytes of the log when a group's newest checkpoint began. */
  private readonly coveredBytes: Map<GroupId, number> = new Map();
  /** Groups of which a peer needs a snapshot that is not there. */
  private readonly wanted: Set<GroupId> = new Set();
  /** Groups from which a vault was deleted, and up to which entry a checkpoint has to be to know it. */
  private readonly renewals: Map<GroupId, LogIndex> = new Map();
  /** Looking for pages of vaults that are not there any more. */
  private readonly orphans: Map<GroupId, OrphanSweep> = new Map();
  /** Bytes of the log when it was last asked whose turn it is. */
  private askedAtBytes: number = -1;
  private offers: { readonly group: ReplicaGroup; readonly incoming: IncomingSnapshot }[] = [];

  private readonly scrub: Scrub;

  constructor(options: SnapshotsOptions) {
    this.options = options;
    const { host, groups, group, guarded } = options;
    const { now } = host;
    const write = (ops: readonly FileOp[]): void => void host.write(ops);
    const mark = (name: string): void => host.mark(name);
    this.scrub = new Scrub({ now, mark, write, group, groups, guarded }, host.limits.scrubMicros);
  }

  /** The groups are up. */
  started(): void {
    this.scrub.grown();
    // A sweep that a crash ended begins again.
    for (const group of this.options.groups()) {
      if (group.state.gone.hasAny) this.orphans.set(group.id, new OrphanSweep(group));
    }
  }

  private sweep(id: GroupId, sweep: OrphanSweep): void {
    if (sweep.isOver) this.orphans.delete(id);
    else this.options.guarded(sweep.group, () => sweep.work());
    if (sweep.group.quarantined) this.orphans.delete(id);
  }

  /** What the scrubs have found. */
  get scrubbed(): ScrubCounts {
    return this.scrub.counts;
  }

  /** What a follower of the group may be offered. Where there is nothing that the log goes on from, it is written: raft asks again. */
  offerOf(id: GroupId): SnapshotOffer | undefined {
    const held = this.options.store.newestOf(id);
    const group = this.options.group(id);
    if (group?.divergence.hasIsolated === true) return undefined; // what is wrong here does not travel
    if (held === undefined || group === undefined || held.manifest.index < group.raft.baseIndex) {
      this.wanted.add(id);
      return undefined;
    }
    const { index, term, configuration } = held.manifest;
    return { meta: { index, term, configuration }, manifest: held.manifestBytes };
  }

  nextDeadline(): Micros {
    const { host } = this.options;
    if (this.writing?.canWork === true || this.orphans.size > 0) return host.now();
    let next = this.scrub.nextDeadline;
    for (const job of this.fetches.values()) {
      if (job.canWork || job.isReady) return host.now();
      next = minOf(next, job.nextDeadline);
    }
    return next;
  }

  private get writing(): Checkpoint | SnapshotJob | undefined {
    return this.checkpoint ?? this.snapshot;
  }

  /** One slice of what can go on, and what was waited for too long. */
  deadline(): void {
    const { writing } = this;
    if (writing?.canWork === true) this.options.guarded(writing.group, () => writing.work());
    for (const job of [...this.fetches.values()]) this.advance(job);
    this.scrub.deadline();
    for (const [id, sweep] of this.orphans) this.sweep(id, sweep);
  }

  /** Everything up to seq is carried out. */
  persisted(seq: Seq): void {
    const { checkpoint, snapshot } = this;
    if (checkpoint !== undefined) {
      this.options.guarded(checkpoint.group, () => {
        if (checkpoint.persisted(seq)) this.checkpointed(checkpoint);
      });
    }
    if (snapshot !== undefined) {
      this.options.guarded(snapshot.group, () => {
        const held = snapshot.persisted(seq);
        if (held !== undefined) this.snapshotWritten(snapshot, held);
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
    if (this.writing?.group.quarantined === true) this.giveUp();
    if (this.writing === undefined) this.beginSnapshot();
    if (this.writing === undefined) this.beginCheckpoint();
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
    this.fetches.set(group.id, new FetchJob(host, group, incoming, { manifest: decoded.value, hasPart, purpose: 'install' }));
  }

  /** As leader: a snapshot for a node that rebuilds. Where there is none that ends so late, it is written: the node asks again. */
  copyFor(id: GroupId, above: LogIndex): SnapshotOffer | undefined {
    const held = this.options.store.newestOf(id);
    if (held === undefined || held.manifest.index < above) {
      this.wanted.add(id);
      return undefined;
    }
    this.options.store.served(id, this.options.host.now()); // it is kept until the chunks are asked for
    const { index, term, configuration } = held.manifest;
    return { meta: { index, term, configuration }, manifest: held.manifestBytes };
  }

  /** A copy for a group that rebuilds. @returns whether it is of use now: then it is fetched, and takes the state's place */
  beginRebuild(group: ReplicaGroup, from: NodeId, manifest: Uint8Array): boolean {
    const { host, store } = this.options;
    const decoded = decodeSnapshotManifest(manifest);
    if (!decoded.ok || decoded.value.group !== group.id || this.fetches.has(group.id)) return false;
    const { index, term, configuration } = decoded.value;
    const meta = { index, term, configuration };
    const place = { group: group.id, index };
    // A checkpoint that ends while this one is fetched would have more than it.
    if (this.writing?.group === group || !this.canRebuild(group, meta)) return false;
    if (index === store.baseOf(group.id) && store.has(namesOf(place).whole)) return false;
    const ops = store.drop(group.id); // it may hold what is to be replaced
    if (ops.length > 0) host.write(ops);
    this.removeOtherParts(group.id, index);
    const hasPart = store.has(namesOf(place).fetching);
    const begun = { manifest: decoded.value, hasPart, purpose: 'rebuild' } as const;
    this.fetches.set(group.id, new FetchJob(host, group, { from, meta, manifest }, begun));
    return true;
  }

  /** Whether it is of this node's log, and that leads from that place to where the group's state is, here and on the disk. */
  private canRebuild({ id, quarantined, raft, state }: ReplicaGroup, { index, term, configuration }: SnapshotMeta): boolean {
    if (quarantined || raft.role === 'leader' || index > state.lastApplied) return false;
    if (index < raft.baseIndex || index < this.options.store.baseOf(id)) return false;
    const own = raft.snapshotMeta(index);
    return own.term === term && equalBytes(encodeConfiguration(own.configuration), encodeConfiguration(configuration));
  }

  /**
   * A vault was deleted: a checkpoint without it is written at once, and snapshots of before go. Their leaves and history of it are
   * noise already; what its commands were answered is not. Its pages are given back a few at a time.
   */
  vaultDeleted(group: ReplicaGroup): void {
    const { host, store } = this.options;
    if (this.snapshot?.group === group) this.giveUp(); // it may read pages of the vault that nobody can open any more
    const ops = store.drop(group.id);
    if (ops.length > 0) host.write(ops);
    this.orphans.set(group.id, new OrphanSweep(group));
    // A node may die before it begins; the next checkpoint is without the vault anyway.
    if (host.buggify('snapshot.postpone-renewal')) return;
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
      const ops = store.drop(group);
      if (ops.length > 0) host.write(ops);
      this.wanted.add(group);
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
    const isWanted = job.purpose === 'install' ? group.canInstall(meta.index) : this.canRebuild(group, meta);
    if (!isWanted) {
      host.mark('snapshot.fetch-overtaken');
      return this.drop(job);
    }
    if (job.failure !== undefined && job.purpose === 'rebuild') return this.drop(job);
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
    if (this.writing?.group === group) this.giveUp();
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
    if (job.purpose === 'rebuild')
      job.group.divergence.rebuildFailed(this.options.host.now(), `of its copy (${job.failure ?? 'overtaken'})`);
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
    this.askedAtBytes = -1; // a checkpoint takes its place: until then each start reads all of it
    if (job.group.quarantined) job.group.healed(host.now());
  }

  /** A group's snapshot is too old for somebody: the next one is written now. */
  renew(group: ReplicaGroup): void {
    this.wanted.add(group.id);
  }

  /** Whether a snapshot of the group is on its way here. */
  isFetching(group: GroupId): boolean {
    const job = this.fetches.get(group);
    return job !== undefined && job.failure === undefined;
  }

  private checkpointed(job: Checkpoint): void {
    const { host, store, wal } = this.options;
    const { group, index, file } = job;
    this.checkpoint = undefined;
    this.askedAtBytes = -1; // another group may have waited for its turn
    if ((this.renewals.get(group.id) ?? index) <= index) this.renewals.delete(group.id);
    host.mark('checkpoint.written');
    this.scrub.grown();
    const ops = store.adoptCheckpoint(group.id, { index, file });
    if (ops.length > 0) host.write(ops);
    wal.keepBehind(group.id, index);
    this.compact(group, index);
  }

  /** Entries that a checkpoint has go from memory, but for a trail, and for what goes on from a snapshot that is being fetched. */
  private compact(group: ReplicaGroup, index: LogIndex): void {
    const { host, store } = this.options;
    const behind = plus(index, -host.limits.trailEntries);
    const held = store.newestOf(group.id);
    const isServing = held !== undefined && store.isServing(group.id, host.now(), host.limits.servedMicros);
    const upTo = isServing ? minOf(behind, held.manifest.index) : behind;
    if (upTo > 0) group.raft.compactTo(upTo);
    if (held === undefined || isServing || held.manifest.index >= group.raft.baseIndex) return;
    const ops = store.drop(group.id);
    if (ops.length > 0) host.write(ops);
  }

  private snapshotWritten(job: SnapshotJob, held: HeldSnapshot): void {
    const { host, store } = this.options;
    const { id } = job.group;
    this.snapshot = undefined;
    this.wanted.delete(id);
    host.mark('snapshot.written');
    store.served(id, host.now()); // whoever waits for it has time to hear of it
    const ops = store.adopt(id, held);
    if (ops.length > 0) host.write(ops);
  }

  private giveUp(): void {
    this.options.host.mark(this.checkpoint === undefined ? 'snapshot.given-up' : 'checkpoint.given-up');
    this.writing?.abandon();
    this.checkpoint = undefined;
    this.snapshot = undefined;
  }

  /** Log behind which a group has no checkpoint, bytes; or, where that is more urgent, what of it is in memory alone. */
  private lag(group: ReplicaGroup): number {
    const { store, wal, host } = this.options;
    if (group.quarantined || this.fetches.has(group.id)) return 0;
    const isOnlySnapshot = store.beginsWithSnapshot(group.id);
    if (store.baseOf(group.id) >= group.state.lastApplied && !isOnlySnapshot) return 0;
    if (group.state.gone.shreddedCount > 0) return 0; // a deletion is on its way: until then this state is less than others'
    if (group.state.isCaptured) return 0; // an export reads it; its turn comes when that has ended
    const { backing } = group.state.pages;
    if (backing === undefined) return 0;
    if (this.renewals.has(group.id) || isOnlySnapshot) return Number.POSITIVE_INFINITY;
    const freshBytes = backing.trees.freshCount * backing.trees.pageBytes;
    if (freshBytes > host.limits.checkpointPageBytes) return Number.POSITIVE_INFINITY;
    // A part of what may be applied again counts as the same part of the log that may stand behind it: whoever is furthest is next.
    // It is at least what it weighs in the log, of which this life has not written all.
    const { checkpointLogBytes, checkpointReplayBytes } = host.limits;
    const replay = group.state.unsavedBytes * Math.max(checkpointLogBytes / checkpointReplayBytes, 1);
    return Math.max(wal.writtenBytes - (this.coveredBytes.get(group.id) ?? 0), replay);
  }

  private beginSnapshot(): void {
    for (const id of this.wanted) {
      const group = this.options.group(id);
      const isWell = group !== undefined && !group.quarantined && !group.divergence.hasIsolated;
      const isNeeded = isWell && group.raft.role === 'leader' && group.state.lastApplied > 0;
      if (!isNeeded) {
        this.wanted.delete(id);
        continue;
      }
      if (group.state.isCaptured) continue; // an export reads it
      const { host, store } = this.options;
      return this.options.guarded(group, () => {
        const { capture, meta } = group.capture('whole');
        const isStale = store.has(namesOf({ group: id, index: meta.index }).writing);
        this.snapshot = new SnapshotJob(host, group, { capture, meta, isStale });
      });
    }
  }

  private beginCheckpoint(): void {
    const { host, store, wal, groups } = this.options;
    // Asked once every sixteenth of the way: with thousands of groups the question costs more than a step.
    const { writtenBytes } = wal;
    const shortest = minOf(host.limits.checkpointLogBytes, host.limits.checkpointReplayBytes);
    if (this.askedAtBytes >= 0 && writtenBytes - this.askedAtBytes < shortest / 16) return;
    this.askedAtBytes = writtenBytes;
    let next: ReplicaGroup | undefined;
    let most = host.limits.checkpointLogBytes;
    for (const group of groups()) {
      const lag = this.lag(group);
      if (lag <= most) continue;
      most = lag;
      next = group;
    }
    if (next === undefined) return;
    const group = next;
    this.options.guarded(group, () => {
      const { capture, meta } = group.capture('changes');
      const isStale = store.has(group.state.pages.backing?.file.name ?? '');
      this.coveredBytes.set(group.id, writtenBytes);
      this.checkpoint = new Checkpoint(host, group, { capture, meta, isStale });
      store.beginCheckpoint(group.id, this.checkpoint.file);
      assert(this.checkpoint.canWork, 'a checkpoint begins with work');
    });
  }
}
