/**
 * Leadership goes where the operator wants it: to a voter whose priority is higher than the leader's, once it has been there
 * for a while and has nearly everything. Priorities are wishes, not rules: elections do not know them, and a group is led by
 * whoever can until somebody better has come back.
 * Why not at once: a node that comes and goes would take leadership away each time it comes, and cost an election each time it goes.
 */
import { type GroupId, type Micros, type NodeId, plus } from '../ids.ts';
import type { Raft } from '../raft/raft.ts';
import type { PeerStatus } from '../raft/ready.ts';
import type { Priorities } from './roster.ts';

export interface PreferenceOptions {
  readonly group: GroupId;
  readonly self: NodeId;
  readonly raft: Raft;
  /** Who has not answered for so long does not count as there. */
  readonly silenceMicros: number;
  /** Somebody better is there for so long before anything happens; so long is the pause between two attempts, too. */
  readonly settleMicros: number;
  /** How often it is looked: a heartbeat, because a leader wakes then anyway and this needs no timer. */
  readonly retryMicros: number;
}

/** Entries that a new leader may still have to fetch while nothing is proposed. */
const LAG_ENTRIES_MAX = 256;

export class Preference {
  private readonly options: PreferenceOptions;
  /** Since when somebody better has been seen at every look. */
  private betterSince: Micros | undefined = undefined;
  private lookAt: Micros = 0 as Micros;

  constructor(options: PreferenceOptions) {
    this.options = options;
  }

  /** A tenure begins. */
  begin(): void {
    this.betterSince = undefined;
    this.lookAt = 0 as Micros;
  }

  /** Whether somebody better is there: the group does not sleep until that one leads. Looks anew: it may have come back just now. */
  isPending(now: Micros, priorities: Priorities | undefined): boolean {
    return priorities !== undefined && this.betterThanSelf(now, priorities).length > 0;
  }

  /** To be called by a leader whenever anything has happened; cheap. @returns to whom to hand over now. */
  advance(now: Micros, priorities: Priorities | undefined): NodeId | undefined {
    if (priorities === undefined) {
      this.betterSince = undefined;
      return undefined;
    }
    if (now < this.lookAt) return undefined;
    this.lookAt = plus(now, this.options.retryMicros);
    const better = this.betterThanSelf(now, priorities);
    if (better.length === 0) {
      this.betterSince = undefined;
      return undefined;
    }
    this.betterSince ??= now;
    if (now < plus(this.betterSince, this.options.settleMicros)) return undefined;
    this.betterSince = now;
    // Among equals the group's number decides, so that many groups are spread over them.
    return better[this.options.group % better.length];
  }

  /** Those of the highest priority among the voters that could take over; none where that is no higher than this node's. */
  private betterThanSelf(now: Micros, priorities: Priorities): readonly NodeId[] {
    const { self, raft } = this.options;
    const own = priorities.get(self);
    if (own === undefined) return []; // the view does not know this node: it may be older than the group
    let highest = own;
    let better: NodeId[] = [];
    for (const peer of raft.status().peers) {
      const priority = priorities.get(peer.id) ?? 0;
      if (priority <= own || priority < highest || !this.couldLead(now, peer)) continue;
      if (priority > highest) better = [];
      highest = priority;
      better.push(peer.id);
    }
    return better.sort();
  }

  private couldLead(now: Micros, peer: PeerStatus): boolean {
    const { raft, silenceMicros } = this.options;
    const isNear = peer.state === 'replicate' && peer.matchIndex >= plus(raft.lastIndex, -LAG_ENTRIES_MAX);
    return peer.voter && isNear && now <= plus(peer.lastHeard, silenceMicros);
  }
}
