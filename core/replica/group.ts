/**
 * One Raft group on one node: raft + state machine + the clients that wait for either.
 * The replica owns the WAL, the persist counter and the frames; a group only says what it wants persisted, sent, replied.
 * Path of a command: enqueue -> flush (one entry) -> raft -> collect -> [WAL] -> persisted -> commit -> apply -> reply.
 */
import { assert, defined } from '../assert.ts';
import type { Writer } from '../bytes/writer.ts';
import type { Buggify, Entropy } from '../capability.ts';
import type { ClientResult, GroupStatus } from '../client/protocol.ts';
import { isDivergenceMessage } from '../codec/divergence-message.ts';
import {
  type GroupId,
  type LogIndex,
  type Micros,
  maxOf,
  minOf,
  NEVER,
  type NodeId,
  plus,
  type RequestId,
  type Seq,
} from '../ids.ts';
import {
  APPLY_BYTES_MAX,
  APPLY_ENTRIES_MAX,
  ENTRY_BYTES_MAX,
  OWN_BACKLOG_ENTRIES_MAX,
  PROPOSAL_QUEUE_MAX,
  READ_QUEUE_MAX,
} from '../limits.ts';
import { membersOf } from '../raft/configuration.ts';
import { EntryKind, type Message, type SnapshotMeta } from '../raft/message.ts';
import type { Raft } from '../raft/raft.ts';
import type { StateCapture } from '../state/capture.ts';
import type { Command } from '../state/command.ts';
import { encodeEntryData } from '../state/entry-data.ts';
import type { GroupState, StateQuery } from '../state/group-state.ts';
import type { WalRecord } from '../wal/record.ts';
import { Divergence } from './divergence.ts';
import type { DivergenceMessage } from './divergence-message.ts';
import type { GroupOptions, GroupSink } from './group-ports.ts';
import { GroupReads } from './group-reads.ts';
import { digestRaft, groupStatus } from './group-status.ts';
import { recordsOfInstall } from './install-records.ts';
import { Leadership, type TransferRequest } from './leadership.ts';
import { PendingCommands } from './pending-commands.ts';
import type { Recovering } from './recovering.ts';
import { errorResult, notLeaderResult, quarantinedResult, RETRY_AFTER_MS, unknownOutcomeResult } from './results.ts';
import { WriteAdmission } from './write-admission.ts';

/** Entry header and section framing that a command's own size does not count, bytes. Generous. */
const BATCH_BYTES_MAX = ENTRY_BYTES_MAX - 128 * 1024;
/** What is due and could not be proposed is proposed again after this time; so long may an expiry be late. */
const EXPIRY_RETRY_MICROS = 1000;
const AT_ONCE = 0 as Seq;
const NO_WALL = 0 as Micros;

export class ReplicaGroup {
  readonly id: GroupId;
  readonly raft: Raft;
  private readonly self: NodeId;
  /** Vaults of which a majority has other blocks than this node. */
  readonly divergence: Divergence;
  /** Set when a local invariant broke or the log is damaged: takes part in nothing any more. */
  quarantined: boolean = false;
  /** How a quarantined group gets back what it lost; undefined where it does not, and once it has. */
  recovering: Recovering | undefined = undefined;
  private readonly batchMax: number;
  private readonly entropy: Entropy;
  private readonly buggify: Buggify;
  private readonly mark: ((name: string) => void) | undefined;
  private readonly sink: GroupSink;
  private readonly commands: PendingCommands;
  private readonly reads: GroupReads;
  private readonly admission: WriteAdmission;
  private readonly leadership: Leadership;
  private readonly ownBacklogEntriesMax: number;
  private readonly hibernateMicros: number;
  private current: GroupState;
  /** Index of the configuration entry that was last in force. */
  private epoch: LogIndex;
  /** The newest persist that carries something of this group. */
  private lastSeq: Seq = AT_ONCE;
  private commitIndex: LogIndex = 0 as LogIndex;
  private leading: boolean = false;
  /** When something last happened in the group besides heartbeats. */
  private activeAt: Micros = 0 as Micros;
  private expiryProposed: boolean = false;
  /** Commands that wait to hear who leads. */
  private readonly parked: RequestId[] = [];
  /** The latest wall clock among the entries of this tenure: none of them will have an earlier time. */
  private newestWall: Micros = NO_WALL;
  /** Wall clock of the newest input, for proposals. */
  private wall: Micros = 0 as Micros;

