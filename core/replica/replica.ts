/**
 * A node's whole deciding core: many groups over one WAL, one persist counter, one clock (C1-C11).
 * A step routes one input to the groups it concerns and gathers what they want into at most one persist, which carries
 * the records of all of them, and the sends and replies that wait for it.
 *
 * Opening: what recovery read may still be only in the operating system's cache, so the first persist (sequence 1) makes
 * it durable, and no group starts before that is reported.
 */
import { InvariantError } from '../assert.ts';
import { toHex } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import type { ClientRequest, ClientResult, NodeStatus, SigningStatus } from '../client/protocol.ts';
import type { PeerMessage } from '../codec/envelope.ts';
import { decodeFrame } from '../codec/frame.ts';
import { isLivenessMessage, isRecoveryMessage, isSigningMessage, isSnapshotMessage } from '../codec/peer-message.ts';
import type { Clocks, Core, DirectoryReader, Effect, ExportAsk, FileOp, Input } from '../effect.ts';
import { DamageError } from '../errors.ts';
import { hashOf, portableHasher } from '../hasher.ts';
import { GLOBAL_GROUP, type GroupId, type Micros, minOf, NEVER, type NodeId, type RequestId, type Seq } from '../ids.ts';
import type { PageCache } from '../page/cache.ts';
import type { IncomingSnapshot } from '../raft/ready.ts';
import type { SigningMessage } from '../signing/message.ts';
import type { Signing } from '../signing/signing.ts';
import type { WalRecord } from '../wal/record.ts';
import type { WalRecovery } from '../wal/recover.ts';
import { Completions } from './completions.ts';
import { CLUSTER_FILE, readIdentity, readManifest, TEMPORARY_SUFFIX } from './directory.ts';
import type { Exports } from './exports.ts';
import type { ReplicaGroup } from './group.ts';
import type { GroupOpening } from './group-opening.ts';
import type { GroupSink } from './group-ports.ts';
import type { Hibernation, LivenessMessage } from './hibernation.ts';
import { groupsOf, type Manifest, type Member } from './manifest.ts';
import type { ReplicaOptions } from './options.ts';
import { openParts, type PartsHost } from './parts.ts';
import { ProvenWrites } from './proven-writes.ts';
import type { RecoveryMessage } from './recovering.ts';
import type { RecoveryHelp } from './recovery-help.ts';
import { commandOf, groupOf, isCommand, modelToFit, notHere, requestRefusal } from './requests.ts';
import { quarantinedResult, removedResult, signsNothing } from './results.ts';
import { type Desired, Roster } from './roster.ts';
import { Schedule } from './schedule.ts';
import type { Sealing } from './sealing.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import type { Snapshots } from './snapshots.ts';
import { StepOutput } from './step-output.ts';

/** A message to one of the groups. */
type GroupMessage = Exclude<PeerMessage, LivenessMessage | RecoveryMessage | SigningMessage>;

const AT_ONCE = 0 as Seq;

export class Replica implements Core, GroupSink {
  readonly id: NodeId;
  private readonly options: ReplicaOptions;
  private readonly recovery: WalRecovery;
  private readonly groups: Map<GroupId, ReplicaGroup> = new Map();
  /** Ascending ids: the order of everything that visits all groups. */
  private groupList: readonly ReplicaGroup[] = [];
  private readonly roster: Roster;
  /** Grows whenever it may have changed whom this node should keep a link to. */
  topology: number = 0;
  /** A manifest on its way to the disk, and the persist that carries it. */
  private bootstrapping: { readonly manifest: Manifest; readonly seq: Seq } | undefined = undefined;
  private started: boolean = false;
  private dead: boolean = false;
  private now: Micros;
  private wall: Micros;
  private readonly completions: Completions = new Completions();
  /** Frames and messages from outside that were dropped because they could not be meant for this node. */
  private dropped: number = 0;
  private readonly output: StepOutput = new StepOutput(this.completions);
  private readonly cache: PageCache;
  private readonly sealing: Sealing;
  private readonly store: SnapshotStore;
  private readonly snapshots: Snapshots;
  private readonly exports: Exports;
  private readonly provenWrites: ProvenWrites = new ProvenWrites();
  private readonly opening: GroupOpening;
  private readonly schedule: Schedule = new Schedule();
  private readonly hibernation: Hibernation;
  private readonly help: RecoveryHelp;
  private readonly signing: Signing | undefined;
  /** The groups' leaders have not looked at the newest directory yet. */
  private directoryMoved: boolean = false;

