/**
 * Looks at the Raft groups of a node after each of its steps and tells the Raft oracles only what changed: cheap comparisons
 * of counters first, so that a step that changes nothing costs nothing; and only of groups that the step concerned, so that a
 * step costs the same among ten groups and among a hundred (test/sim/many-groups.test.ts shows that the others stay as they are).
 * Keeps what each node's disk must hold: a change made in a step is durable once the persist of that step (or the next one
 * after it) is. A crash may leave any prefix of the changes behind that; recovery must give one of those.
 */

import { isDivergenceMessage } from '../../../core/codec/divergence-message.ts';
import { decodeFrame } from '../../../core/codec/frame.ts';
import { isLivenessMessage, isRecoveryMessage, isSigningMessage, isSnapshotMessage } from '../../../core/codec/peer-message.ts';
import type { GroupId, LogIndex, NodeId } from '../../../core/ids.ts';
import { grown } from '../../../core/lists.ts';
import type { Entry, Message } from '../../../core/raft/message.ts';
import type { Raft } from '../../../core/raft/raft.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import type { VirtualNode } from '../../node.ts';
import type { Observer } from '../../observer.ts';
import type { ReplyEffect, SendEffect, SimInput } from '../../protocol.ts';
import type { VouchShape } from '../../vouch.ts';
import type { Commitments } from './commitments.ts';
import { TermOrder } from './term-order.ts';
import { type Change, GroupView } from './view.ts';

export type VouchNode = VirtualNode<VouchShape, Replica>;

/** A message that left in the present step. */
export interface Left {
  readonly group: GroupId;
  readonly to: NodeId;
  readonly term: number;
}

/** One property of Raft; hooks are called in the order in which things happened. */
export interface RaftOracle {
  readonly name: string;
  readonly claim: string;
  /** Entries from..view.last are new in the view's log. */
  appended?(view: GroupView, from: number): void;
  /** The node began a replica that it had not got before; `view` still shows what was durable. */
  joined?(view: GroupView): void;
  /** The view's log lost its entries from there on. */
  truncated?(view: GroupView, from: number): void;
  termChanged?(view: GroupView, previous: number): void;
  becameLeader?(view: GroupView): void;
  /** The node gave its vote in `term` to another in this step; the view's log is what it voted by. */
  voted?(view: GroupView, term: number, candidate: NodeId): void;
  /** The view's commit index moved; entries (from, view.commit] are newly committed there. */
  committed?(view: GroupView, from: number): void;
  /** More of the view is durable. */
  durable?(view: GroupView): void;
  /** The group was opened from its disk; `view` still shows what was durable before. */
  recovered?(view: GroupView, raft: Raft): void;
  /** A message of the group really leaves. */
  leaving?(view: GroupView, effect: SendEffect<VouchShape>): void;
  /** The node took a message from one that is behind in the group; `view` still shows what was before that step. */
  received?(view: GroupView, from: GroupView, message: Message, left: readonly Left[]): void;
  /** The node took a frame of a peer; `view` shows what it made of it. */
  heard?(view: GroupView): void;
  /** The node began to wait for a leader, or for votes, in this step: that long it will, microseconds of its clock. */
  timerSet?(view: GroupView, micros: number): void;
}

type Hook = Exclude<keyof RaftOracle, 'name' | 'claim'>;
type Having<H extends Hook> = RaftOracle & Required<Pick<RaftOracle, H>>;

/** The oracles by what they watch. Most hooks have one taker, and messages are what a run is made of: only who listens is asked. */
class Hooks {
  readonly appended: readonly Having<'appended'>[];
  readonly truncated: readonly Having<'truncated'>[];
  readonly termChanged: readonly Having<'termChanged'>[];
  readonly becameLeader: readonly Having<'becameLeader'>[];
  readonly committed: readonly Having<'committed'>[];
  readonly durable: readonly Having<'durable'>[];
  readonly recovered: readonly Having<'recovered'>[];
  readonly joined: readonly Having<'joined'>[];
  readonly leaving: readonly Having<'leaving'>[];
  readonly received: readonly Having<'received'>[];
  readonly heard: readonly Having<'heard'>[];
  readonly timerSet: readonly Having<'timerSet'>[];
  readonly voted: readonly Having<'voted'>[];

