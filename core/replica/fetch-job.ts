/**
 * Fetches one snapshot and puts it in the place of a group's state. Chunks are pulled, a few at a time, from whoever holds an
 * equal snapshot; each is compared with the manifest before it is written, and what was written counts after a restart.
 *
 * Order: chunks under a temporary name -> (all carried out) -> a state restored from the file, slice by slice -> one persist that
 * syncs, renames, syncs the directory and writes the log's snapshot mark; with it raft is told, and its acknowledgement waits for it.
 */
import { assert } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { FileOp } from '../effect.ts';
import { StorageError } from '../errors.ts';
import { type Micros, minOf, NEVER, type NodeId, plus, type Seq } from '../ids.ts';
import { SNAPSHOT_PULLS_MAX, SNAPSHOT_SLICE_BYTES, SNAPSHOT_WRITE_BYTES_MAX } from '../limits.ts';
import { membersOf } from '../raft/configuration.ts';
import type { SnapshotMeta } from '../raft/message.ts';
import type { IncomingSnapshot } from '../raft/ready.ts';
import { chunkRecord, encodeManifestRecord, encodeSnapshotHeader, type SnapshotPlace, scanSnapshot } from '../snapshot/file.ts';
import { chunkHash, isChunkOf, SECTIONS, type Section, type SnapshotManifest } from '../snapshot/manifest.ts';
import { nameOf, type SnapshotMessage, type SnapshotName } from '../snapshot/message.ts';
import { restoreState } from '../snapshot/restore.ts';
import { Slice } from '../snapshot/slices.ts';
import { SnapshotIndex } from '../snapshot/snapshot-index.ts';
import type { GroupState } from '../state/group-state.ts';
import { readExactly } from '../whole-read.ts';
import type { ReplicaGroup } from './group.ts';
import { Backlog, type SnapshotHost } from './snapshot-host.ts';
import { type HeldSnapshot, heldOf, namesOf } from './snapshot-store.ts';

type Phase =
  /** Reading what an earlier life has fetched. */
  | 'scanning'
  /** Writing that again. */
  | 'rewriting'
  | 'fetching'
  /** Everything is there; waiting until the file shows it. */
  | 'writing'
  | 'restoring'
  /** Of a rebuild: the restored state is held against the present one, then it applies what that has applied. */
  | 'comparing'
  | 'following'
  /** The last persist is on its way. */
  | 'sealing'
  | 'done';

interface Pull {
  readonly section: Section;
  readonly number: number;
  readonly to: NodeId;
  readonly deadline: Micros;
}

/** install: raft lacks what the snapshot stands for. rebuild: the state is to be another one, at the same place in the log. */
export type FetchPurpose = 'install' | 'rebuild';

/** gone: nobody has it at present; what was fetched stays. unusable: it is not what it should be. */
export type FetchFailure = 'gone' | 'unusable';

/** Phases in which a slice of work does something. */
const WORKING: readonly Phase[] = ['scanning', 'restoring', 'comparing', 'following'];

export class FetchJob {
  readonly group: ReplicaGroup;
  readonly meta: SnapshotMeta;
  readonly manifestBytes: Uint8Array;
  readonly purpose: FetchPurpose;
  private readonly host: SnapshotHost;
  private readonly manifest: SnapshotManifest;
  private readonly name: SnapshotName;
  private readonly place: SnapshotPlace;
  private readonly file: string;
  private sources: readonly NodeId[];
  private source: number = 0;
  /** Sources that have refused, or kept silent, since the last chunk came. */
  private readonly forsaken: Set<NodeId> = new Set();
  private index: SnapshotIndex;
  private readonly backlog: Backlog = new Backlog();
  private pulls: Pull[] = [];
  private phase: Phase = 'scanning';
  private scan: ReturnType<typeof scanSnapshot> | undefined = undefined;
  private comparison: Generator<number, string | undefined> | undefined = undefined;
  private restoration: ReturnType<typeof restoreState> | undefined = undefined;
  private state: GroupState | undefined = undefined;
  /** No chunk before this one is missing. */
  private nextSection: number = 0;
  private nextNumber: number = 0;
  private waitsFor: Seq = 0 as Seq;
  private rewrittenBytes: number = 0;
  /** Why it does not go on, where it does not. */
  failure: FetchFailure | undefined = undefined;

