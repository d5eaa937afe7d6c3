/**
 * What keeps sleeping groups safe from a leader that is gone: one sign of life for each pair of nodes instead of one for each
 * group. Two nodes of which one leads sleeping groups of the other beat to each other, and say with eight bytes which groups these
 * are (sleepers.ts). Who agrees knows that all of them are led still. Who does not asks for the list, wakes its groups that do not
 * stand in it (they will hear their leader, or elect one) and has the leader wake those that do not sleep here. Where no leader has
 * been confirmed for an election timeout, the groups that it led wake by themselves; so do those of a leader that hears no quorum.
 * So a node that stops, that is cut off in either direction, that lost a group's leadership or quarantined the group, is missed as
 * soon as with heartbeats. Nothing here is needed for safety: see core/raft/hibernation.ts.
 */
import type { PeerMessage } from '../codec/envelope.ts';
import { GLOBAL_GROUP, type GroupId, type Micros, minOf, NEVER, type NodeId, plus, type Term } from '../ids.ts';
import type { RaftTiming } from '../raft/options.ts';
import type { ReplicaGroup } from './group.ts';
import { Sleepers, type SleepersSum, type SleepingGroup } from './sleepers.ts';

export type LivenessMessage =
  /** The sender lives and leads these sleeping groups of the receiver's, or none. */
  | ({ readonly kind: 'alive' } & SleepersSum)
  /** Which ones? */
  | { readonly kind: 'sleepersAsked' }
  /** These, by group. */
  | { readonly kind: 'sleepers'; readonly groups: readonly SleepingGroup[] };

export interface HibernationHost {
  readonly self: NodeId;
  /** Of the present step. */
  readonly now: () => Micros;
  readonly timing: RaftTiming;
  group(id: GroupId): ReplicaGroup | undefined;
  /** Runs something of a group. */
  guarded(group: ReplicaGroup, work: () => void): void;
  send(to: NodeId, group: GroupId, message: PeerMessage): void;
  mark(name: string): void;
}

/** Sleeping groups that one other node leads, and when that was last known. */
interface Followed {
  readonly groups: Sleepers;
  confirmedAt: Micros;
}

interface Sleep {
  readonly leader: NodeId;
  readonly term: Term;
  /** Who is told that the leader lives: everybody else where this node leads, nobody otherwise. */
  readonly told: readonly NodeId[];
}

/** Beats in an election timeout. Why three: one may be lost. */
const BEATS = 3;
const NONE: SleepersSum = { count: 0, low: 0, high: 0 };
const NOBODY: readonly NodeId[] = [];

export class Hibernation {
  private readonly host: HibernationHost;
  private readonly sleeps: Map<GroupId, Sleep> = new Map();
  /** By the peer that is told. */
  private readonly led: Map<NodeId, Sleepers> = new Map();
  /** By the leading node. */
  private readonly followed: Map<NodeId, Followed> = new Map();
  /** When each peer was last heard of, whatever it said. */
  private readonly lastHeard: Map<NodeId, Micros> = new Map();
  /** Peers of which that is too long ago. */
  private readonly silent: Set<NodeId> = new Set();
  private beatAt: Micros = NEVER;
  private readonly beatMicros: number;

  constructor(host: HibernationHost) {
    this.host = host;
    const { heartbeatMicros, electionTimeoutMinMicros } = host.timing;
    this.beatMicros = Math.max(heartbeatMicros, Math.floor(electionTimeoutMinMicros / BEATS));
  }

  /** When the node that leads this sleeping group was last known to do so. */
  confirmedAt(group: GroupId): Micros | undefined {
    const sleep = this.sleeps.get(group);
    return sleep === undefined ? undefined : this.followed.get(sleep.leader)?.confirmedAt;
  }

  /** A frame of the peer has come. */
  heard(peer: NodeId): void {
    this.lastHeard.set(peer, this.host.now());
    if (this.silent.size > 0) this.silent.delete(peer);
  }

  /** When anything of the peer has last come. */
  heardAt(peer: NodeId): Micros | undefined {
    return this.lastHeard.get(peer);
  }

  /** Something happened in the group: it may have fallen asleep, or woken. */
  review(group: ReplicaGroup): void {
    const { raft, id } = group;
    const known = this.sleeps.get(id);
    const leader = raft.isAsleep && !group.quarantined ? raft.leader : undefined;
    if (known === undefined && leader === undefined) return;
    if (known !== undefined && known.leader === leader && known.term === raft.term) return;
    if (known !== undefined) this.woke(id, known);
    if (leader !== undefined) this.slept(group, leader);
  }

  nextDeadline(): Micros {
    let next = this.beatAt;
    for (const { groups, confirmedAt } of this.followed.values()) {
      if (groups.size > 0) next = minOf(next, this.missedAt(confirmedAt));
    }
    for (const peer of this.led.keys()) if (!this.silent.has(peer)) next = minOf(next, this.silentAt(peer));
    return next;
  }