  private constructor(reader: DirectoryReader, clocks: Clocks, options: ReplicaOptions) {
    this.options = options;
    this.now = clocks.now;
    this.wall = clocks.wall;
    this.id = readIdentity(reader);
    const isStale = reader.size(CLUSTER_FILE + TEMPORARY_SUFFIX) !== undefined;
    this.roster = new Roster(this.id, readManifest(reader), isStale);
    const parts = openParts(reader, this.partsHost());
    this.recovery = parts.recovery;
    this.sealing = parts.sealing;
    this.cache = parts.cache;
    this.store = parts.store;
    this.snapshots = parts.snapshots;
    this.exports = parts.exports;
    this.opening = parts.opening;
    this.hibernation = parts.hibernation;
    this.help = parts.help;
    this.signing = parts.signing;
  }

  private partsHost(): PartsHost {
    const { id, options, roster } = this;
    return {
      id,
      options,
      roster,
      clocks: () => ({ now: this.now, wall: this.wall }),
      groups: () => this.groupList,
      group: (group) => this.groups.get(group),
      guarded: (group, work) => this.guarded(group, work),
      send: (to, group, message) => this.send(to, group, AT_ONCE, message),
      writeFiles: (ops) => this.writeFiles(ops),
      fatal: (group, code, detail) => this.fatal(group, code, detail),
      effect: (effect) => this.output.push(effect),
      nextSeq: () => this.output.nextSeq,
      reply: (request, after, result) => this.reply(request, after, result),
      sendAfter: (to, group, after, message) => this.send(to, group, after, message),
      sink: this,
    };
  }

  /**
   * Opens a data directory that createDirectory made. The effects are executed before the first step's.
   * Throws StorageError, with a sentence for the operator, where the directory must not be used.
   */
  static open(
    reader: DirectoryReader,
    clocks: Clocks,
    options: ReplicaOptions,
  ): { readonly replica: Replica; readonly effects: readonly Effect[] } {
    const replica = new Replica(reader, clocks, options);
    replica.output.persist(replica.recovery.repairs);
    return { replica, effects: replica.output.gathered };
  }

  step(input: Input): readonly Effect[] {
    if (this.dead) return [];
    this.now = input.now;
    this.wall = input.wall;
    this.output.begin();
    this.cache.trim();
    this.dispatch(input);
    if (this.started && !this.dead) this.snapshots.settle();
    if (this.started && !this.dead) this.exports.settle();
    if (this.started && !this.dead) this.signing?.settle();
    this.schedule.settle(this.now, this.wall, (group) => this.hibernation.review(group));
    for (const { group } of this.schedule.touchedLast) this.followDeletions(group);
    this.output.flush(this.recovery.wal, this.sealing);
    this.followDirectory();
    return this.output.gathered;
  }

  private followDeletions(group: ReplicaGroup): void {
    if (group.state.gone.shreddedCount > 0) this.options.probe?.mark('replica.deletion-awaited');
    if (!this.sealing.follow(group.state)) return;
    this.options.probe?.mark('replica.vault-deleted');
    this.exports.vaultDeleted(group);
    this.snapshots.vaultDeleted(group);
  }

  nextDeadline(): Micros {
    if (!this.started || this.dead) return NEVER;
    if (this.directoryMoved) return this.now;
    const next = minOf(this.snapshots.nextDeadline(), minOf(this.exports.nextDeadline(), this.signing?.nextDeadline() ?? NEVER));
    return minOf(next, minOf(this.hibernation.nextDeadline(), this.schedule.nextDeadline()));
  }

  manifest(): Manifest | undefined {
    return this.roster.current;
  }

  /** Whether it was removed, and no group that is heard of counts on it any more. */
  get isGone(): boolean {
    const isNeeded = this.groupList.some((group) => group.hasMember(this.id) && group.raft.leader !== undefined);
    return this.roster.isRemoved && !isNeeded;
  }

