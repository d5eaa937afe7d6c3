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
import type { ClientRequest, ClientResult, NodeStatus } from '../client/protocol.ts';
import { decodeFrame } from '../codec/frame.ts';
import type { Clocks, Core, DirectoryReader, Effect, FileOp, Input } from '../effect.ts';
import { StorageError } from '../errors.ts';
import { hashOf, portableHasher } from '../hasher.ts';
import { GLOBAL_GROUP, type GroupId, type Micros, minOf, NEVER, type NodeId, plus, type RequestId, type Seq } from '../ids.ts';
import { BATCH_COMMANDS_MAX, SEGMENT_BYTES } from '../limits.ts';
import { configurationOf, type Message } from '../raft/message.ts';
import { Raft } from '../raft/raft.ts';
import { Random } from '../random.ts';
import { checkRequest } from '../state/admission.ts';
import { encodeEntryData } from '../state/entry-data.ts';
import { GroupState } from '../state/group-state.ts';
import type { WalRecord } from '../wal/record.ts';
import { recoverWal, type WalRecovery } from '../wal/recover.ts';
import { EMPTY_HARD_STATE } from '../wal/wal.ts';
import { CLUSTER_FILE, readIdentity, readManifest, TEMPORARY_SUFFIX } from './directory.ts';
import { type GroupSink, ReplicaGroup } from './group.ts';
import type { GroupMembers, Manifest, Member } from './manifest.ts';
import type { ReplicaOptions } from './options.ts';
import { commandOf, groupOf, isCommand } from './requests.ts';
import { errorResult, quarantinedResult, RETRY_AFTER_MS, removedResult } from './results.ts';
import { Roster } from './roster.ts';

/** What becomes true for a group once a sequence is durable. */
interface Mark {
  readonly seq: Seq;
  readonly group: ReplicaGroup;
  readonly mark: number;
}

/** How far the WAL reaches once a sequence is durable. */
interface WalMark {
  readonly seq: Seq;
  readonly number: number;
}