  constructor(oracles: readonly RaftOracle[]) {
    const having = <H extends Hook>(hook: H): readonly Having<H>[] =>
      oracles.filter((oracle): oracle is Having<H> => oracle[hook] !== undefined);
    this.appended = having('appended');
    this.truncated = having('truncated');
    this.termChanged = having('termChanged');
    this.becameLeader = having('becameLeader');
    this.committed = having('committed');
    this.durable = having('durable');
    this.recovered = having('recovered');
    this.joined = having('joined');
    this.leaving = having('leaving');
    this.received = having('received');
    this.heard = having('heard');
    this.timerSet = having('timerSet');
    this.voted = having('voted');
  }
}

export class RaftWatch implements Observer<VouchShape, Replica> {
  readonly name: string = 'raft-watch';
  readonly claim: string = 'tells the Raft oracles what changed';
  /** Where each group stands in lists by group. */
  private readonly positions: ReadonlyMap<GroupId, number>;
  private readonly hooks: Hooks;
  private readonly nodeOf: ReadonlyMap<NodeId, number>;
  /** views[node][position of the group]. */
  private readonly views: readonly (readonly GroupView[])[];
  /** Highest index that was ever committed, by position of the group. */
  private readonly highestCommits: number[];
  private readonly terms: TermOrder;
  private readonly isRenewed: (node: number, group: GroupId) => boolean;
  /** What has changes on its way to the disk, by node. */
  private readonly awaiting: readonly Set<GroupView>[];
  /** Told of a group in which more is committed than ever before. */
  onCommit: (group: GroupId) => void = () => undefined;
  /** First persist that each node has handed out in its present step, 0 = none: a step's records are in it, whatever follows. */
  private readonly firstSeq: number[];
  /** What left in the present step. */
  private left: Left[] = [];
  /** Elections won so far, all groups together. */
  elections: number = 0;

  constructor(options: {
    readonly ids: readonly NodeId[];
    readonly groups: readonly GroupId[];
    readonly oracles: readonly RaftOracle[];
    readonly commitments: Commitments;
    readonly isRenewed: (node: number, group: GroupId) => boolean;
  }) {
    this.isRenewed = options.isRenewed;
    this.positions = new Map(options.groups.map((group, position) => [group, position]));
    this.hooks = new Hooks(options.oracles);
    this.nodeOf = new Map(options.ids.map((id, node) => [id, node]));
    this.views = options.ids.map((id, node) =>
      options.groups.map((group) => {
        const committedTerm = (index: number): number | undefined => options.commitments.of(group)[index - 1]?.entry.term;
        return new GroupView({ node, id, group, committedTerm });
      }),
    );
    this.highestCommits = options.groups.map(() => 0);
    this.terms = new TermOrder(options.ids.length);
    this.awaiting = options.ids.map(() => new Set());
    this.firstSeq = options.ids.map(() => 0);
  }

  /** All replicas of one group. */
  replicas(group: GroupId): readonly GroupView[] {
    const position = this.positionOf(group);
    return this.views.map((views) => views[position] as GroupView);
  }

  /** The node that leads the group in the newest term; any running one where none does. */
  leaderOf(group: GroupId): number {
    let best: GroupView | undefined;
    for (const view of this.replicas(group)) {
      if (view.raft === undefined) continue;
      const isBetter = best === undefined || (view.role === 'leader' && (best.role !== 'leader' || view.term > best.term));
      if (isBetter) best = view;
    }
    return best?.node ?? 0;
  }

  /** The node that leads most groups, any running one where none leads. */
  busiest(): number {
    let best = -1;
    let most = -1;
    for (const [node, views] of this.views.entries()) {
      if (views.every(({ raft }) => raft === undefined)) continue;
      const led = views.filter(({ raft, role }) => raft !== undefined && role === 'leader').length;
      if (led > most) [best, most] = [node, led];
    }
    return Math.max(best, 0);
  }

  /** Last entry of the group that the node's disk is sure to hold. */
  durableLast(node: number, group: GroupId): number {
    return this.views[node]?.[this.positionOf(group)]?.durableTerms.length ?? 0;
  }

  /** Highest index that was committed anywhere, up to the last step. */
  committedIn(group: GroupId): number {
    return this.highestCommits[this.positionOf(group)] ?? 0;
  }

  opened(node: VouchNode): void {
    this.firstSeq[node.index] = 0;
    for (const view of this.viewsOf(node)) {
      view.raft = undefined;
      view.forgetSequences();
    }
  }