  constructor(options: GroupOptions) {
    this.id = options.group;
    this.raft = options.raft;
    this.self = options.self;
    this.current = options.state;
    this.batchMax = options.batchMax;
    this.commands = new PendingCommands(options.limits.proposalQueueMax ?? PROPOSAL_QUEUE_MAX);
    this.ownBacklogEntriesMax = options.limits.ownBacklogEntriesMax ?? OWN_BACKLOG_ENTRIES_MAX;
    this.hibernateMicros = options.hibernateMicros;
    this.entropy = options.entropy;
    this.buggify = options.buggify;
    this.mark = options.mark;
    this.sink = options.sink;
    const { raft, buggify, mark, sink } = options;
    this.reads = new GroupReads({
      raft,
      state: () => this.current,
      buggify,
      mark,
      refusal: (body) => (body.kind === 'query' ? this.divergence.refusal(body.vault) : undefined),
      judge: (request, write) => (this.leading ? this.admission.confirmed(request, write) : this.sendElsewhere(request)),
      pendingMax: options.limits.pendingReadsMax ?? READ_QUEUE_MAX,
      reply: (request, result) => sink.reply(request, AT_ONCE, result),
    });
    this.admission = new WriteAdmission({
      conditions: options.conditions,
      state: () => this.current,
      commands: this.commands,
      refusal: (command) => this.divergence.refusalOf(command),
      rounds: this.reads,
      mark,
    });
    this.divergence = new Divergence({
      self: this.self,
      raft,
      state: () => this.current,
      heartbeatMicros: options.timing.heartbeatMicros,
      ports: options.divergence,
      mark: (name) => mark?.(name),
      giveWay: (now) => {
        raft.wake(now); // asleep it does not know who is alive
        this.leadership.giveWay(now);
      },
    });
    this.epoch = raft.newestConfiguration.index;
    this.leadership = new Leadership(options);
  }

  /** Replaced as a whole when a snapshot is installed. */
  get state(): GroupState {
    return this.current;
  }

  message(now: Micros, wall: Micros, from: NodeId, message: Message | DivergenceMessage): void {
    this.wall = wall;
    if (isDivergenceMessage(message)) return this.divergence.message(now, from, message);
    if (message.kind !== 'heartbeatResponse') this.activeAt = now;
    this.raft.step(now, from, message);
    this.pump(now);
  }

  /** Whatever is due: raft's timers, apply backlog, expiry, reads that found nobody to ask. */
  deadline(now: Micros, wall: Micros): void {
    this.wall = wall;
    if (this.quarantined) return this.recovering?.deadline(now);
    if (this.state.isCold && this.commitIndex === this.state.lastApplied) this.state.warm();
    this.reads.prove(now);
    this.divergence.deadline(now);
    if (this.isIdle(now)) this.raft.hibernate(now);
    if (this.raft.nextDeadline() <= now) this.raft.deadline(now);
    if (this.leading && !this.raft.isTransferring && this.buggify('replica.hand-over-leadership'))
      this.leadership.handToAnybody(now);
    this.pump(now);
  }

  /** Ends the group's sleep on this node. */
  wake(now: Micros): void {
    this.raft.wake(now);
    this.pump(now);
  }

  /** The directory wants something new of its groups: for their leaders to see to. */
  directoryMoved(now: Micros): void {
    if (!this.leading || this.leadership.isSettled(now)) return;
    this.raft.wake(now);
    this.pump(now);
  }

  persisted(now: Micros, mark: number): void {
    this.raft.persisted(mark);
    this.pump(now);
  }

  /** @param model which one its tuples must fit (WriteAdmission) */
  command(now: Micros, wall: Micros, request: RequestId, command: Command, model?: string): void {
    this.wall = wall;
    this.activeAt = now;
    if (!this.leading) return this.sendElsewhere(request);
    const refused = this.admission.take(now, { request, command, model });
    if (refused !== undefined) return this.sink.reply(request, AT_ONCE, refused);
    this.pump(now);
  }

  read(now: Micros, wall: Micros, request: RequestId, body: StateQuery): void {
    this.wall = wall;
    this.activeAt = now;
    if (!this.reads.take({ now, wall, leading: this.leading }, { request, body })) this.pump(now);
  }

  /** Hands leadership over; answered when that has ended. */
  transfer(now: Micros, wall: Micros, request: RequestId, body: TransferRequest): void {
    this.wall = wall;
    if (this.leading) this.raft.wake(now); // asleep it does not know who is alive
    const answer = this.leading ? this.leadership.transfer(now, request, body) : this.notLeader();
    if (answer !== undefined) this.sink.reply(request, AT_ONCE, answer);
    this.pump(now);
  }

  /** Whether the node is a member in the configuration in force. */
  hasMember(node: NodeId): boolean {
    return membersOf(this.raft.newestConfiguration.configuration).includes(node);
  }

