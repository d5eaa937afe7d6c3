/**
 * Every read of one group on one node, by what the client asked for:
 *   linearizable    at once under a lease; else it joins the next ReadIndex round (pending-reads.ts)
 *   bounded         from the newest confirmed round, if that was asked for recently enough; else like linearizable
 *   eventual        from what is applied
 *   at a height     from what is applied where that block is here, on any node; else like its consistency
 *   at a time       from what is applied where an entry behind that time is here, on any node; else the leader closes the
 *                   time with an empty entry (timed-reads.ts), and other nodes say who leads
 * Source: Ongaro 2014, 6.4; design 20-consensus, Reads.
 */
import type { Buggify } from '../capability.ts';
import type { ClientResult } from '../client/protocol.ts';
import { INDEX_ZERO, type Micros, maxOf, NEVER, plus, type RequestId } from '../ids.ts';
import { PROOF_SLICE_LEAVES } from '../limits.ts';
import type { Raft } from '../raft/raft.ts';
import type { FinishedRead } from '../raft/ready.ts';
import type { GroupState, StateQuery } from '../state/group-state.ts';
import { ProofWork } from '../state/proof-work.ts';
import { type PendingRead, PendingReads } from './pending-reads.ts';
import { ProofQueue } from './proof-queue.ts';
import { errorResult, notLeaderResult, quarantinedResult, RETRY_AFTER_MS } from './results.ts';
import { TimedReads } from './timed-reads.ts';
import type { FittedWrite } from './write-admission.ts';

/** How long a proof rests that is to meet the end of its vault or state: a few elections. */
const PROOF_REST_MICROS = 500_000;

export interface GroupReadsOptions {
  readonly raft: Raft;
  /** The applied state; an installed snapshot replaces it. */
  readonly state: () => GroupState;
  readonly buggify: Buggify;
  readonly mark: ((name: string) => void) | undefined;
  /** Why this node does not answer a read at all; undefined where it does. */
  readonly refusal: (body: PendingRead['body']) => ClientResult | undefined;
  /** Judges a write; the result where it is not taken. */
  readonly judge: (request: RequestId, write: FittedWrite) => ClientResult | undefined;
  /** Reads of each kind that wait at most. */
  readonly pendingMax: number;
  /** Replies to reads wait for nothing: what they show is durable on a quorum. */
  readonly reply: (request: RequestId, result: ClientResult) => void;
}

/** What a read is judged by when it arrives. */
export interface ReadMoment {
  readonly now: Micros;
  readonly wall: Micros;
  /** Whether this node leads the group and may append. */
  readonly leading: boolean;
}

export class GroupReads {
  private readonly raft: Raft;
  private readonly stateNow: () => GroupState;
  private readonly buggify: Buggify;
  private readonly mark: ((name: string) => void) | undefined;
  private readonly refusal: GroupReadsOptions['refusal'];
  private readonly judge: GroupReadsOptions['judge'];
  private readonly reply: (request: RequestId, result: ClientResult) => void;
  private readonly pending: PendingReads;
  private readonly timed: TimedReads;
  private readonly proofs: ProofQueue = new ProofQueue();
  private provesFrom: Micros = 0 as Micros;

  constructor(options: GroupReadsOptions) {
    this.raft = options.raft;
    this.stateNow = options.state;
    this.buggify = options.buggify;
    this.mark = options.mark;
    this.refusal = options.refusal;
    this.judge = options.judge;
    this.reply = options.reply;
    this.pending = new PendingReads(options.pendingMax);
    this.timed = new TimedReads(options.pendingMax);
  }

  private get state(): GroupState {
    return this.stateNow();
  }

  /** Takes a read. @returns whether it was answered; else the group has to be pumped. */
  take(moment: ReadMoment, read: PendingRead & { readonly body: StateQuery }): boolean {
    const { body } = read;
    if (body.kind === 'query' && body.at.kind === 'time') return this.takeTimed(moment, read, body.at.time);
    if (body.consistency === 'eventual' || this.state.isPast(body) || this.isCurrent(moment.now)) return this.answerOne(read);
    if (typeof body.consistency === 'object') return this.takeBounded(moment.now, read, body.consistency.boundedMs * 1000);
    return this.enqueue(read);
  }

  /** Lets a write wait for the next round; it is judged behind it. */
  confirm(request: RequestId, write: FittedWrite): void {
    this.enqueue({ request, body: write });
  }

  /** Whether nobody waits for an answer. */
  get isEmpty(): boolean {
    return this.pending.isEmpty && this.timed.latest === undefined && this.proofs.isEmpty;
  }

  /** When `prove` has something to work at. */
  nextProof(now: Micros): Micros {
    return this.proofs.isEmpty ? NEVER : maxOf(now, this.provesFrom);
  }

  /** Works for one step at a proof that is being made. */
  prove(now: Micros): void {
    if (this.proofs.isEmpty || now < this.provesFrom) return;
    if (this.buggify('replica.proof-rests')) {
      this.provesFrom = plus(now, PROOF_REST_MICROS);
      return;
    }
    const done = this.proofs.work(this.proofSlice());
    if (done?.result === 'ask anew') {
      this.mark?.('replica.proof-asked-anew');
      this.answerOne(done.read);
    } else if (done !== undefined) this.reply(done.read.request, this.refusal(done.read.body) ?? done.result);
  }