  persisting(node: VouchNode, seq: number): void {
    if (this.firstSeq[node.index] === 0) this.firstSeq[node.index] = seq;
  }

  stepped(node: VouchNode, input: SimInput<VouchShape>): void {
    const left = this.left;
    if (left.length > 0) this.left = [];
    if (!node.running) return;
    this.lookAt(node, input, left);
    this.firstSeq[node.index] = 0;
  }

  private lookAt(node: VouchNode, input: SimInput<VouchShape>, left: readonly Left[]): void {
    const core = node.core as Replica;
    const isFrame = input.kind === 'frame';
    if (isFrame) this.receive(node, input.from, input.bytes, left);
    const views = this.viewsOf(node);
    for (const { group } of core.touchedGroups()) {
      const view = views[this.positionOf(group.id)];
      if (view === undefined) continue; // none of those that are watched
      if (view.raft === undefined && !this.attach(view, core, isFrame ? 'joined' : 'opened')) continue;
      const { role, term } = view;
      const raft = view.raft as Raft;
      this.look(view, raft, this.nextSeq(node));
      if (isFrame) for (const oracle of this.hooks.heard) oracle.heard(view);
      const isNew = (view.role !== role || view.term !== term) && view.role !== 'leader';
      if (isNew && input.kind !== 'persisted') this.tellTimer(view, raft.nextDeadline() - input.now);
    }
  }

  durable(node: VouchNode, seq: number): void {
    this.firstSeq[node.index] = 0; // what opening handed out belongs to no step
    const awaiting = this.awaiting[node.index] as Set<GroupView>;
    for (const view of awaiting) {
      const isMore = view.completeTo(seq);
      if (view.pending.length === 0) awaiting.delete(view);
      if (isMore) for (const oracle of this.hooks.durable) oracle.durable(view);
    }
  }

  crashed(node: VouchNode): void {
    for (const view of this.viewsOf(node)) {
      const raft = view.raft ?? this.joinedJustNow(view, node);
      if (raft !== undefined) this.noteChange(view, raft, this.nextSeq(node));
      view.raft = undefined;
    }
  }

  leaving(node: VouchNode, effect: SendEffect<VouchShape> | ReplyEffect<VouchShape>): void {
    if (effect.kind !== 'send') return;
    const view = this.viewsOf(node)[this.positionOf(effect.envelope.group)];
    if (view === undefined) return;
    const { message } = effect.envelope;
    if (isLivenessMessage(message) || isRecoveryMessage(message) || isDivergenceMessage(message) || isSigningMessage(message))
      return;
    if (!isSnapshotMessage(message)) this.left = grown(this.left, { group: view.group, to: effect.to, term: message.term });
    for (const oracle of this.hooks.leaving) oracle.leaving(view, effect);
  }

  /** The persist that carries what changed in the present step. */
  private nextSeq(node: VouchNode): number {
    const first = this.firstSeq[node.index] as number;
    return first === 0 ? node.issuedSeq + 1 : first;
  }

  /** -1 for a group that is not watched. */
  private positionOf(group: GroupId): number {
    return this.positions.get(group) ?? -1;
  }

  private viewsOf(node: VouchNode): readonly GroupView[] {
    return this.views[node.index] as readonly GroupView[];
  }

  /** Shows the oracles the messages of a frame whose sender is behind; others are not worth decoding twice. */
  private receive(node: VouchNode, sender: NodeId, bytes: Uint8Array, left: readonly Left[]): void {
    const own = this.viewsOf(node);
    const position = this.nodeOf.get(sender);
    if (position === undefined || !isPresent(node, sender)) return;
    const senders = this.views[position] as readonly GroupView[];
    if (!this.terms.isAhead(node.index, position)) return;
    const frame = decodeFrame(bytes);
    if (!frame.ok) return;
    for (const { group, message } of frame.value.envelopes) {
      const at = this.positionOf(group);
      const view = own[at];
      if (view?.raft === undefined || node.core?.group(group)?.quarantined !== false) continue;
      if (isSnapshotMessage(message) || isLivenessMessage(message)) continue;
      if (isRecoveryMessage(message) || isDivergenceMessage(message) || isSigningMessage(message)) continue;
      for (const oracle of this.hooks.received) oracle.received(view, senders[at] as GroupView, message, left);
    }
  }