  /** Whether this node and the others that pass make up a quorum. */
  hasQuorum(isThere: (node: NodeId) => boolean): boolean {
    const { voters } = this.raft.newestConfiguration.configuration;
    return voters.filter((id) => id === this.self || isThere(id)).length > voters.length / 2;
  }

  nextDeadline(now: Micros): Micros {
    if (this.quarantined) return this.recovering?.nextDeadline ?? NEVER;
    if (this.commitIndex > this.state.lastApplied || this.state.isCold) return now;
    const own = minOf(this.divergence.nextDeadline, this.reads.nextProof(now));
    const due = minOf(minOf(this.raft.nextDeadline(), this.leadership.nextDeadline()), own);
    const expiry = this.leading && !this.expiryProposed ? this.state.nextExpiry() : undefined;
    // The wall clock decides only when to propose, never what is live: an early or late guess costs one more step.
    return expiry === undefined ? due : minOf(due, plus(now, Math.max(expiry.at - this.wall, EXPIRY_RETRY_MICROS)));
  }

  status(): GroupStatus {
    return groupStatus(this);
  }

  /** Feeds the deciding state into a digest. */
  digest(out: Writer): void {
    digestRaft(out, this);
    out.u8(this.quarantined ? 1 : 0);
    if (!this.quarantined) this.state.digest(out); // else it decides nothing, and may not be readable
    this.divergence.digest(out);
  }

  /** The applied state as it is, to be written as a whole, or as what changed since the newest checkpoint; and what it stands for. */
  capture(what: 'whole' | 'changes'): { readonly capture: StateCapture; readonly meta: SnapshotMeta } {
    const meta = this.raft.snapshotMeta(this.state.lastApplied);
    return { capture: what === 'whole' ? this.state.beginCapture() : this.state.captureChanges(), meta };
  }

  /** A checkpoint is durable: says so in the log. @returns the sequence under which that is durable. */
  markSnapshot({ index, term }: SnapshotMeta): Seq {
    return this.sink.record([{ kind: 'snapshotMark', group: this.id, index, term, log: 'continues' }]);
  }

  /** Whether an offered snapshot still is of use. */
  canInstall(index: LogIndex): boolean {
    return (!this.quarantined || this.recovering !== undefined) && this.raft.role !== 'leader' && index > this.raft.commitIndex;
  }

  /**
   * A fetched state takes the place of the present one; its file becomes durable with this step's persist. Raft is told at once,
   * and what it says waits for that persist like everything else of this group.
   * @returns the sequence of that persist.
   */
  install(now: Micros, meta: SnapshotMeta, state: GroupState): Seq {
    this.collect(now); // what raft has handed out stands before the mark
    this.lastSeq = this.sink.record(recordsOfInstall(this, meta));
    this.current.close();
    this.current = state;
    this.raft.snapshotInstalled(now, meta);
    this.divergence.stateReplaced(now);
    this.pump(now);
    return this.lastSeq;
  }

  /**
   * A state that was rebuilt from a snapshot, and has followed the log as far as the present one, takes its place; its file becomes
   * durable with this step's persist. Raft has nothing to do with it. @returns the sequence of that persist.
   */
  replace(now: Micros, meta: SnapshotMeta, state: GroupState): Seq {
    assert(state.lastApplied === this.current.lastApplied, 'a rebuilt state has caught up');
    this.collect(now);
    this.lastSeq = this.markSnapshot(meta);
    this.current.close();
    this.current = state;
    this.divergence.stateReplaced(now);
    return this.lastSeq;
  }

  /** The snapshot that stands for everything it lost is durable, with the mark that says so: it takes part again. */
  healed(now: Micros): void {
    this.mark?.('replica.group-healed');
    this.recovering = undefined;
    this.quarantined = false;
    this.pump(now);
  }

  /** A damaged member asks for the newest snapshot of a leader. */
  offerSnapshot(now: Micros, to: NodeId): void {
    this.raft.offerSnapshot(now, to);
    this.pump(now);
  }

  /** A fetch came to nothing. */
  snapshotFailed(now: Micros, meta: SnapshotMeta): void {
    this.raft.snapshotFailed(now, meta);
    this.pump(now);
  }

  /** Stops taking part; every waiting client learns it. Siblings go on. */
  quarantine(): void {
    this.quarantined = true;
    this.recovering = undefined;
    const lost = this.commands.drain();
    const result = quarantinedResult();
    for (const request of lost.unknown) this.sink.reply(request, AT_ONCE, unknownOutcomeResult());
    for (const request of lost.never) this.sink.reply(request, AT_ONCE, result);
    this.reads.quarantine();
    for (const request of this.parked.splice(0)) this.sink.reply(request, AT_ONCE, result);
    const handover = this.leadership.abandon(result);
    if (handover !== undefined) this.sink.reply(handover.request, AT_ONCE, handover.result);
  }

