/**
 * The commitment tree: a path-compressed binary Merkle trie over paths. Its shape depends on its contents only, so any
 * replica, replay or snapshot arrives at the same roots and the same proof bytes.
 *
 * A change walks from the root to the place (`spine`), makes the nodes on the way this tree's own (copying those a snapshot
 * shares) and marks their hashes stale; a root recomputes what is stale, each node once however many leaves changed.
 * A bucket whose leaves are not in memory is a stub in its place, with the hash that the block behind the last change to it
 * committed; it is loaded when somebody needs a leaf of it, and must have that hash then.
 *
 * Invariants: the bits of inner nodes grow downwards; both children of an inner node exist; if a hash beneath a child is
 * stale, the child's hash in its parent is stale too.
 */
import { assert } from '../assert.ts';
import type { Hasher } from '../capability.ts';
import { DamageError } from '../errors.ts';
import { NO_NODE, NodeArena, type NodeRef, type Side, type TreeView } from './arena.ts';
import { bitAt } from './bits.ts';
import { BUCKET_VECTOR_BYTES, bucketVector, stateRootBeneath, stateRootOf } from './buckets.ts';
import { BUCKETS, copyHash, HASH_BYTES, sameHash } from './hashes.ts';
import { isPathLength, PATH_BITS_MAX } from './path.ts';
import { TreeSnapshot } from './snapshot.ts';
import { SubtreeBuilder, type SubtreeLeaf } from './subtree.ts';

/**
 * Leaves from which the tree keeps its bucket vector between roots. Why not always: 8 KiB for each of 100,000 small vaults;
 * beneath this size the vector is cheap to assemble.
 */
const CACHED_VECTOR_LEAVES: number = 256;

/** The leaves of a bucket, in path order; asked for where they are not in memory. */
export type BucketSource = (bucket: number) => readonly SubtreeLeaf[];

export class CommitmentTree implements TreeView {
  readonly arena: NodeArena;
  private readonly source: BucketSource | undefined;
  /** 1 at i: bucket i is a stub. */
  private readonly stubs: Uint8Array = new Uint8Array(BUCKETS);
  /** How many buckets are stubs. */
  stubCount: number = 0;
  private rootRef: NodeRef = NO_NODE;
  private readonly rootHash: Uint8Array;
  private rootStale: boolean = false;
  private leafCount: number = 0;

  /** Epoch of the nodes made now; one more than that of the newest snapshot ever taken. */
  private epoch: number = 1;
  /** Epoch of the newest live snapshot: nodes born up to then are shared. 0 = none. */
  private frozen: number = 0;
  /** Live snapshots, oldest first. */
  private readonly snapshots: TreeSnapshot[] = [];

  private vector: Uint8Array | undefined = undefined;
  private readonly dirtyBuckets: Uint8Array = new Uint8Array(BUCKETS);

  /** Inner nodes from the root to where the last walk ended, and the side taken at each. */
  private readonly spine: Int32Array = new Int32Array(PATH_BITS_MAX);
  private readonly sides: Uint8Array = new Uint8Array(PATH_BITS_MAX);
  private depth: number = 0;

  /** @param source of a tree that begins with stubs (`plant`) */
  constructor(hasher: Hasher, source?: BucketSource) {
    this.arena = new NodeArena(hasher);
    this.rootHash = this.arena.empty.slice();
    this.source = source;
  }

  get root(): NodeRef {
    return this.rootRef;
  }

  /** Leaves in the tree. */
  get size(): number {
    return this.leafCount;
  }

  /** Whether a leaf stands at a path of 32, 96 or 97 bytes. */
  has(path: Uint8Array): boolean {
    assert(isPathLength(path.length), 'a path has 32, 96 or 97 bytes');
    this.need(path[0] as number);
    if (this.rootRef === NO_NODE) return false;
    return this.arena.difference(this.arena.descend(this.rootRef, path), path) < 0;
  }

  /** Puts or replaces a leaf. @param path of 32, 96 or 97 bytes. @param valueHash SHA-256 of the canonical value. Both copied. */
  set(path: Uint8Array, valueHash: Uint8Array): void {
    assert(isPathLength(path.length), 'a path has 32, 96 or 97 bytes');
    assert(valueHash.length === HASH_BYTES, 'a value hash has 32 bytes');
    this.need(path[0] as number);
    this.dirtyBuckets[path[0] as number] = 1;
    if (this.rootRef === NO_NODE) {
      this.depth = 0;
      this.leafCount = 1;
      return this.attachLeaf(this.arena.newLeaf(path, valueHash, this.epoch));
    }
    const leaf = this.walk(path);
    const difference = this.arena.difference(leaf, path);
    if (difference < 0) this.replace(leaf, valueHash);
    else this.insert(difference, path, valueHash);
  }

