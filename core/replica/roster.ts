/**
 * Whom this node takes for its cluster: the newest manifest it knows, from the directory it has applied or from a peer that
 * knows more. It never goes back, also not while the log is applied again after a restart: what stands in CLUSTER is newer
 * than what the log says first.
 */
import type { MemberEntry } from '../client/protocol.ts';
import type { FileOp } from '../effect.ts';
import { GLOBAL_GROUP, type GroupId, INDEX_ZERO, type LogIndex, type NodeId } from '../ids.ts';
import type { Topology } from '../state/directory.ts';
import { isSameMember } from '../state/member-table.ts';
import type { PlacedGroup } from '../state/placed-group.ts';
import { writeManifest } from './directory.ts';
import { foundingOf, type GroupMembers, type Manifest } from './manifest.ts';

/** Whom the operator prefers as leaders: of each member. */
export type Priorities = ReadonlyMap<NodeId, number>;

/** What a group's leader works towards. */
export interface Desired {
  readonly members: readonly MemberEntry[];
  /** Index of the newest change to them. */
  readonly revision: LogIndex;
  /** These have to vote before anybody who is no member of the group any more may go; undefined: no such demand. */
  readonly first: readonly NodeId[] | undefined;
  /** Of those who are to be there; undefined: nobody is preferred to anybody. */
  readonly priorities: Priorities | undefined;
}

export class Roster {
  private readonly self: NodeId;
  private manifest: Manifest | undefined;
  /** What was asked for since the last change; groups that are on every node share one. */
  private readonly desired: Map<GroupId, Desired> = new Map();
  private placed: ReadonlyMap<GroupId, PlacedGroup> = new Map();
  /** Present members, for the gate that every frame passes. */
  private present: ReadonlySet<NodeId> = new Set();
  /** Whether a temporary CLUSTER from before a crash is in the way of the next write. */
  private staleFile: boolean;
  /** Whether this node was removed. */
  isRemoved: boolean = false;

  constructor(self: NodeId, manifest: Manifest | undefined, staleFile: boolean) {
    this.self = self;
    this.staleFile = staleFile;
    this.manifest = undefined;
    if (manifest !== undefined) this.take(manifest);
  }

  get current(): Manifest | undefined {
    return this.manifest;
  }

  get members(): readonly MemberEntry[] {
    return this.manifest?.members ?? [];
  }

  get revision(): LogIndex {
    return this.manifest?.revision ?? INDEX_ZERO;
  }

  /** Whether the node is a member and not removed. */
  isPresent(node: NodeId): boolean {
    return this.present.has(node);
  }

  /** Whether the node is a member, or was one. */
  isKnown(node: NodeId): boolean {
    return this.present.has(node) || this.members.some((member) => member.id === node);
  }

  /** The directory as it is applied here. @returns operations that make it durable, where it knows better. */
  follow({ members, groups, revision }: Topology): readonly FileOp[] | undefined {
    const { manifest } = this;
    if (manifest === undefined || revision <= manifest.revision) return undefined;
    return this.write({ ...manifest, revision, members: members.entries, placed: groups.entries });
  }

  /** The first voters of a group; undefined where the cluster has no such group as far as this node knows. */
  foundingOf(group: GroupId): GroupMembers | undefined {
    return this.manifest === undefined ? undefined : foundingOf(this.manifest, group);
  }

  /** Who is to vote in a group that was made later. */
  votersOf(group: GroupId): readonly NodeId[] | undefined {
    return this.placed.get(group)?.voters;
  }

  /** Groups that were made later with this node among their first voters. */
  get founded(): readonly GroupId[] {
    return [...this.placed.values()].filter(({ founders }) => founders.includes(this.self)).map(({ group }) => group);
  }

  /** What the directory wants of a group: every member, or those that the group is placed on and nobody else. */
  desiredOf(group: GroupId): Desired {
    const key = this.placed.has(group) ? group : GLOBAL_GROUP;
    let desired = this.desired.get(key);
    if (desired === undefined) {
      desired = this.lookUp(key);
      this.desired.set(key, desired);
    }
    return desired;
  }

  /** What a change does not concern keeps its revision, so that no leader has to look at it and no group wakes. */
  private forgetDesired(next: Manifest, placed: ReadonlyMap<GroupId, PlacedGroup>): void {
    const isSame = isSameList(this.members, next.members, (a, b) => a === b || (a.id === b.id && isSameMember(a, b)));
    for (const group of [...this.desired.keys()]) {
      const before = this.placed.get(group)?.voters ?? [];
      const after = placed.get(group)?.voters ?? [];
      if (!isSame || !isSameList(before, after, (a, b) => a === b)) this.desired.delete(group);
    }
  }

  private lookUp(group: GroupId): Desired {
    const voters = this.votersOf(group);
    const { members, revision } = this;
    if (voters === undefined) return { members, revision, first: undefined, priorities: prioritiesOf(members) };
    const wanted = members.map((member): MemberEntry => {
      if (member.removed) return member;
      return voters.includes(member.id) ? { ...member, role: 'voter' } : { ...member, removed: true };
    });
    return { members: wanted, revision, first: voters, priorities: prioritiesOf(wanted) };
  }

  /** Whether a manifest from a peer is news: of this cluster, newer, and it knows this node. */
  isNews(manifest: Manifest): boolean {
    const { manifest: known, self } = this;
    if (!manifest.members.some((member) => member.id === self)) return false;
    return known === undefined || (known.cluster === manifest.cluster && manifest.revision > known.revision);
  }

  /** Takes over a manifest. @returns operations that make it durable. */
  write(manifest: Manifest): readonly FileOp[] {
    this.take(manifest);
    return this.operations(manifest);
  }

  /** Operations that make a manifest durable before it is taken over. */
  operations(manifest: Manifest): readonly FileOp[] {
    const ops = writeManifest(manifest, this.staleFile);
    this.staleFile = false;
    return ops;
  }

  take(manifest: Manifest): void {
    const placed = new Map(manifest.placed.map((group) => [group.group, group]));
    this.forgetDesired(manifest, placed);
    this.manifest = manifest;
    this.placed = placed;
    this.present = new Set(manifest.members.filter((member) => !member.removed).map((member) => member.id));
    this.isRemoved = manifest.members.some((member) => member.id === this.self && member.removed);
  }
}

function prioritiesOf(members: readonly MemberEntry[]): Priorities | undefined {
  const present = members.filter((member) => !member.removed);
  const isEqual = present.every(({ priority }) => priority === present[0]?.priority);
  return isEqual ? undefined : new Map(present.map(({ id, priority }) => [id, priority]));
}

function isSameList<T>(a: readonly T[], b: readonly T[], isSame: (one: T, other: T) => boolean): boolean {
  return a === b || (a.length === b.length && a.every((item, i) => isSame(item, b[i] as T)));
}
