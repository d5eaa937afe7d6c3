/**
 * Whom this node takes for its cluster: the newest manifest it knows, from the directory it has applied or from a peer that
 * knows more. It never goes back, also not while the log is applied again after a restart: what stands in CLUSTER is newer
 * than what the log says first.
 */
import type { MemberEntry } from '../client/protocol.ts';
import type { FileOp } from '../effect.ts';
import { INDEX_ZERO, type LogIndex, type NodeId } from '../ids.ts';
import { writeManifest } from './directory.ts';
import type { Manifest } from './manifest.ts';

export class Roster {
  private readonly self: NodeId;
  private manifest: Manifest | undefined;
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
  follow(members: readonly MemberEntry[], revision: LogIndex): readonly FileOp[] | undefined {
    const { manifest } = this;
    if (manifest === undefined || revision <= manifest.revision) return undefined;
    return this.write({ ...manifest, revision, members });
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
    this.manifest = manifest;
    this.present = new Set(manifest.members.filter((member) => !member.removed).map((member) => member.id));
    this.isRemoved = manifest.members.some((member) => member.id === this.self && member.removed);
  }
}