  private tellTimer(view: GroupView, micros: number): void {
    for (const oracle of this.hooks.timerSet) oracle.timerSet(view, micros);
  }

  /**
   * Finds the group once the replica has started it, and has its recovery judged. One that begins with a member's frame has no
   * past here, and the same step may have gone on from there: what it shows by now is a change like any other.
   */
  private attach(view: GroupView, core: Replica, how: 'opened' | 'joined'): boolean {
    const group = core.group(view.group);
    if (group === undefined || group.quarantined) return false;
    const { raft } = group;
    view.raft = raft;
    if (how === 'joined') {
      for (const oracle of this.hooks.joined) oracle.joined(view);
      view.begin();
      this.terms.moved(view, this.replicas(view.group));
      return true;
    }
    // What was destroyed need not come back: a leader's snapshot stands in its place, and the other oracles judge that.
    const isRenewed = this.isRenewed(view.node, view.group);
    if (!isRenewed) for (const oracle of this.hooks.recovered) oracle.recovered(view, raft);
    view.restart(raft);
    this.terms.moved(view, this.replicas(view.group));
    for (const oracle of this.hooks.appended) oracle.appended(view, raft.baseIndex + 1);
    return true;
  }

  private look(view: GroupView, raft: Raft, seq: number): void {
    const { hardTerm, vote } = view;
    const change = this.noteChange(view, raft, seq);
    // Where the log changed in the same step, nobody can say by which of the two the vote was given.
    const hasVoted = raft.votedFor !== undefined && (raft.votedFor !== vote || raft.term !== hardTerm) && change === undefined;
    if (hasVoted) for (const oracle of this.hooks.voted) oracle.voted(view, raft.term, raft.votedFor as NodeId);
    if (change !== undefined) {
      if (change.truncated) for (const oracle of this.hooks.truncated) oracle.truncated(view, change.from);
      const from = Math.max(change.from, raft.baseIndex + 1); // below, a snapshot stands for entries that are not there
      if (from <= view.last) for (const oracle of this.hooks.appended) oracle.appended(view, from);
    }
    const previousTerm = view.term;
    if (raft.term !== previousTerm) {
      view.term = raft.term;
      this.terms.moved(view, this.replicas(view.group));
      for (const oracle of this.hooks.termChanged) oracle.termChanged(view, previousTerm);
    }
    const { role } = raft;
    if (role !== view.role || (role === 'leader' && raft.term !== previousTerm)) {
      view.role = role;
      if (role === 'leader') {
        this.elections += 1;
        for (const oracle of this.hooks.becameLeader) oracle.becameLeader(view);
      }
    }
    const from = view.commit;
    if (raft.commitIndex !== from) {
      view.commit = raft.commitIndex;
      for (const oracle of this.hooks.committed) oracle.committed(view, from);
      const at = this.positionOf(view.group);
      if (view.commit > (this.highestCommits[at] as number)) {
        this.highestCommits[at] = view.commit;
        this.onCommit(view.group);
      }
    }
  }

  /** Notes a change of log, term or vote for durability. @returns the change of the log, if there was one. */
  private noteChange(view: GroupView, raft: Raft, seq: number): Change | undefined {
    const hard = raft.term !== view.hardTerm || raft.votedFor !== view.vote;
    const change = view.compareLog(raft);
    if (hard || change !== undefined) {
      view.await(seq, raft, change);
      (this.awaiting[view.node] as Set<GroupView>).add(view);
    }
    return change;
  }

  /** The group that a node began in the step in which it died, which may have reached its disk. */
  private joinedJustNow(view: GroupView, { core }: VouchNode): Raft | undefined {
    const group = core?.group(view.group);
    const hasNoPast = view.durableTerm === 0 && view.durableTerms.length === 0 && view.pending.length === 0;
    if (group === undefined || group.quarantined || !hasNoPast) return undefined;
    view.begin();
    this.terms.moved(view, this.replicas(view.group));
    return group.raft;
  }
}

/** Whether the sender is a member as the node knows them; who was removed is not heard any more. */
function isPresent({ core }: VouchNode, sender: NodeId): boolean {
  return core?.manifest()?.members.some(({ id, removed }) => id === sender && !removed) === true;
}

/** The entry at an index that the view says is there. */
export function entryOf(view: GroupView, index: number): Entry {
  return (view.raft as Raft).entry(index as LogIndex) as Entry;
}