  deadline(): void {
    const now = this.host.now();
    if (this.beatAt <= now) {
      this.beatAt = plus(now, this.beatMicros);
      this.sendBeats();
    }
    for (const [peer, groups] of this.led) {
      if (this.silent.has(peer) || this.silentAt(peer) > now) continue;
      this.silent.add(peer);
      for (const { group } of groups.list()) this.wakeWithoutQuorum(group);
    }
    for (const [leader, { groups, confirmedAt }] of this.followed) {
      if (groups.size === 0 || this.missedAt(confirmedAt) > now) continue;
      this.host.mark('replica.sleeping-leader-missed');
      for (const { group } of groups.list()) this.wake(group, leader);
    }
  }

  message(from: NodeId, message: LivenessMessage): void {
    switch (message.kind) {
      case 'alive':
        return this.beat(from, message);
      case 'sleepersAsked':
        return this.host.send(from, GLOBAL_GROUP, { kind: 'sleepers', groups: this.led.get(from)?.list() ?? [] });
      case 'sleepers':
        return this.compare(from, message.groups);
    }
  }

  private sendBeats(): void {
    for (const [peer, groups] of this.led) this.host.send(peer, GLOBAL_GROUP, { kind: 'alive', ...groups.sum() });
    for (const [peer, { groups }] of this.followed) {
      if (groups.size > 0 && !this.led.has(peer)) this.host.send(peer, GLOBAL_GROUP, { kind: 'alive', ...NONE });
    }
  }

  private beat(from: NodeId, sum: SleepersSum): void {
    const followed = this.followed.get(from);
    if (followed?.groups.isSum(sum) === true) followed.confirmedAt = this.host.now();
    else if (followed !== undefined || sum.count > 0) this.host.send(from, GLOBAL_GROUP, { kind: 'sleepersAsked' });
  }

  /** The groups of this node that the other one leads and believes asleep, against those that are. */
  private compare(leader: NodeId, listed: readonly SleepingGroup[]): void {
    const followed = this.followed.get(leader);
    const led = new Map(listed.map(({ group, term }) => [group, term]));
    for (const { group, term } of followed?.groups.list() ?? []) {
      if (led.get(group) === term) continue;
      this.host.mark('replica.woken-by-list');
      this.wake(group, leader);
    }
    for (const { group, term } of listed) {
      if (followed?.groups.termOf(group) === term) continue;
      this.host.mark('replica.leader-woken-by-list');
      this.host.send(leader, group, { kind: 'wake', term });
    }
    if (followed !== undefined) followed.confirmedAt = this.host.now();
  }

  private wakeWithoutQuorum(id: GroupId): void {
    const group = this.host.group(id);
    if (group === undefined || group.hasQuorum((node) => !this.silent.has(node))) return;
    this.host.mark('replica.sleeping-quorum-missed');
    this.host.guarded(group, () => group.wake(this.host.now()));
  }

  private wake(id: GroupId, leader: NodeId): void {
    const group = this.host.group(id);
    const followed = this.followed.get(leader);
    if (group === undefined || followed?.groups.termOf(id) === undefined) return;
    this.host.guarded(group, () => group.wake(this.host.now()));
  }

  private slept(group: ReplicaGroup, leader: NodeId): void {
    const { self } = this.host;
    const now = this.host.now();
    const { id, raft } = group;
    if (this.beatAt === NEVER) this.beatAt = plus(now, this.beatMicros);
    const { term } = raft;
    const told = leader === self ? raft.peers.map((peer) => peer.id) : NOBODY;
    this.sleeps.set(id, { leader, term, told });
    for (const peer of told) {
      if (!this.lastHeard.has(peer)) this.lastHeard.set(peer, now);
      this.sleepersOf(this.led, peer, () => new Sleepers()).add(id, term);
    }
    if (leader !== self) {
      const followed = this.sleepersOf(this.followed, leader, () => ({ groups: new Sleepers(), confirmedAt: now }));
      if (followed.groups.size === 0) followed.confirmedAt = now;
      followed.groups.add(id, term);
    }
  }

  private woke(id: GroupId, { leader, told }: Sleep): void {
    this.sleeps.delete(id);
    for (const peer of told) {
      const groups = this.led.get(peer);
      groups?.remove(id);
      if (groups?.size === 0) this.led.delete(peer);
    }
    if (this.sleeps.size === 0) this.beatAt = NEVER;
    this.followed.get(leader)?.groups.remove(id);
  }

  private sleepersOf<T>(map: Map<NodeId, T>, node: NodeId, begin: () => T): T {
    const known = map.get(node) ?? begin();
    map.set(node, known);
    return known;
  }

  private silentAt(peer: NodeId): Micros {
    return plus(this.lastHeard.get(peer) ?? this.host.now(), this.host.timing.electionTimeoutMaxMicros);
  }

  private missedAt(confirmedAt: Micros): Micros {
    return plus(confirmedAt, this.host.timing.electionTimeoutMinMicros);
  }
}