const AT_ONCE = 0 as Seq;
const LOG_DAMAGED =
  'The log of this group is damaged in the middle: it takes no part until its log is fetched again from its peers.';

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
  /** The last sequence given out. */
  private seq: Seq = AT_ONCE;
  private readonly marks: Mark[] = [];
  private readonly walMarks: WalMark[] = [];
  /** Frames and messages from outside that were dropped because they could not be meant for this node. */
  private dropped: number = 0;
  // What the current step has gathered.
  private effects: Effect[] = [];
  private records: WalRecord[] = [];

  private constructor(reader: DirectoryReader, clocks: Clocks, options: ReplicaOptions) {
    this.options = options;
    this.now = clocks.now;
    this.wall = clocks.wall;
    this.id = readIdentity(reader);
    const isStale = reader.size(CLUSTER_FILE + TEMPORARY_SUFFIX) !== undefined;
    this.roster = new Roster(this.id, readManifest(reader), isStale);
    this.recovery = recoverWal(reader, {
      segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
      buggify: options.buggify,
      mark: (name) => options.probe?.mark(name),
    });
    if (this.roster.current !== undefined && this.recovery.fresh) {
      throw new StorageError(
        'log_missing',
        'CLUSTER is there but the log is gone: a node that forgot its votes must not vote. Add it as a new node.',
      );
    }
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
    replica.seq = plus(AT_ONCE, 1);
    return { replica, effects: [{ kind: 'persist', seq: replica.seq, ops: replica.recovery.repairs }] };
  }

  step(input: Input): readonly Effect[] {
    if (this.dead) return [];
    this.now = input.now;
    this.wall = input.wall;
    this.effects = [];
    this.records = [];
    this.dispatch(input);
    this.flushRecords();
    this.followDirectory();
    return this.effects;
  }

  nextDeadline(): Micros {
    let next = NEVER;
    if (this.started && !this.dead) for (const group of this.groupList) next = minOf(next, group.nextDeadline(this.now));
    return next;
  }

  manifest(): Manifest | undefined {
    return this.roster.current;
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

  status(): NodeStatus {
    return {
      node: this.id,
      cluster: this.roster.current?.cluster,
      members: this.roster.members.filter((member) => !member.removed).map(({ id, address }) => ({ id, address })),
      removed: this.roster.isRemoved,
      groups: this.groupList.map((group) => group.status()),
      droppedFrames: this.dropped,
    };
  }

  digest(): string {
    const out = new Writer();
    out.text(this.id);
    out.u64(this.seq);
    out.u64(this.dropped);
    out.u64(this.desired.revision);
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
          `The disk refused a write (${input.code}); what is on it can no longer be known.`,
        );
      case 'request':
        return this.request(input.id, input.body);
      case 'bootstrap':
        return this.bootstrap(input.manifest);
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
    for (const { group: id, message } of decoded.value.envelopes) {
      const group = this.groups.get(id) ?? (this.roster.isKnown(from) ? this.joinGroup(id) : undefined);
      if (group === undefined || !(isPresent || this.hears(group, from))) this.dropped += 1;
      else if (!group.quarantined) this.receive(group, from, message);
    }
  }

  /** Who was removed is heard where the group still counts on it, or where this node is too far behind to know: it may lead. */
  private hears(group: ReplicaGroup, removed: NodeId): boolean {
    return this.roster.isKnown(removed) && (group.hasMember(removed) || !group.hasMember(this.id));
  }

  /** A member speaks of a group that this node has no replica of yet: it begins with the founders and follows the log. */
  private joinGroup(id: GroupId): ReplicaGroup | undefined {
    const manifest = this.roster.current;
    const founding = manifest?.groups.find(({ group }) => group === id);
    if (manifest === undefined || founding === undefined) return undefined;
    const group = this.createGroup(founding, manifest);
    this.groups.set(id, group);
    this.groupList = [...this.groups.values()].sort((a, b) => a.id - b.id);
    this.options.probe?.mark('replica.group-joined');
    return group;
  }

  /** As guarded(), without a closure a message. */
  private receive(group: ReplicaGroup, from: NodeId, message: Message): void {
    try {
      group.message(this.now, this.wall, from, message);
    } catch (error) {
      this.broken(group, error);
    }
  }

  private deadline(): void {
    if (!this.started) return;
    for (const group of this.groupList) {
      if (group.nextDeadline(this.now) <= this.now) this.guarded(group, () => group.deadline(this.now, this.wall));
    }
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
    for (let head = this.walMarks[0]; head !== undefined && head.seq <= seq; head = this.walMarks[0]) {
      this.walMarks.shift();
      this.recovery.wal.reportDurable(head.number);
    }
    for (let head = this.marks[0]; head !== undefined && head.seq <= seq; head = this.marks[0]) {
      this.marks.shift();
      const { group, mark } = head;
      this.guarded(group, () => group.persisted(this.now, mark));
    }
  }

  /** A first manifest makes this node a member once it is durable; a later one tells what it has missed. */
  private bootstrap(manifest: Manifest): void {
    if (this.bootstrapping !== undefined || !this.roster.isNews(manifest)) {
      this.dropped += 1;
      return;
    }
    if (this.roster.current !== undefined) return this.rewriteManifest(this.roster.write(manifest));
    this.seq = plus(this.seq, 1);
    this.bootstrapping = { manifest, seq: this.seq };
    this.effects.push({ kind: 'persist', seq: this.seq, ops: this.roster.operations(manifest) });
  }

  /** What the directory says of the nodes, once it is applied here, is kept for the next start. */
  private followDirectory(): void {
    const members = this.groups.get(GLOBAL_GROUP)?.state.members;
    if (members === undefined || members.revision <= this.desired.revision) return;
    const ops = this.roster.follow(members.entries, members.revision);
    if (ops !== undefined) this.rewriteManifest(ops);
  }

  private rewriteManifest(ops: readonly FileOp[]): void {
    this.seq = plus(this.seq, 1);
    this.topology += 1;
    this.effects.push({ kind: 'persist', seq: this.seq, ops });
  }

  /** Groups that this node began with, and those that it has a log of. */
  private start(manifest: Manifest): void {
    this.started = true;
    const { groups: known, quarantined, allQuarantined } = this.recovery;
    for (const founding of manifest.groups) {
      const { group, voters } = founding;
      const isHere = voters.includes(this.id) || known.has(group) || quarantined.includes(group) || allQuarantined;
      if (isHere) this.groups.set(group, this.createGroup(founding, manifest));
    }
    this.groupList = [...this.groups.values()].sort((a, b) => a.id - b.id);
    for (const group of this.groupList) {
      const unlisted = this.recovery.allQuarantined && !this.recovery.groups.has(group.id);
      if (!unlisted && !this.recovery.quarantined.includes(group.id)) continue;
      this.options.probe?.mark('replica.group-quarantined-at-start');
      group.quarantine();
      this.fatal(group.id, 'log_damaged', LOG_DAMAGED);
    }
  }

  private createGroup({ group: id, voters }: GroupMembers, { groups, founders }: Manifest): ReplicaGroup {
    const dataGroups = groups.map(({ group }) => group).filter((group) => group !== GLOBAL_GROUP);
    const { hasher, entropy, timing, buggify, seed, probe } = this.options;
    const recovered = this.recovery.groups.get(id);
    const raft = new Raft(
      {
        id: this.id,
        timing,
        preVote: true,
        checkQuorum: true,
        random: Random.stream(seed, `raft/${id}`),
        buggify,
        ...(probe === undefined ? {} : { probe }),
        noopData: () => encodeEntryData({ wall: this.wall, commands: [], entropy }).data,
      },
      {
        hardState: recovered?.hardState ?? EMPTY_HARD_STATE,
        entries: recovered?.entries ?? [],
        configuration: configurationOf(voters),
      },
      this.now,
    );
    const { observer, pageBytes } = this.options;
    const state = new GroupState({
      group: id,
      hasher,
      dataGroups,
      founders,
      ...(observer === undefined ? {} : { observer }),
      ...(pageBytes === undefined ? {} : { pageBytes }),
    });
    return new ReplicaGroup({
      group: id,
      raft,
      state,
      entropy,
      buggify,
      mark: probe === undefined ? undefined : (name) => probe.mark(name),
      batchMax: this.options.batchMax ?? BATCH_COMMANDS_MAX,
      timing,
      self: this.id,
      sink: this,
    });
  }

  private request(id: RequestId, body: ClientRequest): void {
    if (body.kind === 'status') return this.reply(id, AT_ONCE, { kind: 'status', status: this.status() });
    const refused = checkRequest(body);
    if (refused !== undefined) return this.reply(id, AT_ONCE, errorResult(refused.code, refused.message));
    const group = this.groups.get(groupOf(body));
    if (group === undefined) return this.reply(id, AT_ONCE, this.noSuchGroup(groupOf(body)));
    if (this.roster.isRemoved && !group.hasMember(this.id)) return this.reply(id, AT_ONCE, removedResult());
    if (group.quarantined) {
      this.options.probe?.mark('replica.request-to-quarantined-group');
      return this.reply(id, AT_ONCE, quarantinedResult());
    }
    if (body.kind === 'transfer') return this.guarded(group, () => group.transfer(this.now, this.wall, id, body));
    const work = commandOf(body);
    if (isCommand(work)) return this.guarded(group, () => group.command(this.now, this.wall, id, work));
    if (work.consistency === 'stale') return this.guarded(group, () => group.readStale(id, work));
    return this.guarded(group, () => group.read(this.now, this.wall, id, work));
  }

  private noSuchGroup(id: GroupId): ClientResult {
    const manifest = this.roster.current;
    if (manifest === undefined) {
      return errorResult('not_initialised', 'This node belongs to no cluster yet: run `vouch init` once.', RETRY_AFTER_MS);
    }
    if (!this.started) return errorResult('unavailable', 'This node is opening its log.', RETRY_AFTER_MS);
    if (this.roster.isRemoved) return removedResult();
    if (manifest.groups.some(({ group }) => group === id)) {
      return errorResult('unavailable', 'This node has not heard from the group yet: it has just joined.', RETRY_AFTER_MS);
    }
    return errorResult('group_missing', 'This cluster has no such group.');
  }

  /** C5: a broken invariant stops the group it broke in, nothing else. */
  private guarded(group: ReplicaGroup, work: () => void): void {
    if (group.quarantined) return;
    try {
      work();
    } catch (error) {
      this.broken(group, error);
    }
  }

  private broken(group: ReplicaGroup, error: unknown): void {
    if (!(error instanceof InvariantError)) throw error;
    group.quarantine();
    this.fatal(group.id, 'invariant', error.message);
  }

  private fatal(scope: 'node' | GroupId, code: string, detail: string): void {
    if (scope === 'node') this.dead = true;
    this.effects.push({ kind: 'fatal', scope, code, detail });
  }

  // GroupSink: what groups want during the current step.

  get desired(): GroupSink['desired'] {
    return this.roster;
  }

  membersChanged(): void {
    this.topology += 1;
  }

  persist(group: GroupId, mark: number, records: readonly WalRecord[]): Seq {
    const seq = plus(this.seq, 1);
    for (const record of records) this.records.push(record);
    this.marks.push({ seq, group: this.groups.get(group) as ReplicaGroup, mark });
    return seq;
  }

  send(to: NodeId, group: GroupId, after: Seq, message: Message): void {
    this.effects.push({ kind: 'send', to, after, envelope: { group, message } });
  }

  reply(id: RequestId, after: Seq, result: ClientResult): void {
    this.effects.push({ kind: 'reply', id, after, result });
  }

  /** One WAL batch for all groups of this step, ahead of the effects that wait for it. */
  private flushRecords(): void {
    if (this.records.length === 0) return;
    this.seq = plus(this.seq, 1);
    const ops: readonly FileOp[] = this.recovery.wal.plan(this.records);
    this.walMarks.push({ seq: this.seq, number: this.recovery.wal.lastNumber });
    this.effects.unshift({ kind: 'persist', seq: this.seq, ops });
  }
}