  /** Whether the leaves of a bucket are in memory. */
  isLoaded(bucket: number): boolean {
    return this.stubs[bucket] === 0;
  }

  reach(target: Uint8Array): void {
    if (this.stubCount === 0 || this.rootRef === NO_NODE) return;
    const leaf = this.arena.descend(this.rootRef, target);
    if (this.arena.isStub(leaf)) this.need(this.arena.bucketOf(leaf));
  }

  /** Begins with the buckets as they were committed. Before anything else, once for each that is not empty. */
  plant(bucket: number, hash: Uint8Array): void {
    assert(this.stubs[bucket] === 0 && this.source !== undefined, 'a bucket is planted once, where it can be loaded');
    const path = Uint8Array.of(bucket);
    this.depth = 0;
    if (this.rootRef !== NO_NODE) this.makePlace(this.arena.difference(this.walk(path), path), path);
    this.attach(this.arena.newStub(bucket, this.epoch));
    this.setHashStale(false);
    this.copyHashToPlace(hash, 0);
    this.stubs[bucket] = 1;
    this.stubCount += 1;
  }

  /** The leaves that the stubs stand for. */
  countUnloaded(leaves: number): void {
    this.leafCount += leaves;
  }

  /** Loads a bucket where it is not in memory. */
  need(bucket: number): void {
    if (this.stubs[bucket] === 0) return;
    assert(this.source !== undefined, 'a tree with stubs has a source');
    this.load(bucket, this.source(bucket));
  }

  /** Puts the leaves of a bucket, in path order, in the place of its stub. Throws DamageError where they are not what was committed. */
  load(bucket: number, leaves: readonly SubtreeLeaf[]): void {
    const builder = this.beginLoad(bucket);
    for (const leaf of leaves) builder.add(leaf);
    this.endLoad(bucket, builder);
  }

  /** The same in steps: the builder gets the leaves. The bucket may be loaded by somebody else meanwhile. */
  beginLoad(bucket: number): SubtreeBuilder {
    assert(this.stubs[bucket] === 1, 'a stub is loaded');
    // Born with the stub: snapshots that share its parent see the leaves, too.
    return new SubtreeBuilder(this.arena, this.arena.birth(this.walkToBucket(bucket)));
  }

  endLoad(bucket: number, builder: SubtreeBuilder): void {
    if (this.stubs[bucket] === 0) return builder.abandon();
    const planted = builder.finish();
    const stub = this.walkToBucket(bucket);
    if (planted === undefined || !sameHash(planted.hash, 0, this.placeBytes(), this.placeAt())) {
      throw new DamageError('bucket_damaged', 'the rows of a bucket are not what its block has committed');
    }
    this.attach(planted.root);
    this.retire(stub);
    this.stubs[bucket] = 0;
    this.stubCount -= 1;
  }