  /** Nodes to keep a link to: the other members, and removed ones that some group here has not let go yet. */
  contacts(): readonly Member[] {
    const { members, isRemoved } = this.roster;
    const isNeeded = (id: NodeId): boolean => this.groupList.some((group) => group.hasMember(id));
    if (isRemoved && !isNeeded(this.id)) return [];
    return members.filter(({ id, removed }) => id !== this.id && (!removed || isNeeded(id)));
  }

  /** What recovery found at opening: damage and torn bytes, for operators. */
  get recovered(): Pick<WalRecovery, 'damage' | 'tornBytes' | 'quarantined'> {
    return this.recovery;
  }

  /** A group of this node, for views and oracles; nothing of it may be changed from outside. */
  group(id: GroupId): ReplicaGroup | undefined {
    return this.groups.get(id);
  }

  /** Groups that the last step may have changed, for oracles: a look at all of them costs more than a step where there are many. */
  touchedGroups(): readonly { readonly group: ReplicaGroup }[] {
    return this.schedule.touchedLast;
  }

  status(): NodeStatus {
    return {
      node: this.id,
      cluster: this.roster.current?.cluster,
      members: this.roster.members.filter((member) => !member.removed).map(({ id, address }) => ({ id, address })),
      removed: this.isGone,
      groups: this.groupList.map((group) => group.status()),
      droppedFrames: this.dropped,
      signing: this.signing?.status,
    };
  }

  /** What this node signs checkpoints with; undefined: it signs nothing. */
  get signingStatus(): SigningStatus | undefined {
    return this.signing?.status;
  }

  digest(): string {
    const out = new Writer();
    out.text(this.id);
    out.u64(this.output.seq);
    out.u64(this.dropped);
    out.u64(this.roster.revision);
    for (const group of this.groupList) group.digest(out);
    return toHex(hashOf(portableHasher, out.peek()));
  }

  private dispatch(input: Input): void {
    switch (input.kind) {
      case 'frame':
        return this.frame(input.from, input.bytes);
      case 'deadline':
        return this.deadline();
      case 'persisted':
        return this.persisted(input.seq);
      case 'persistFailed':
        this.options.probe?.mark(this.started ? 'replica.disk-failed' : 'replica.disk-failed-while-opening');
        return this.fatal(
          'node',
          'persist_failed',
          `The disk refused a write (${input.code}); what is on it can no longer be known. Make room or mend the disk, then start the node again.`,
        );
      case 'request':
        return this.request(input.id, input.body);
      case 'export':
        return this.export(input.id, input.ask, input.group);
      case 'bootstrap':
        return this.bootstrap(input.manifest);
      case 'recoverVault': {
        const group = this.groups.get(input.group);
        return group && this.guarded(group, () => group.divergence.recover(this.now, input.vault));
      }
      case 'peer':
        return;
    }
  }

  private frame(from: NodeId, bytes: Uint8Array): void {
    const decoded = decodeFrame(bytes);
    const trusted =
      decoded.ok && decoded.value.cluster === this.roster.current?.cluster && decoded.value.sender === from && from !== this.id;
    if (!trusted || !this.started) {
      if (trusted) this.options.probe?.mark('replica.frame-before-start');
      this.dropped += 1;
      return;
    }
    const isPresent = this.roster.isPresent(from);
    this.hibernation.heard(from);
    for (const { group: id, message } of decoded.value.envelopes) {
      if (isLivenessMessage(message) || isRecoveryMessage(message) || isSigningMessage(message)) {
        if (!isPresent) this.dropped += 1;
        else if (isLivenessMessage(message)) this.hibernation.message(from, message);
        else if (isSigningMessage(message)) this.signing?.message(from, id, message);
        else this.aid(from, id, message);
        continue;
      }
      const group = this.groups.get(id) ?? (this.roster.isKnown(from) ? this.joinGroup(id) : undefined);
      if (group === undefined || !(isPresent || this.hears(group, from))) this.dropped += 1;
      else if (!group.quarantined || group.recovering?.admits(message) === true) this.receive(group, from, message);
    }
  }