  /** @param begun.hasPart whether the file of an earlier fetch is there. */
  constructor(
    host: SnapshotHost,
    group: ReplicaGroup,
    incoming: IncomingSnapshot,
    begun: { readonly manifest: SnapshotManifest; readonly hasPart: boolean; readonly purpose: FetchPurpose },
  ) {
    const { manifest, hasPart, purpose } = begun;
    this.purpose = purpose;
    this.host = host;
    this.group = group;
    this.meta = incoming.meta;
    this.manifest = manifest;
    this.manifestBytes = incoming.manifest;
    this.name = nameOf(host.hasher, incoming.meta.index, incoming.manifest);
    this.place = { group: group.id, index: incoming.meta.index };
    this.file = namesOf(this.place).fetching;
    const others = membersOf(incoming.meta.configuration).filter((id) => id !== host.self && id !== incoming.from);
    this.sources = [incoming.from, ...others];
    this.index = new SnapshotIndex(host.hasher, this.file, this.place, host.sealer);
    if (hasPart) this.scan = scanSnapshot(host.hasher, host.reader, this.file, this.place, host.sealer);
    else this.beginFile(false);
  }

  /** Whether a slice of work would do something now. */
  get canWork(): boolean {
    if (this.failure !== undefined) return false;
    if (this.phase === 'rewriting') return this.backlog.bytes < SNAPSHOT_WRITE_BYTES_MAX;
    return WORKING.includes(this.phase);
  }

  /** Whether the group waits for chunks. */
  get isFetching(): boolean {
    return this.phase === 'fetching';
  }

  get nextDeadline(): Micros {
    let next = NEVER;
    for (const pull of this.pulls) next = minOf(next, pull.deadline);
    return next;
  }

  /** Works for one slice. */
  work(): void {
    try {
      if (this.phase === 'scanning') this.scanOn();
      else if (this.phase === 'rewriting') this.rewriteOn();
      else if (this.phase === 'restoring') this.restoreOn();
      else if (this.phase === 'comparing') this.compareOn();
      else if (this.phase === 'following') this.followOn();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.host.mark('snapshot.fetched-file-unreadable');
      this.fail();
    }
  }

  /** Asks for what is missing, as far as the window allows. */
  pull(): void {
    if (this.phase !== 'fetching' || this.failure !== undefined) return;
    const { limits } = this.host;
    const now = this.host.now();
    const late = this.pulls.filter(({ deadline }) => deadline <= now);
    if (late.length > 0) {
      this.host.mark('snapshot.pull-timed-out');
      this.pulls = this.pulls.filter(({ deadline }) => deadline > now);
      for (const { to } of late) this.forsaken.add(to);
      this.rewind();
      if (this.givesUpWhereForsaken()) return;
      this.turn();
    }
    while (this.pulls.length < SNAPSHOT_PULLS_MAX && this.backlog.bytes < SNAPSHOT_WRITE_BYTES_MAX) {
      const missing = this.nextMissing();
      if (missing === undefined) break;
      const to = this.sources[this.source % this.sources.length] as NodeId;
      this.pulls.push({ ...missing, to, deadline: plus(now, limits.pullMicros) });
      this.host.send(to, this.group.id, { kind: 'snapshotPull', ...this.name, ...missing });
    }
  }

  /** A chunk or a refusal of a peer. */
  message(from: NodeId, message: SnapshotMessage): void {
    if (this.phase !== 'fetching' || !this.isMine(message)) return;
    if (message.kind === 'snapshotGone') return this.refusal(from, message.section, message.number);
    if (message.kind !== 'snapshotChunk') return;
    const { section, number, bytes, path } = message;
    if (this.index.has(section, number)) return;
    if (!isChunkOf(this.host.hasher, this.manifest, { section, number, bytes, path })) {
      this.host.mark('snapshot.wrong-chunk-refused');
      this.answered(section, number);
      this.turn();
      this.rewind();
      return this.pull();
    }
    this.answered(section, number);
    this.forsaken.clear();
    this.append(section, number, bytes);
    if (this.index.isComplete) this.phase = 'writing';
    else this.pull();
    this.written();
  }

  /** The leader offers the same snapshot again, perhaps another leader: it goes on, and whoever offers it is asked first. */
  offeredAgain(from: NodeId): void {
    this.sources = [from, ...this.sources.filter((id) => id !== from)];
    this.source = 0;
    this.forsaken.clear();
    this.failure = undefined;
    this.pull();
  }

  /** Everything up to seq is carried out. @returns the snapshot once it is durable in the place of the state. */
  persisted(seq: Seq): HeldSnapshot | undefined {
    this.backlog.persisted(seq);
    this.written();
    this.pull();
    if (this.phase === 'sealing' && seq >= this.waitsFor) {
      this.phase = 'done';
      this.index.file = namesOf(this.place).whole;
      const held = heldOf(this.index);
      assert(held !== undefined, 'an installed snapshot is whole');
      return held;
    }
    return undefined;
  }

