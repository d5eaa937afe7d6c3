/**
 * What the leader of a group does next to make its members those that the directory wants. One step at a time, and nothing
 * while the last one is not committed. Pure in `nextStep`; `Reconciler` says when it is worth asking.
 *
 * Rules, in this order (members sorted by id, so that equal views give equal steps):
 *   1. who is wanted and is not in the group becomes a learner; one that is to vote is promoted by raft once it has caught up;
 *   2. a learner that is to vote and was not promotable becomes promotable;
 *   3. who was removed goes: once its successor votes here, where it has one; only if the others that are alive can decide
 *      without it; the leader itself last, after it has handed over. In a group that is placed on some nodes, once all of those vote.
 * A member that the view does not know is left alone: after a restart the view may be older than the group. Only a tombstone
 * removes. Source: Ongaro 2014, 4.2 (learners first, then one change at a time, removed leaders).
 */
import type { Buggify } from '../capability.ts';
import type { MemberEntry } from '../client/protocol.ts';
import { INDEX_ZERO, type LogIndex, type Micros, NEVER, type NodeId, plus } from '../ids.ts';
import { MEMBERS_MAX } from '../limits.ts';
import { isJoint, isVoter, type MemberChange, membersOf } from '../raft/configuration.ts';
import type { Configuration } from '../raft/message.ts';
import type { Raft } from '../raft/raft.ts';
import type { Desired } from './roster.ts';

export interface GroupView {
  readonly self: NodeId;
  /** In force in the group. */
  readonly configuration: Configuration;
  /** What the directory wants, sorted by id. */
  readonly members: readonly MemberEntry[];
  /** These have to vote before anybody goes; undefined: no such demand. */
  readonly first?: readonly NodeId[] | undefined;
  /** Whether the node has answered lately, and since this node leads. */
  readonly isAlive: (node: NodeId) => boolean;
}

export type Step =
  /** The group is as the directory wants it, or raft is on its way there by itself. */
  | { readonly kind: 'settled' }
  /** Something has to happen elsewhere first. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'change'; readonly change: MemberChange }
  /** This node is to go and leads: another voter has to take over first. */
  | { readonly kind: 'handOver' };

const SETTLED: Step = { kind: 'settled' };
const WAIT: Step = { kind: 'wait' };

export function nextStep(view: GroupView): Step {
  const { configuration, members } = view;
  if (isJoint(configuration)) return WAIT;
  // A full group has to let somebody go before somebody else fits in.
  const isFull = membersOf(configuration).length >= MEMBERS_MAX;
  for (const { id, role, removed } of isFull ? [] : members) {
    if (removed || isVoter(configuration, id)) continue;
    const promote = role === 'voter';
    const isPrepared = configuration.learners.includes(id) && (!promote || configuration.promotable.includes(id));
    if (!isPrepared) return { kind: 'change', change: { kind: 'learner', id, promote } };
  }
  return nextRemoval(view);
}

function nextRemoval(view: GroupView): Step {
  const present = membersOf(view.configuration);
  const leaving = view.members.filter(({ id, removed }) => removed && present.includes(id));
  for (const member of leaving) {
    if (member.id !== view.self && mayGo(view, member)) {
      return { kind: 'change', change: { kind: 'remove', id: member.id } };
    }
  }
  const own = leaving.find(({ id }) => id === view.self);
  if (own !== undefined && mayGo(view, own)) return { kind: 'handOver' };
  return leaving.length === 0 ? SETTLED : WAIT;
}

function mayGo(view: GroupView, member: MemberEntry): boolean {
  const { configuration, members, self, isAlive, first } = view;
  if (first?.some((id) => !configuration.voters.includes(id)) === true) return false;
  const successor = successorOf(members, member);
  if (successor !== undefined && !configuration.voters.includes(successor)) return false;
  if (!configuration.voters.includes(member.id)) return true;
  const others = configuration.voters.filter((id) => id !== member.id);
  const alive = others.filter((id) => id === self || isAlive(id));
  return others.length > 0 && alive.length > others.length / 2;
}

