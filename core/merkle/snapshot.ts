/**
 * A past state of a commitment tree that stays provable. It costs nothing to take: the tree copies a node before changing
 * it for as long as a snapshot shares it. What the tree drops is remembered by the newest snapshot that still shows it
 * (`dead`), and handed to an older one or freed when that snapshot is released: no counting of references.
 * Source: the dead lists of ZFS (Ahrens, 2009).
 */
import { assert } from '../assert.ts';
import { NO_NODE, type NodeArena, type NodeRef, type TreeView } from './arena.ts';
import { stateRootBeneath } from './buckets.ts';
import { HASH_BYTES } from './hashes.ts';

export class TreeSnapshot implements TreeView {
  readonly arena: NodeArena;
  readonly root: NodeRef;
  readonly size: number;
  /** Nodes born in a later epoch are not part of it. */
  readonly epoch: number;
  /** Nodes the tree dropped while this was the newest snapshot, and which this snapshot still shows. */
  readonly dead: NodeRef[] = [];
  private readonly rootHash: Uint8Array;
  private readonly onRelease: (snapshot: TreeSnapshot) => void;
  private live: boolean = true;

  constructor(
    state: {
      readonly arena: NodeArena;
      readonly root: NodeRef;
      readonly size: number;
      readonly epoch: number;
      readonly rootHash: Uint8Array;
    },
    onRelease: (snapshot: TreeSnapshot) => void,
  ) {
    this.arena = state.arena;
    this.root = state.root;
    this.size = state.size;
    this.epoch = state.epoch;
    this.rootHash = state.rootHash;
    this.onRelease = onRelease;
  }

  treeRoot(): Uint8Array {
    assert(this.live, 'a released snapshot is not used');
    return this.rootHash.slice();
  }

  /** A snapshot shows the buckets that were in memory when it was taken. */
  reach(target: Uint8Array): void {
    assert(this.live, 'a released snapshot is not used');
    const isHere = this.root === NO_NODE || !this.arena.isStub(this.arena.descend(this.root, target));
    assert(isHere, 'a snapshot is asked for buckets that it has');
  }

  /** Hash of the leaves whose path begins with this byte, or EMPTY. */
  bucketHash(bucket: number): Uint8Array {
    assert(this.live, 'a released snapshot is not used');
    const out = new Uint8Array(HASH_BYTES);
    this.arena.bucketHash({ root: this.root, rootHash: this.rootHash, bucket }, out, 0);
    return out;
  }

  stateRoot(): Uint8Array {
    assert(this.live, 'a released snapshot is not used');
    return stateRootBeneath(this.arena, this.root, this.rootHash);
  }

  /** Lets the tree reuse what only this snapshot showed. Once; the snapshot is not used afterwards. */
  release(): void {
    assert(this.live, 'a snapshot is released once');
    this.live = false;
    this.onRelease(this);
  }
}