  /** Whether its last persist is on its way: then it cannot be given up any more. */
  get isSealed(): boolean {
    return this.phase === 'done' || this.waitsFor > 0;
  }

  /** Puts the restored state in its place. Called once `isReady`, behind everything raft has handed out. */
  install(): void {
    assert(this.state !== undefined && this.phase === 'sealing', 'a restored state is installed');
    if (this.purpose === 'rebuild' && this.state.lastApplied !== this.group.state.lastApplied) {
      this.phase = 'following'; // the group has gone on in this very step
      return;
    }
    const { whole } = namesOf(this.place);
    this.host.write([{ op: 'sync', file: this.file }, { op: 'rename', from: this.file, to: whole }, { op: 'syncDirectory' }]);
    const { group, meta, state, host } = this;
    this.waitsFor = this.purpose === 'install' ? group.install(host.now(), meta, state) : group.replace(host.now(), meta, state);
  }

  /** Gives the file up as well. */
  abandon(): void {
    this.state?.close();
    this.phase = 'done';
    this.pulls = [];
    this.host.write([{ op: 'remove', file: this.file }]);
  }

  /** Whether the state is restored and waits to be installed. */
  get isReady(): boolean {
    return this.phase === 'sealing' && this.waitsFor === 0;
  }

  private isMine(message: SnapshotMessage): boolean {
    return message.index === this.name.index && equalBytes(message.manifestHash, this.name.manifestHash);
  }

  private scanOn(): void {
    const slice = new Slice(this.host.limits.sliceRecords, this.host.buggify);
    const { scan } = this;
    assert(scan !== undefined, 'a scan has begun');
    let step = scan.next();
    for (; step.done !== true; step = scan.next()) if (slice.spend(step.value)) return;
    const found = step.value;
    const isSame = found?.manifestBytes !== undefined && equalBytes(found.manifestBytes, this.manifestBytes);
    if (found === undefined || !isSame) return this.beginFile(true);
    this.host.mark('snapshot.fetch-resumed');
    this.index = found;
    this.phase = 'rewriting';
  }

  /**
   * What an earlier life of the node wrote is written again, a slice at a time: if its sync failed, the operating system may take
   * the pages for clean, so that they are read back from its cache and no later sync writes them (core/wal/recover.ts).
   */
  private rewriteOn(): void {
    const { index, file, host } = this;
    const length = Math.min(SNAPSHOT_SLICE_BYTES, index.end - this.rewrittenBytes);
    const bytes = readExactly(host.reader, file, this.rewrittenBytes, length);
    this.backlog.add(host.write([{ op: 'write', file, offset: this.rewrittenBytes, bytes }]), length);
    this.rewrittenBytes += length;
    if (this.rewrittenBytes < index.end) return;
    this.phase = index.isComplete ? 'writing' : 'fetching';
    this.written();
    this.pull();
  }

  private beginFile(isStale: boolean): void {
    const ops: FileOp[] = isStale ? [{ op: 'remove', file: this.file }] : [];
    this.index = new SnapshotIndex(this.host.hasher, this.file, this.place, this.host.sealer);
    const header = encodeSnapshotHeader(this.place);
    const manifest = encodeManifestRecord(this.place, header.length, this.manifestBytes);
    ops.push({ op: 'create', file: this.file, sizeBytes: 0 });
    ops.push({ op: 'write', file: this.file, offset: 0, bytes: header });
    ops.push({ op: 'write', file: this.file, offset: header.length, bytes: manifest });
    this.index.end = header.length + manifest.length;
    this.index.setManifest(this.manifest, this.manifestBytes);
    this.backlog.add(this.host.write(ops), this.index.end);
    this.phase = this.index.isComplete ? 'writing' : 'fetching';
    this.pull();
  }

  private append(section: Section, number: number, bytes: Uint8Array): void {
    const { index, host } = this;
    const chunk = { section, number, bytes, hash: chunkHash(host.hasher, bytes) };
    const { record, stands } = chunkRecord(host.sealer, this.place, index.end, chunk);
    const seq = host.write([{ op: 'write', file: this.file, offset: index.end, bytes: record }]);
    index.note(section, number, stands);
    index.end += record.length;
    this.backlog.add(seq, record.length);
  }

  /** Begins to restore once the file shows everything. */
  private written(): void {
    if (this.phase !== 'writing' || !this.backlog.empty) return;
    if (!this.index.isWhole()) {
      this.host.mark('snapshot.fetched-file-not-whole');
      return this.fail();
    }
    this.state = this.host.newState(this.group.id, this.meta.index);
    this.restoration = restoreState(this.host.hasher, this.manifest, this.index.source(this.host.reader), this.state);
    this.phase = 'restoring';
  }