/** Who has to vote before the member goes. One that was removed meanwhile passes that on to its own successor. */
function successorOf(members: readonly MemberEntry[], member: MemberEntry): NodeId | undefined {
  let next = member.replacedBy;
  for (let hops = 0; next !== undefined && hops < members.length; hops += 1) {
    const found = members.find(({ id }) => id === next);
    if (found === undefined || !found.removed) return next;
    next = found.replacedBy;
  }
  return undefined;
}

export interface ReconcilerOptions {
  readonly self: NodeId;
  readonly raft: Raft;
  /** A member that has not answered for so long counts as dead. */
  readonly silenceMicros: number;
  /** How soon a step that has to wait is looked at again. A heartbeat: a leader wakes then anyway, so this needs no timer. */
  readonly retryMicros: number;
  readonly mark: ((name: string) => void) | undefined;
  readonly buggify: Buggify;
}

/** Attempts to hand over before a leader that is to go removes itself; its group then waits for an election. */
const HAND_OVERS_MAX = 3;

export class Reconciler {
  private readonly options: ReconcilerOptions;
  /** What was looked at last: nothing new, nothing to do. */
  private revision: LogIndex = INDEX_ZERO;
  private epoch: LogIndex = INDEX_ZERO;
  private isCommitted: boolean = false;
  private lookAt: Micros = 0 as Micros;
  private beganAt: Micros = 0 as Micros;
  private handOvers: number = 0;

  constructor(options: ReconcilerOptions) {
    this.options = options;
  }

  /** A tenure begins: look at once. */
  begin(now: Micros): void {
    this.beganAt = now;
    this.lookAt = 0 as Micros;
    this.handOvers = 0;
  }

  /** Whether the last look found nothing to do, and the view has not changed since. */
  isSettled({ revision }: Desired): boolean {
    return this.revision === revision && this.lookAt === NEVER;
  }

  /**
   * To be called by a leader whenever anything has happened; cheap where that concerns nothing here.
   * @returns whether leadership has to be handed over.
   */
  advance(now: Micros, { members, revision, first }: Desired): boolean {
    const { raft } = this.options;
    const { index: epoch, configuration } = raft.newestConfiguration;
    const isCommitted = raft.commitIndex >= epoch;
    const isSame = revision === this.revision && epoch === this.epoch && isCommitted === this.isCommitted;
    if (isSame && now < this.lookAt) return false;
    this.revision = revision;
    this.epoch = epoch;
    this.isCommitted = isCommitted;
    this.lookAt = NEVER;
    const peers = raft.status().peers;
    // A tenure begins with everybody as if just heard: who has died before it counts only once it has answered in it.
    const isAlive = (node: NodeId): boolean =>
      peers.some(
        ({ id, lastHeard }) => id === node && lastHeard > this.beganAt && now <= plus(lastHeard, this.options.silenceMicros),
      );
    const step = nextStep({ self: this.options.self, configuration, members, first, isAlive });
    switch (step.kind) {
      case 'settled':
        return false;
      case 'wait':
        this.lookAgain(now);
        return false;
      case 'change':
        this.propose(now, step.change, epoch);
        return false;
      case 'handOver':
        return this.handOver(now, epoch);
    }
  }

  private propose(now: Micros, change: MemberChange, epoch: LogIndex): void {
    // One voter at a time needs no joint configuration; one that is entered all the same has to come out as well.
    const transition = this.options.buggify('replica.change-jointly') ? 'implicit' : 'auto';
    const proposed = this.options.raft.proposeConfiguration(now, { changes: [change], transition, epoch });
    if (!proposed.ok) this.lookAgain(now);
    else if (change.kind === 'remove') this.options.mark?.('replica.member-let-go');
    else this.options.mark?.('replica.member-taken-in');
  }

  private handOver(now: Micros, epoch: LogIndex): boolean {
    this.lookAgain(now);
    this.handOvers += 1;
    if (this.handOvers <= HAND_OVERS_MAX) return true;
    this.propose(now, { kind: 'remove', id: this.options.self }, epoch);
    return false;
  }

  private lookAgain(now: Micros): void {
    this.lookAt = plus(now, this.options.retryMicros);
  }
}