  /** Forgets the leaves of a bucket, which its source must have. Not while a snapshot is live. */
  unload(bucket: number): void {
    assert(this.frozen === 0 && this.source !== undefined, 'a bucket is forgotten where nobody else shows it');
    if (this.stubs[bucket] === 1 || this.rootRef === NO_NODE) return;
    this.rehash();
    const top = this.walkToBucket(bucket);
    if (this.arena.bucketOf(top) !== bucket) return;
    const open: NodeRef[] = [top];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node > 0) open.push(this.arena.child(node, 0), this.arena.child(node, 1));
      this.arena.free(node);
    }
    this.attach(this.arena.newStub(bucket, this.epoch));
    this.stubs[bucket] = 1;
    this.stubCount += 1;
  }

  /** Removes a leaf. @returns whether it was there. */
  remove(path: Uint8Array): boolean {
    if (!this.has(path)) return false;
    const leaf = this.walk(path);
    this.dirtyBuckets[path[0] as number] = 1;
    this.leafCount -= 1;
    if (this.depth === 0) {
      this.rootRef = NO_NODE;
      this.rootStale = false;
      copyHash(this.arena.empty, 0, this.rootHash, 0);
    } else {
      // The sibling takes the place of the parent, and its hash moves up with it.
      const last = this.depth - 1;
      const parent = this.spine[last] as NodeRef;
      const other = (1 - (this.sides[last] as number)) as Side;
      const stale = this.arena.isStale(parent, other);
      this.depth = last;
      this.claim();
      this.attach(this.arena.child(parent, other));
      this.setHashStale(stale);
      if (!stale) this.copyHashToPlace(this.arena.hashBytes(parent), this.arena.hashAt(parent, other));
      this.retire(parent);
    }
    this.retire(leaf);
    return true;
  }

  treeRoot(): Uint8Array {
    this.rehash();
    return this.rootHash.slice();
  }

  /** SHA-256 over the 256 bucket hashes. */
  stateRoot(): Uint8Array {
    this.rehash();
    if (this.leafCount < CACHED_VECTOR_LEAVES) {
      this.vector = undefined;
      return stateRootBeneath(this.arena, this.rootRef, this.rootHash);
    }
    return stateRootOf(this.arena.hasher, this.freshVector());
  }

  /** Hash of the leaves whose path begins with this byte, or EMPTY. */
  bucketHash(bucket: number): Uint8Array {
    this.rehash();
    const out = new Uint8Array(HASH_BYTES);
    this.arena.bucketHash({ root: this.rootRef, rootHash: this.rootHash, bucket }, out, 0);
    return out;
  }

  /** The present state, provable until released. Costs one rehash of what is stale. */
  snapshot(): TreeSnapshot {
    this.rehash();
    const { arena, epoch } = this;
    const state = { arena, root: this.rootRef, size: this.leafCount, epoch, rootHash: this.rootHash.slice() };
    const snapshot = new TreeSnapshot(state, (released) => this.forget(released));
    this.snapshots.push(snapshot);
    this.frozen = this.epoch;
    this.epoch += 1;
    return snapshot;
  }

  /** Walks to the leaf on the path's way, recording the spine. The tree is not empty. */
  private walk(path: Uint8Array): NodeRef {
    const { arena, spine, sides } = this;
    let node = this.rootRef;
    let depth = 0;
    while (node > 0) {
      const side = bitAt(path, arena.bit(node)) as Side;
      spine[depth] = node;
      sides[depth] = side;
      depth += 1;
      node = arena.child(node, side);
    }
    this.depth = depth;
    return node;
  }

  /** Walks to the node that holds exactly the leaves of a bucket, if there are any. */
  private walkToBucket(bucket: number): NodeRef {
    const { arena, spine, sides } = this;
    let node = this.rootRef;
    let depth = 0;
    while (node > 0 && arena.bit(node) < 8) {
      const side = ((bucket >> (7 - arena.bit(node))) & 1) as Side;
      spine[depth] = node;
      sides[depth] = side;
      depth += 1;
      node = arena.child(node, side);
    }
    this.depth = depth;
    return node;
  }

  /** Makes the first `depth` nodes of the spine this tree's own, and stale all the hashes on the way to the place. */
  private claim(): void {
    const { arena, spine, sides, depth } = this;
    for (let k = 0; k < depth; k += 1) {
      let node = spine[k] as NodeRef;
      if (arena.birth(node) <= this.frozen) {
        const own = arena.copyInner(node, this.epoch);
        this.retire(node);
        spine[k] = own;
        node = own;
        if (k === 0) this.rootRef = own;
        else arena.setChild(spine[k - 1] as NodeRef, sides[k - 1] as Side, own);
      }
      if (k + 1 < depth) arena.setStale(node, sides[k] as Side, true);
    }
    this.rootStale = depth > 0;
  }

  /** The place is where the spine of `depth` nodes ends: below its last node, or the root. */
  private attach(ref: NodeRef): void {
    if (this.depth === 0) this.rootRef = ref;
    else this.arena.setChild(this.spine[this.depth - 1] as NodeRef, this.sides[this.depth - 1] as Side, ref);
  }

  private placed(): NodeRef {
    return this.depth === 0
      ? this.rootRef
      : this.arena.child(this.spine[this.depth - 1] as NodeRef, this.sides[this.depth - 1] as Side);
  }

  private setHashStale(stale: boolean): void {
    if (this.depth === 0) this.rootStale = stale;
    else this.arena.setStale(this.spine[this.depth - 1] as NodeRef, this.sides[this.depth - 1] as Side, stale);
  }

  private isHashStale(): boolean {
    return this.depth === 0
      ? this.rootStale
      : this.arena.isStale(this.spine[this.depth - 1] as NodeRef, this.sides[this.depth - 1] as Side);
  }

  /** Array and offset of the hash of what stands at the place. */
  private placeBytes(): Uint8Array {
    return this.depth === 0 ? this.rootHash : this.arena.hashBytes(this.spine[this.depth - 1] as NodeRef);
  }
  private placeAt(): number {
    return this.depth === 0 ? 0 : this.arena.hashAt(this.spine[this.depth - 1] as NodeRef, this.sides[this.depth - 1] as Side);
  }

  private copyHashToPlace(from: Uint8Array, fromOffset: number): void {
    copyHash(from, fromOffset, this.placeBytes(), this.placeAt());
  }

  /** A new leaf at the place, hashed at once. */
  private attachLeaf(leaf: NodeRef): void {
    this.attach(leaf);
    this.setHashStale(false);
    this.arena.hashLeaf(leaf, this.placeBytes(), this.placeAt());
  }

  private replace(leaf: NodeRef, valueHash: Uint8Array): void {
    this.claim();
    if (this.arena.birth(leaf) <= this.frozen) {
      const own = this.arena.copyLeaf(leaf, valueHash, this.epoch);
      this.retire(leaf);
      return this.attachLeaf(own);
    }
    this.arena.setValueHash(leaf, valueHash);
    this.arena.hashLeaf(leaf, this.placeBytes(), this.placeAt());
  }

  private insert(difference: number, path: Uint8Array, valueHash: Uint8Array): void {
    this.makePlace(difference, path);
    this.leafCount += 1;
    this.attachLeaf(this.arena.newLeaf(path, valueHash, this.epoch));
    this.rootStale = true;
  }

  /** Parts the subtree in which all paths agree up to `difference` from a new leaf's place, by a new inner node above both. */
  private makePlace(difference: number, path: Uint8Array): void {
    const { arena } = this;
    let above = this.depth;
    while (above > 0 && arena.bit(this.spine[above - 1] as NodeRef) > difference) above -= 1;
    this.depth = above;
    // Before claim(): with no node above, the place is the root, whose hash is stale exactly if something beneath is.
    const stale = this.isHashStale();
    this.claim();
    const side = bitAt(path, difference) as Side;
    const other = (1 - side) as Side;
    const inner = arena.newInner(difference, this.epoch);
    arena.setChild(inner, other, this.placed());
    arena.setStale(inner, other, stale);
    if (!stale) copyHash(this.placeBytes(), this.placeAt(), arena.hashBytes(inner), arena.hashAt(inner, other));
    this.attach(inner);
    this.setHashStale(true);
    this.spine[above] = inner;
    this.sides[above] = side;
    this.depth = above + 1;
    this.rootStale = true;
  }

  /** Recomputes every stale hash, children first. */
  private rehash(): void {
    if (!this.rootStale) return;
    const { arena, spine } = this;
    let depth = 1;
    spine[0] = this.rootRef;
    while (depth > 0) {
      const node = spine[depth - 1] as NodeRef;
      const side = arena.isStale(node, 0) ? 0 : 1;
      if (arena.isStale(node, side)) {
        arena.setStale(node, side, false);
        spine[depth] = arena.child(node, side);
        depth += 1;
        continue;
      }
      depth -= 1;
      if (depth === 0) arena.hashInner(node, this.rootHash, 0);
      else {
        const parent = spine[depth - 1] as NodeRef;
        arena.hashInner(node, arena.hashBytes(parent), arena.hashAt(parent, arena.child(parent, 0) === node ? 0 : 1));
      }
    }
    this.rootStale = false;
  }

  /** The bucket vector, with the dirty buckets brought up to date. Hashes are up to date. */
  private freshVector(): Uint8Array {
    const kept = this.vector;
    if (kept === undefined) {
      this.dirtyBuckets.fill(0);
      this.vector = bucketVector(this.arena, this.rootRef, this.rootHash);
      return this.vector;
    }
    assert(kept.length === BUCKET_VECTOR_BYTES, 'a bucket vector has 256 hashes');
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      if (this.dirtyBuckets[bucket] === 0) continue;
      this.arena.bucketHash({ root: this.rootRef, rootHash: this.rootHash, bucket }, kept, bucket * HASH_BYTES);
      this.dirtyBuckets[bucket] = 0;
    }
    return kept;
  }

  /** The tree no longer refers to a node: free it, unless a snapshot shows it. */
  private retire(ref: NodeRef): void {
    if (this.arena.birth(ref) > this.frozen) this.arena.free(ref);
    else (this.snapshots[this.snapshots.length - 1] as TreeSnapshot).dead.push(ref);
  }

  private forget(released: TreeSnapshot): void {
    const at = this.snapshots.indexOf(released);
    assert(at >= 0, 'a snapshot belongs to its tree');
    this.snapshots.splice(at, 1);
    const older = this.snapshots[at - 1];
    for (const ref of released.dead) {
      if (older !== undefined && this.arena.birth(ref) <= older.epoch) older.dead.push(ref);
      else this.arena.free(ref);
    }
    this.frozen = this.snapshots[this.snapshots.length - 1]?.epoch ?? 0;
  }
}