  /** Whether nothing has happened for so long, and nothing is under way, that the group may sleep as far as this node knows. */
  private isIdle(now: Micros): boolean {
    if (!this.leading || now < plus(this.activeAt, this.hibernateMicros)) return false;
    const isApplied = this.state.lastApplied === this.raft.commitIndex;
    return isApplied && !this.expiryProposed && this.commands.isEmpty && this.reads.isEmpty && this.leadership.isSettled(now);
  }

  /** Moves everything that can move, until nothing does. */
  private pump(now: Micros): void {
    // Its state may be half of one: an entry that was being applied when the damage showed. Another one takes its place.
    if (this.quarantined) return this.collect(now);
    this.reads.startRound(now);
    this.proposeExpiry();
    this.flush(now);
    this.closeTime(now);
    this.collect(now);
    this.apply();
    this.reconcile(now);
    // A read round may have ended, and applying may end an expiry proposal or empty the pipe; what waits then moves in the same step.
    this.reads.startRound(now);
    this.flush(now);
    this.collect(now);
    this.reads.answerReady();
    if (!this.admission.takeAdmitted()) return;
    this.flush(now);
    this.collect(now);
  }

  /** A leader brings the group's members nearer to what the directory wants. Notices the end of a handover, too. */
  private reconcile(now: Micros): void {
    const ended = this.leadership.advance(now, this.leading);
    if (ended !== undefined) this.sink.reply(ended.request, AT_ONCE, ended.result);
    if (this.parked.length > 0 && !this.isChangingHands) this.unpark();
    if (this.leading) this.collect(now);
  }

  /** Hands one batch to raft if the pipe is free. Commands wait while another node is to take over: it is soon known which. */
  private flush(now: Micros): void {
    if (!this.leading || this.commands.waitingCount === 0 || this.leadership.isEnding) return;
    const { lastIndex, stableIndex } = this.raft;
    if (this.commands.newestProposed > stableIndex) return this.mark?.('replica.group-commit'); // they travel with the next write
    if (lastIndex - stableIndex >= this.ownBacklogEntriesMax) return;
    const batchMax = this.buggify('replica.batch-one-command') ? 1 : this.batchMax;
    const batch = this.commands.takeBatch(batchMax, BATCH_BYTES_MAX);
    const { data, order } = encodeEntryData({
      wall: this.wall,
      commands: batch.map((pending) => pending.command),
      entropy: this.entropy,
    });
    const proposed = this.raft.propose(now, [{ kind: EntryKind.normal, data }]);
    if (!proposed.ok) {
      return this.refuse(
        batch.map((pending) => pending.request),
        proposed.code,
      );
    }
    this.newestWall = maxOf(this.newestWall, this.wall);
    const ordered = order.map((position) => defined(batch[position], 'the order is a permutation'));
    this.collect(now);
    this.commands.markProposed(proposed.firstIndex, proposed.term, ordered, this.lastSeq);
  }

  private refuse(requests: readonly (RequestId | undefined)[], code: 'not_leader' | 'overloaded'): void {
    const overloaded = errorResult('overloaded', 'Too many bytes wait to be committed.', RETRY_AFTER_MS);
    const result = code === 'not_leader' ? this.notLeader() : overloaded;
    for (const request of requests) {
      if (request === undefined) this.expiryProposed = false;
      else this.sink.reply(request, AT_ONCE, result);
    }
  }

  /** Takes what raft has ready: records to the WAL, messages to the peers, finished read rounds. */
  private collect(now: Micros): void {
    for (let ready = this.raft.ready(); ready !== undefined; ready = this.raft.ready()) {
      const records: WalRecord[] = [];
      if (ready.hardState !== undefined) records.push({ kind: 'hardState', group: this.id, hardState: ready.hardState });
      if (ready.truncateFrom !== undefined) records.push({ kind: 'truncate', group: this.id, from: ready.truncateFrom });
      if (ready.entries.length > 0) records.push({ kind: 'entries', group: this.id, entries: ready.entries });
      if (records.length > 0) this.lastSeq = this.sink.persist(this.id, ready.mark, records);
      for (const { to, message, durable } of ready.messages) {
        this.sink.send(to, this.id, durable ? this.lastSeq : AT_ONCE, message);
      }
      this.commitIndex = maxOf(this.commitIndex, ready.commitIndex);
      if (ready.snapshot !== undefined) this.sink.offered(this.id, ready.snapshot);
      for (const finished of ready.reads) this.reads.finishRound(finished);
      if (ready.leadership !== undefined && this.leading) this.loseLeadership(); // 'gained' may hide the end of an older tenure
      this.leading = ready.leadership === undefined ? this.leading : ready.leadership === 'gained';
      if (ready.leadership === 'gained') {
        this.leadership.begin(now);
        this.admission.begin(this.raft.lastIndex);
        this.activeAt = now;
      }
    }
    if (this.raft.newestConfiguration.index === this.epoch) return;
    this.epoch = this.raft.newestConfiguration.index;
    this.sink.membersChanged();
  }