  private restoreOn(): void {
    const slice = new Slice(this.host.limits.sliceRecords, this.host.buggify);
    const { restoration } = this;
    assert(restoration !== undefined, 'a restoration has begun');
    let step = restoration.next();
    for (; step.done !== true; step = restoration.next()) if (slice.spend(step.value)) return;
    if (step.value === undefined) {
      this.phase = this.purpose === 'install' ? 'sealing' : 'comparing';
      return;
    }
    this.host.mark('snapshot.fetched-state-refused');
    this.fail();
  }

  /** What a rebuilt state has of the siblings must be what they have. */
  private compareOn(): void {
    const slice = new Slice(this.host.limits.sliceRecords, this.host.buggify);
    const { state, group } = this;
    assert(state !== undefined, 'a restored state is compared');
    this.comparison ??= group.divergence.compareSiblings(state);
    let step = this.comparison.next();
    for (; step.done !== true; step = this.comparison.next()) if (slice.spend(step.value)) return;
    if (step.value === undefined) this.phase = 'following';
    else this.refuseRebuilt();
  }

  /** Applies the next few entries that the group has applied; at its end the rebuilt state has to be what the quorum has. */
  private followOn(): void {
    const slice = new Slice(this.host.limits.sliceRecords, this.host.buggify);
    const { state, group } = this;
    assert(state !== undefined, 'a restored state follows the log');
    while (state.lastApplied < group.state.lastApplied) {
      const entry = group.raft.entry(plus(state.lastApplied, 1));
      if (entry === undefined) return this.refuseRebuilt();
      if (!state.prepare(entry)) return; // it goes on in the next step
      state.apply(entry);
      if (slice.spend(entry.data.length)) return;
    }
    if (group.divergence.objectionTo(state) === undefined) this.phase = 'sealing';
    else this.refuseRebuilt();
  }

  private refuseRebuilt(): void {
    this.host.mark('divergence.copy-refused');
    this.fail();
  }

  private fail(): void {
    this.failure = 'unusable';
  }

  /** A pull is over. */
  private answered(section: Section, number: number): void {
    this.pulls = this.pulls.filter((pull) => pull.section !== section || pull.number !== number);
  }

  /**
   * A refusal ends the one pull that it answers, so that one answer never causes more than one question: were the whole window
   * asked anew at each of its refusals, eight answers would become sixty-four, and so on.
   */
  private refusal(from: NodeId, section: Section, number: number): void {
    const isAnswer = this.pulls.some((pull) => pull.to === from && pull.section === section && pull.number === number);
    if (!isAnswer) return;
    this.host.mark('snapshot.source-has-it-no-more');
    this.answered(section, number);
    this.forsaken.add(from);
    this.rewind();
    if (this.givesUpWhereForsaken()) return;
    if (this.sources[this.source % this.sources.length] === from) this.turn();
    this.pull();
  }

  /**
   * Gives up where everybody has refused or kept silent: the leader hears of it and offers what it has by now. Were silence no
   * answer, a source that died would be asked for ever while the others, which once had nothing to give, have it by now.
   */
  private givesUpWhereForsaken(): boolean {
    if (!this.sources.every((id) => this.forsaken.has(id))) return false;
    this.failure = 'gone';
    this.pulls = [];
    return true;
  }

  /** Asks somebody else from now on. */
  private turn(): void {
    this.source += 1;
    for (let tries = 0; tries < this.sources.length; tries += 1) {
      if (!this.forsaken.has(this.sources[this.source % this.sources.length] as NodeId)) return;
      this.source += 1;
    }
  }

  private rewind(): void {
    this.nextSection = 0;
    this.nextNumber = 0;
  }

  /** The next chunk that is neither there nor on its way. */
  private nextMissing(): { readonly section: Section; readonly number: number } | undefined {
    while (this.nextSection < SECTIONS.length) {
      const section = SECTIONS[this.nextSection] as Section;
      const { chunks } = this.manifest.sections[section] as { readonly chunks: number };
      while (this.nextNumber < chunks) {
        const number = this.nextNumber;
        this.nextNumber += 1;
        const isAsked = this.pulls.some((pull) => pull.section === section && pull.number === number);
        if (!this.index.has(section, number) && !isAsked) return { section, number };
      }
      this.nextSection += 1;
      this.nextNumber = 0;
    }
    return undefined;
  }
}
