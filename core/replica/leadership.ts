/**
 * What a leader does for its group besides replicating: it brings the members nearer to what the directory wants
 * (reconciler.ts) and hands leadership over (handover.ts): because a client asks, because it is to go itself, or because
 * somebody else is preferred (preference.ts).
 */
import type { Buggify } from '../capability.ts';
import type { ClientRequest, ClientResult } from '../client/protocol.ts';
import { type GroupId, type Micros, type NodeId, plus, type RequestId } from '../ids.ts';
import type { RaftTiming } from '../raft/options.ts';
import type { Raft } from '../raft/raft.ts';
import type { GroupSink } from './group-ports.ts';
import { bestTarget, Handover, type HandoverEnd } from './handover.ts';
import { Preference } from './preference.ts';
import { Reconciler } from './reconciler.ts';
import { errorResult, RETRY_AFTER_MS } from './results.ts';
import type { Desired } from './roster.ts';

export type TransferRequest = Pick<Extract<ClientRequest, { kind: 'transfer' }>, 'from' | 'to'>;

export interface LeadershipOptions {
  readonly group: GroupId;
  readonly self: NodeId;
  readonly raft: Raft;
  readonly timing: RaftTiming;
  readonly sink: Pick<GroupSink, 'desiredOf'>;
  readonly mark: ((name: string) => void) | undefined;
  readonly buggify: Buggify;
}

/** A preferred node has been there for so many of the longest election timeouts before it takes over. */
const SETTLE_TIMEOUTS = 5;

export class Leadership {
  private readonly options: LeadershipOptions;
  private readonly reconciler: Reconciler;
  private readonly preference: Preference;
  private readonly handover: Handover;

  constructor(options: LeadershipOptions) {
    this.options = options;
    const { group, self, raft, mark } = options;
    const { heartbeatMicros, electionTimeoutMaxMicros } = options.timing;
    const patience = { silenceMicros: electionTimeoutMaxMicros, retryMicros: heartbeatMicros };
    this.reconciler = new Reconciler({ self, raft, mark, buggify: options.buggify, ...patience });
    this.preference = new Preference({
      group,
      self,
      raft,
      settleMicros: SETTLE_TIMEOUTS * electionTimeoutMaxMicros,
      ...patience,
    });
    this.handover = new Handover({ group, patienceMicros: 2 * electionTimeoutMaxMicros });
  }

  /** A tenure begins. */
  begin(now: Micros): void {
    this.reconciler.begin(now);
    this.preference.begin();
  }

  /** Whether another node is to take over: nothing is proposed until that has ended. */
  get isEnding(): boolean {
    return this.handover.isPending;
  }

  /** Whether the group's members are those that the directory wants, and nobody is to take over, now or soon. */
  isSettled(now: Micros): boolean {
    const { sink, group } = this.options;
    const desired = sink.desiredOf(group);
    if (this.handover.isPending || !this.reconciler.isSettled(desired)) return false;
    return !this.preference.isPending(now, desired.priorities);
  }

  nextDeadline(): Micros {
    return this.handover.nextDeadline();
  }

  /** Of a leader that was asked to hand over. @returns the answer, where there is one at once; else advance() gives it. */
  transfer(now: Micros, request: RequestId, { from, to }: TransferRequest): ClientResult | undefined {
    const { self } = this.options;
    if (to === self || (from !== undefined && from !== self)) return this.handover.done(self); // as it is wanted
    if (this.handover.isPending) return errorResult('overloaded', 'Leadership is being handed over already.', RETRY_AFTER_MS);
    if (this.handOver(now, request, to)) return undefined;
    const message = to === undefined ? 'No other voter of this group is alive.' : `${to} is no other voter of this group.`;
    return errorResult('not_a_voter', message);
  }

  /** This node had better not lead: whoever is best prepared takes over, where anybody can. */
  giveWay(now: Micros): void {
    if (!this.handover.isPending) this.handOver(now, undefined, undefined);
  }

  /** To be called whenever anything has happened. @returns the end of a handover that somebody waits for. */
  advance(now: Micros, leads: boolean): HandoverEnd | undefined {
    const { raft, sink, group } = this.options;
    if (leads && !this.handover.isPending) {
      const desired = sink.desiredOf(group);
      if (this.reconciler.advance(now, desired)) this.handOver(now, undefined, undefined);
      else this.followPreference(now, desired);
    }
    if (!this.handover.isPending) return undefined;
    const { isTransferring, leader } = raft;
    return this.handover.poll(now, { leads, isTransferring, leader });
  }

  /** To one of the others; which one depends on the log's length, so that all have their turn. */
  handToAnybody(now: Micros): void {
    const { raft, mark } = this.options;
    const voters = raft.status().peers.filter(({ voter }) => voter);
    const target = voters[raft.lastIndex % voters.length]?.id;
    if (target !== undefined && raft.transferLeadership(now, target)) mark?.('replica.leadership-handed-over');
  }

  /** Gives up; for a quarantined group. */
  abandon(result: ClientResult): HandoverEnd | undefined {
    return this.handover.abandon(result);
  }

  private followPreference(now: Micros, { priorities }: Desired): void {
    const preferred = this.preference.advance(now, priorities);
    if (preferred === undefined || !this.handOver(now, undefined, preferred)) return;
    this.options.mark?.('replica.preferred-node-takes-over');
  }

  /** @returns whether it began. */
  private handOver(now: Micros, request: RequestId | undefined, to: NodeId | undefined): boolean {
    const { group, raft, timing, sink } = this.options;
    const { members, priorities } = sink.desiredOf(group);
    const removed = members.filter((member) => member.removed).map((member) => member.id);
    const target =
      to ??
      bestTarget(
        group,
        raft.status().peers,
        ({ id, lastHeard }) => now <= plus(lastHeard, timing.electionTimeoutMaxMicros) && !removed.includes(id),
        priorities,
      );
    if (target === undefined || !raft.transferLeadership(now, target)) return false;
    this.handover.begin(now, request, target, to === undefined ? 'chosen' : 'named');
    return true;
  }
}