  /** Asks for a round where reads wait for one and none is under way. */
  startRound(now: Micros): void {
    if (!this.pending.wantsRound) return;
    const context = this.pending.beginRound(now);
    if (this.buggify('replica.refuse-read-round')) this.mark?.('replica.read-round-refused');
    else if (this.raft.readIndex(now, context)) return;
    this.fail(this.pending.endRound(context, false, INDEX_ZERO));
  }

  /** A round ended. */
  finishRound({ context, ok, index }: FinishedRead): void {
    this.fail(this.pending.endRound(context, ok, index));
  }

  /** The latest time that has to be closed for somebody. */
  get timeWanted(): Micros | undefined {
    return this.timed.latest;
  }

  /** Answers what the applied state may answer by now. */
  answerReady(): void {
    const ready = this.pending.takeReady(this.state.lastApplied);
    if (ready.length > 0) this.answer(ready);
    const timed = this.timed.takeReady(this.state.lastTime);
    if (timed.length > 0) this.answer(timed);
  }

  /** This node closes no times any more. */
  loseLeadership(): void {
    for (const { request } of this.timed.drain()) this.reply(request, notLeaderResult(this.raft.leader));
  }

  /** Gives up everything. */
  quarantine(): void {
    const result = quarantinedResult();
    for (const { request } of this.pending.drain()) this.reply(request, result);
    for (const { request } of this.timed.drain()) this.reply(request, result);
    for (const { request } of this.proofs.drain()) this.reply(request, result);
  }

  /** A lease says that nobody else has committed anything, and everything committed here is applied. */
  isCurrent(now: Micros): boolean {
    const isCurrent = this.raft.holdsLease(now) && this.state.lastApplied >= this.raft.commitIndex;
    if (isCurrent) this.mark?.('replica.read-under-lease');
    return isCurrent;
  }

  private takeBounded(now: Micros, read: PendingRead, ageMicros: number): boolean {
    const index = this.pending.confirmedSince((now - ageMicros) as Micros);
    if (index === undefined) return this.enqueue(read);
    if (index <= this.state.lastApplied) {
      this.mark?.('replica.bounded-read-at-once');
      return this.answerOne(read);
    }
    this.mark?.('replica.bounded-read-waits-for-apply');
    return this.pending.waitFor(read, index) ? false : this.overloaded(read);
  }

  private takeTimed({ wall, leading }: ReadMoment, read: PendingRead, time: Micros): boolean {
    const { state } = this;
    if (time < state.lastTime) return this.answerOne(read);
    if (!leading) {
      this.mark?.('replica.time-not-closed-here');
      return this.finish(read, notLeaderResult(this.raft.leader));
    }
    if (time > maxOf(wall, state.lastTime)) {
      this.mark?.('replica.time-in-future');
      return this.finish(
        read,
        errorResult('time_in_future', `that time is in the future: the leader's clock shows ${wall} microseconds since 1970`),
      );
    }
    return this.timed.enqueue(time, read) ? false : this.overloaded(read);
  }

  private enqueue(read: PendingRead): boolean {
    return this.pending.enqueue(read) ? false : this.overloaded(read);
  }

  private overloaded(read: PendingRead): boolean {
    return this.finish(read, errorResult('overloaded', 'Too many reads wait in this group.', RETRY_AFTER_MS));
  }

  private finish({ request }: PendingRead, result: ClientResult): boolean {
    this.reply(request, result);
    return true;
  }

  private answerOne(read: PendingRead): boolean {
    this.answer([read]);
    return true;
  }

  private fail(reads: readonly PendingRead[]): void {
    const result = errorResult('unavailable', 'No leader confirmed the read in time.', RETRY_AFTER_MS);
    for (const { request } of reads) this.reply(request, result);
  }

  /** Answers from the applied state. A read that breaks an invariant leaves none without an answer. */
  private answer(reads: readonly PendingRead[]): void {
    let count = 0;
    try {
      for (const read of reads) {
        const result = this.refusal(read.body) ?? this.begin(read);
        if (result?.kind === 'error' && result.code === 'pruned_height') this.mark?.('replica.read-pruned');
        if (result !== undefined) this.reply(read.request, result);
        count += 1;
      }
    } finally {
      for (; count < reads.length; count += 1) this.reply((reads[count] as PendingRead).request, quarantinedResult());
    }
  }

  /** @returns nothing where a proof goes on in later steps. */
  private begin(read: PendingRead): ClientResult | undefined {
    const { state } = this;
    if (read.body.kind === 'fittedWrite') return this.judge(read.request, read.body);
    const begun = state.begin(read.body);
    if (!(begun instanceof ProofWork)) return begun;
    const result = begun.work(this.proofSlice());
    if (result !== undefined) return result;
    if (this.proofs.add({ read, work: begun, state })) {
      this.mark?.('replica.proof-in-slices');
      return undefined;
    }
    begun.end();
    return errorResult('overloaded', 'Too many proofs are being made in this group.', RETRY_AFTER_MS);
  }

  private proofSlice(): number {
    return this.buggify('replica.short-proof-slice') ? 1 : PROOF_SLICE_LEAVES;
  }
}