  /** Who never had the group promised nothing in it; who does not know that says nothing. */
  private aid(from: NodeId, id: GroupId, message: RecoveryMessage): void {
    const group = this.groups.get(id);
    if (group !== undefined) return this.help.message(from, group, message);
    if (this.recovery.allQuarantined || this.recovery.groups.has(id)) return;
    if (message.kind === 'termAsked') this.help.tellNone(from, id, message.nonce);
  }

  /** Who was removed is heard where the group still counts on it, or where this node is too far behind to know: it may lead. */
  private hears(group: ReplicaGroup, removed: NodeId): boolean {
    return this.roster.isKnown(removed) && (group.hasMember(removed) || !group.hasMember(this.id));
  }

  /** A group that this node has no replica of yet, as a member speaks of it or it is new: it begins with the founders, then follows the log. */
  private joinGroup(id: GroupId): ReplicaGroup | undefined {
    const founding = this.roster.foundingOf(id);
    if (founding === undefined) return undefined;
    const group = this.opening.open(founding);
    this.groups.set(id, group);
    this.groupList = [...this.groups.values()].sort((a, b) => a.id - b.id);
    this.schedule.touch(group);
    this.options.probe?.mark('replica.group-joined');
    return group;
  }

  /** As guarded(), without a closure a message. */
  private receive(group: ReplicaGroup, from: NodeId, message: GroupMessage): void {
    this.schedule.touch(group);
    try {
      if (isSnapshotMessage(message)) this.snapshots.message(from, group, message);
      else group.message(this.now, this.wall, from, message);
    } catch (error) {
      this.broken(group, error);
    }
  }

  private deadline(): void {
    if (!this.started) return;
    if (this.directoryMoved) this.tellDirectory();
    for (const group of this.schedule.takeDue(this.now)) this.guarded(group, () => group.deadline(this.now, this.wall));
    this.hibernation.deadline();
    this.snapshots.deadline();
    this.exports.deadline();
    this.signing?.deadline();
  }

  private persisted(seq: Seq): void {
    const { bootstrapping, roster } = this;
    if (!this.started && bootstrapping === undefined && roster.current !== undefined) this.start(roster.current);
    if (bootstrapping !== undefined && seq >= bootstrapping.seq) {
      roster.take(bootstrapping.manifest);
      this.bootstrapping = undefined;
      this.topology += 1;
      this.start(bootstrapping.manifest);
    }
    for (const number of this.completions.takeRecords(seq)) this.recovery.wal.reportDurable(number);
    for (const { group, mark } of this.completions.takeBatches(seq)) {
      this.guarded(group, () => group.persisted(this.now, mark));
    }
    this.snapshots.persisted(seq);
    if (this.started) this.signing?.persisted(seq);
  }

  /** A first manifest makes this node a member once it is durable; a later one tells what it has missed. */
  private bootstrap(manifest: Manifest): void {
    if (this.bootstrapping !== undefined || !this.roster.isNews(manifest)) {
      this.dropped += 1;
      return;
    }
    if (this.roster.current !== undefined) {
      this.writeFiles(this.roster.write(manifest)); // in this step's persist, whatever else that carries
      return this.manifestChanged();
    }
    this.bootstrapping = { manifest, seq: this.output.persist(this.roster.operations(manifest)) };
  }

  /** What the directory says of the nodes, once it is applied here, is kept for the next start. */
  private followDirectory(): void {
    const topology = this.groups.get(GLOBAL_GROUP)?.state.topology;
    if (topology === undefined || topology.revision <= this.roster.revision) return;
    const ops = this.roster.follow(topology);
    if (ops === undefined) return;
    this.output.persist(ops); // behind the step's own
    this.manifestChanged();
  }

  /** Every leader looks at what the directory wants of its group. */
  private tellDirectory(): void {
    this.directoryMoved = false;
    for (const id of this.roster.founded) if (!this.groups.has(id)) this.joinGroup(id);
    for (const group of this.groupList) this.guarded(group, () => group.directoryMoved(this.now));
  }

  private manifestChanged(): void {
    this.topology += 1;
    this.directoryMoved = true;
  }

