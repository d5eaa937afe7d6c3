/**
 * Leader leases: reads on the leader without a message. The argument, with the inequality, is in docs/internals/leases.md:
 *
 *   A voter that answers a heartbeat grants no vote for `electionTimeoutMin` of its own clock from then on (isSticky in
 *   election.ts), whatever terms it hears of; so does a voter that has just started, because it may have answered before.
 *   A leader holds a lease for `leaseMicros` of its own clock from when it SENT the heartbeats of a round that a quorum has
 *   answered. With clocks that run at 1 ± ε of true time, a voter's promise lasts at least (min - 1) / (1 + ε) from the
 *   answer, which comes after the sending, and the lease at most leaseMicros / (1 - ε). So leaseMicros is at most
 *   (min - 1)(1 - ε) / (1 + ε); the 1 is for clocks read in whole microseconds.
 *   Every quorum that elects another leader has a member that answered, so nobody is elected before the lease is over.
 *
 * The exception is a transfer, whose votes ignore promises: a leader that has sent TimeoutNow has no lease in that term.
 * Source: Ongaro 2014, 6.4.1, which measures from the sending too and leaves ε to the reader.
 */
import type { Micros } from '../ids.ts';
import { LEASE_ROUNDS_MAX, PPM } from '../limits.ts';
import type { RaftTiming } from './options.ts';
import type { RaftState } from './state.ts';

const NO_LEASE = 0 as Micros;

/** How long a lease lasts, microseconds of the leader's clock. @param ratePpm bound on how wrong a clock's rate may be. */
export function leaseMicros(timing: RaftTiming, ratePpm: number): number {
  return Math.floor(((timing.electionTimeoutMinMicros - 1) * (PPM - ratePpm)) / (PPM + ratePpm));
}

export class Lease {
  /** While the leader's clock shows less, no other leader has been elected. NO_LEASE on everybody else. */
  until: Micros = NO_LEASE;
  private readonly durationMicros: number;
  /** TimeoutNow was sent in this term. */
  private forfeited: boolean = false;
  /** Rounds without a quorum's answer and when each left, oldest first; both arrays have one length. */
  private rounds: number[] = [];
  private sentAt: Micros[] = [];

  /** @param durationMicros 0: there are no leases. */
  constructor(durationMicros: number) {
    this.durationMicros = durationMicros;
  }

  /** A tenure begins or ends: what was promised to the last one is worth nothing. */
  reset(): void {
    this.drop();
    this.forfeited = false;
  }

  /** Ends the lease; later rounds may bring another. */
  drop(): void {
    this.until = NO_LEASE;
    this.rounds = [];
    this.sentAt = [];
  }

  /** Ends the lease for the rest of the term. */
  forfeit(): void {
    this.until = NO_LEASE;
    this.forfeited = true;
  }

  /** Heartbeats of a new round leave at `now` or later. Beyond the limit a round counts as sent with the last one noted. */
  sent(round: number, now: Micros): void {
    if (this.rounds.length >= LEASE_ROUNDS_MAX) return;
    this.rounds.push(round);
    this.sentAt.push(now);
  }

  /** A quorum has answered this round, and so every older one. */
  confirm(round: number): void {
    let count = 0;
    while (count < this.rounds.length && (this.rounds[count] as number) <= round) count += 1;
    if (count === 0) return;
    const sentAt = this.sentAt[count - 1] as Micros;
    this.rounds.splice(0, count);
    this.sentAt.splice(0, count);
    if (this.durationMicros === 0 || this.forfeited) return;
    this.until = (sentAt + this.durationMicros) as Micros;
  }
}

/** Takes into account what a quorum has answered by now. */
export function renewLease(state: RaftState): void {
  const { members, reads, lease } = state;
  if (members.self !== undefined) members.self.readRound = reads.round;
  lease.confirm(members.quorumReadRound());
}

/** Whether the commit index is, at this moment, the highest of the group: no other leader can have committed anything. */
export function holdsLease(state: RaftState, now: Micros): boolean {
  return now < state.lease.until && state.ownTermCommitted();
}
