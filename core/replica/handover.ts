/**
 * Leadership on its way to another voter, and who asked for that. Raft does the work (core/raft/transfer.ts); here is whom to
 * choose, when it has ended, and what is said then. At most one at a time in a group.
 */
import type { ClientResult } from '../client/protocol.ts';
import { type GroupId, type Micros, NEVER, type NodeId, plus, type RequestId } from '../ids.ts';
import type { PeerStatus } from '../raft/ready.ts';
import { errorResult } from './results.ts';
import type { Priorities } from './roster.ts';

interface Pending {
  /** undefined: the group's own wish. */
  readonly request: RequestId | undefined;
  readonly target: NodeId;
  /** Whether the target was named, so that nobody else will do. */
  readonly isNamed: boolean;
  readonly deadline: Micros;
}

/** Who leads, as this node sees it. */
export interface LeadershipView {
  readonly leads: boolean;
  readonly isTransferring: boolean;
  readonly leader: NodeId | undefined;
}

export interface HandoverEnd {
  readonly request: RequestId;
  readonly result: ClientResult;
}

/**
 * A voter that has most of the log; of several the one that is preferred. Among equals the group's number decides, so that a node that hands over many groups does
 * not make one other node lead them all.
 */
export function bestTarget(
  group: GroupId,
  peers: readonly PeerStatus[],
  mayLead: (peer: PeerStatus) => boolean,
  priorities?: Priorities,
): NodeId | undefined {
  const able = peers.filter((peer) => peer.voter && mayLead(peer));
  const ready = able.filter((peer) => able.every((other) => other.matchIndex <= peer.matchIndex));
  const priorityOf = ({ id }: PeerStatus): number => priorities?.get(id) ?? 0;
  const best = ready.filter((peer) => ready.every((other) => priorityOf(other) <= priorityOf(peer)));
  return best[group % best.length]?.id;
}

export class Handover {
  private readonly group: GroupId;
  /** How long the new leader may take to be heard of, once this node has given up leadership. */
  private readonly patienceMicros: number;
  private pending: Pending | undefined = undefined;

  constructor(options: { readonly group: GroupId; readonly patienceMicros: number }) {
    this.group = options.group;
    this.patienceMicros = options.patienceMicros;
  }

  get isPending(): boolean {
    return this.pending !== undefined;
  }

  nextDeadline(): Micros {
    return this.pending?.deadline ?? NEVER;
  }

  begin(now: Micros, request: RequestId | undefined, target: NodeId, choice: 'named' | 'chosen'): void {
    this.pending = { request, target, isNamed: choice === 'named', deadline: plus(now, this.patienceMicros) };
  }

  /** Whether it has ended by now. @returns the answer to who asked for it, where somebody did. */
  poll(now: Micros, { leads, isTransferring, leader }: LeadershipView): HandoverEnd | undefined {
    const { pending } = this;
    if (pending === undefined) return undefined;
    if (leads) {
      if (isTransferring) return undefined;
      return this.end(errorResult('transfer_failed', `${pending.target} did not take over in time; this node leads on.`));
    }
    if (leader !== undefined) return this.end(this.outcome(pending, leader));
    if (now < pending.deadline) return undefined;
    return this.end(errorResult('transfer_failed', 'Leadership was given up, and no other node was heard to lead yet.'));
  }

  /** Gives up; for a quarantined group. */
  abandon(result: ClientResult): HandoverEnd | undefined {
    return this.pending === undefined ? undefined : this.end(result);
  }

  done(leader: NodeId): ClientResult {
    return { kind: 'transferred', group: this.group, leader };
  }

  private outcome(pending: Pending, leader: NodeId): ClientResult {
    if (leader === pending.target || !pending.isNamed) return this.done(leader);
    return errorResult('transfer_failed', `${leader} took over instead of ${pending.target}.`);
  }

  private end(result: ClientResult): HandoverEnd | undefined {
    const request = this.pending?.request;
    this.pending = undefined;
    return request === undefined ? undefined : { request, result };
  }
}