  /** Groups that this node began with, and those that it has a log of. */
  private start(manifest: Manifest): void {
    this.started = true;
    const { groups: known, quarantined, allQuarantined } = this.recovery;
    for (const founding of groupsOf(manifest)) {
      const { group, voters } = founding;
      const isHere = voters.includes(this.id) || known.has(group) || quarantined.includes(group) || allQuarantined;
      if (isHere) this.groups.set(group, this.opening.open(founding));
    }
    this.groupList = [...this.groups.values()].sort((a, b) => a.id - b.id);
    for (const group of this.groupList) this.schedule.touch(group);
    this.writeFiles(this.opening.sweep());
    this.snapshots.started();
  }

  private request(id: RequestId, body: ClientRequest): void {
    if (body.kind === 'status') return this.reply(id, AT_ONCE, { kind: 'status', status: this.status() });
    const refused = requestRefusal(body, this.options.conditions);
    if (refused !== undefined) return this.reply(id, AT_ONCE, refused);
    const group = this.groups.get(groupOf(body));
    if (group === undefined) return this.reply(id, AT_ONCE, notHere(groupOf(body), this.roster, this.started));
    if (this.roster.isRemoved && !group.hasMember(this.id)) return this.reply(id, AT_ONCE, removedResult());
    if (group.quarantined) {
      this.options.probe?.mark('replica.request-to-quarantined-group');
      return this.reply(id, AT_ONCE, quarantinedResult());
    }
    if (body.kind === 'transfer') return this.guarded(group, () => group.transfer(this.now, this.wall, id, body));
    const work = commandOf(body);
    this.provenWrites.note(id, body, () => group.state);
    if (body.kind === 'query' && body.query.kind === 'checkpoint') {
      if (this.signing === undefined) return this.reply(id, AT_ONCE, signsNothing());
      this.signing.asked(id, body);
    }
    if (isCommand(work)) return this.guarded(group, () => group.command(this.now, this.wall, id, work, modelToFit(body)));
    return this.guarded(group, () => group.read(this.now, this.wall, id, work));
  }

  private export(request: RequestId, ask: ExportAsk, id: GroupId): void {
    if (ask !== 'begin') return this.exports.goOn(request, ask);
    const group = this.groups.get(id);
    if (group === undefined) return this.reply(request, AT_ONCE, notHere(id, this.roster, this.started));
    this.exports.begin(request, group);
  }

  /** C5: a broken invariant stops the group it broke in, nothing else. */
  private guarded(group: ReplicaGroup, work: () => void): void {
    if (group.quarantined && group.recovering === undefined) return;
    this.schedule.touch(group);
    try {
      work();
    } catch (error) {
      this.broken(group, error);
    }
  }

  private broken(group: ReplicaGroup, error: unknown): void {
    if (!(error instanceof InvariantError)) throw error;
    group.quarantine();
    if (error instanceof DamageError) group.recovering = this.opening.recoveringOf(group.id, false, group.raft.term);
    this.fatal(group.id, error instanceof DamageError ? error.code : 'invariant', error.message);
  }

  private fatal(scope: 'node' | GroupId, code: string, detail: string): void {
    if (scope === 'node') this.dead = true;
    this.output.push({ kind: 'fatal', scope, code, detail });
  }

  // GroupSink: what groups want during the current step.

  desiredOf(group: GroupId): Desired {
    return this.roster.desiredOf(group);
  }

  membersChanged(): void {
    this.topology += 1;
  }

  get isWriting(): boolean {
    return this.output.isWriting;
  }

  persist(group: GroupId, mark: number, records: readonly WalRecord[]): Seq {
    return this.output.write(records, { group: this.groups.get(group) as ReplicaGroup, mark });
  }

  record(records: readonly WalRecord[]): Seq {
    return this.output.write(records);
  }

  offered(group: GroupId, incoming: IncomingSnapshot): void {
    this.snapshots.offered(this.groups.get(group) as ReplicaGroup, incoming);
  }

  private writeFiles(ops: readonly FileOp[]): Seq {
    this.store.noted(ops);
    return this.output.files(ops);
  }

  send(to: NodeId, group: GroupId, after: Seq, message: PeerMessage): void {
    this.output.send(to, group, after, message);
  }

  reply(id: RequestId, after: Seq, result: ClientResult): void {
    if (this.exports.answered(id, result) || this.signing?.answered(id, result) === true) return;
    this.output.push({ kind: 'reply', id, after, result: this.provenWrites.answered(id, result) });
  }
}