  private loseLeadership(): void {
    this.leading = false;
    this.expiryProposed = false;
    this.newestWall = NO_WALL;
    this.reads.loseLeadership();
    const lost = this.commands.drain();
    if (lost.unknown.length > 0) this.mark?.('replica.proposed-commands-lost');
    if (lost.never.length > 0) this.mark?.('replica.waiting-commands-lost');
    for (const request of lost.unknown) this.sink.reply(request, AT_ONCE, unknownOutcomeResult());
    for (const request of lost.never) this.sendElsewhere(request);
  }

  /** Applies what is committed, in short steps (C11): at least one entry, then up to the limits. */
  private apply(): void {
    // What is to be written leaves first: the disk works, and the others, while this node applies.
    if (this.sink.isWriting) return;
    const last = minOf(this.commitIndex, plus(this.state.lastApplied, APPLY_ENTRIES_MAX));
    if (last < this.commitIndex) this.mark?.('replica.apply-in-slices');
    for (let bytes = 0; this.state.lastApplied < last && bytes < APPLY_BYTES_MAX; ) {
      if (bytes > 0 && this.buggify('replica.apply-one-entry')) return;
      const index = plus(this.state.lastApplied, 1);
      const entry = defined(this.raft.entry(index), 'committed entries are in the log');
      if (!this.state.prepare(entry)) return this.mark?.('replica.apply-waits-for-buckets');
      bytes += entry.data.length;
      const results = this.divergence.withhold(entry, this.state.apply(entry));
      assert(this.state.lastApplied === index, 'apply advances by one entry');
      const waiting = this.commands.takeApplied(index, entry.term);
      if (waiting === undefined) continue;
      assert(waiting.requests.length === results.length, 'one result per command');
      const after = this.raft.stableIndex >= index ? waiting.after : AT_ONCE; // C4: where its copy was not needed for the quorum
      if (after === AT_ONCE) this.mark?.('replica.reply-before-own-disk');
      for (const [position, request] of waiting.requests.entries()) {
        if (request === undefined) this.expiryProposed = false;
        else this.sink.reply(request, after, defined(results[position], 'one result per command'));
      }
    }
  }

  private proposeExpiry(): void {
    if (!this.leading || this.expiryProposed) return;
    const expiry = this.state.nextExpiry();
    if (expiry === undefined || expiry.at > this.wall) return;
    this.mark?.('replica.expiry-proposed');
    this.expiryProposed = this.admission.enqueueOwn({ kind: 'expire', vault: expiry.vault });
  }

  /** Reads at a time wait for an entry behind it: where none is under way, an empty one is appended. */
  private closeTime(now: Micros): void {
    const time = this.reads.timeWanted;
    if (time === undefined || !this.leading || this.commands.waitingCount > 0 || time < this.newestWall) return;
    const wall = maxOf(this.wall, plus(time, 1));
    const { data } = encodeEntryData({ wall, commands: [], entropy: this.entropy });
    if (!this.raft.propose(now, [{ kind: EntryKind.normal, data }]).ok) return;
    this.mark?.('replica.time-closed-by-empty-entry');
    this.newestWall = wall;
  }

  /** This node has handed leadership over, and has not heard from who leads now. */
  private get isChangingHands(): boolean {
    return this.leadership.isEnding && !this.leading && this.raft.leader === undefined;
  }

  /** Says who leads. While leadership changes hands that is known in a moment: who asks waits for it instead of guessing. */
  private sendElsewhere(request: RequestId): undefined {
    if (this.isChangingHands && this.parked.length < PROPOSAL_QUEUE_MAX) this.parked.push(request);
    else this.sink.reply(request, AT_ONCE, this.notLeader());
  }

  private unpark(): void {
    for (const request of this.parked.splice(0)) this.sink.reply(request, AT_ONCE, this.notLeader());
  }

  private notLeader(): ClientResult {
    return notLeaderResult(this.raft.leader);
  }
}
