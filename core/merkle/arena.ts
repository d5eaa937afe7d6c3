/**
 * The nodes of a commitment tree and of its snapshots. A node's record begins with the preimage of its own hash: a child's
 * hash is written straight into its parent, so rehashing a path copies nothing and touches no sibling. Why the hash of the path is
 * kept, 32 bytes a leaf: without it every change of a leaf hashed its path again, one hash in twenty.
 *
 *   inner  OFFSET SIZE                              leaf  OFFSET SIZE
 *               0    2  0x01 0x00                              0    1  0x00
 *               2    2  u16 bit                                1   32  SHA-256 of the path
 *               4   32  hash of the left child                33   32  SHA-256 of the value
 *              36   32  hash of the right child               65   97  path, padded
 *                                                       words: birth, path length
 *   words: left, right, birth, the bit with two flags above it (16 + s set: the hash of child s is out of date)
 *
 * A reference is > 0 for an inner node, < 0 for a leaf (minus its record), 0 for none. `birth` is the epoch in which the
 * node was made; a node is shared with every live snapshot whose epoch is not smaller.
 */
import { assert } from '../assert.ts';
import type { Hasher } from '../capability.ts';
import { bitAt } from './bits.ts';
import { BUCKETS, copyHash, emptyHash, HASH_BYTES, INNER_PREIMAGE_BYTES, LEAF_PREIMAGE_BYTES, LEFT_HASH_AT } from './hashes.ts';
import { TUPLE_PATH_BYTES } from './path.ts';
import { Slab } from './slab.ts';

/** Inner node (> 0), leaf (< 0) or none (0). */
export type NodeRef = number;
/** Which child: 0 left, 1 right. */
export type Side = 0 | 1;

export const NO_NODE: NodeRef = 0;

const BIRTH: number = 2;
const BIT: number = 3;
/** Of the word at BIT. Why packed, though the bit stands in the preimage too: a walk then reads one cache line per node. */
const BIT_MASK: number = 0xffff;
const STALE_SHIFT: number = 16;
const LEAF_BIRTH: number = 0;
const LEAF_LENGTH: number = 1;
/** No leaf's path is so short. */
const STUB_PATH_BYTES: number = 1;
/** Of a leaf's record. */
const PATH_HASH_AT: number = 1;
const VALUE_HASH_AT: number = PATH_HASH_AT + HASH_BYTES;
const PATH_AT: number = LEAF_PREIMAGE_BYTES;
const LEAF_RECORD_BYTES: number = PATH_AT + TUPLE_PATH_BYTES;

/** A root within an arena: the current tree or a snapshot of it. */
export interface TreeView {
  readonly arena: NodeArena;
  /** The root node. Hashes beneath it are up to date once treeRoot() has been called. */
  readonly root: NodeRef;
  readonly size: number;
  /** Hash of the root node; of an empty tree the hash of nothing. A copy. */
  treeRoot(): Uint8Array;
  /** Makes sure that the leaves that a target leads to are in memory. */
  reach(target: Uint8Array): void;
}

export class NodeArena {
  readonly hasher: Hasher;
  readonly empty: Uint8Array;
  private readonly inners: Slab = new Slab({ bytesPerRecord: INNER_PREIMAGE_BYTES, wordsPerRecord: 4 });
  private readonly leaves: Slab = new Slab({ bytesPerRecord: LEAF_RECORD_BYTES, wordsPerRecord: 2 });

  constructor(hasher: Hasher) {
    this.hasher = hasher;
    this.empty = emptyHash(hasher);
  }

  /** Nodes held, by this tree or by a snapshot. */
  get nodes(): number {
    return this.inners.used + this.leaves.used;
  }

  /** A new inner node without children. */
  newInner(bit: number, birth: number): NodeRef {
    const id = this.inners.allocate();
    const bytes = this.inners.bytes(id);
    const at = this.inners.byteAt(id);
    bytes[at] = 1;
    bytes[at + 1] = 0;
    bytes[at + 2] = bit >> 8;
    bytes[at + 3] = bit;
    const words = this.inners.words(id);
    const word = this.inners.wordAt(id);
    words[word] = NO_NODE;
    words[word + 1] = NO_NODE;
    words[word + BIRTH] = birth;
    words[word + BIT] = bit;
    return id;
  }

  /** A copy of an inner node, born now. */
  copyInner(ref: NodeRef, birth: number): NodeRef {
    const id = this.inners.allocate();
    const [to, toAt] = [this.inners.bytes(id), this.inners.byteAt(id)];
    const [from, fromAt] = [this.inners.bytes(ref), this.inners.byteAt(ref)];
    for (let i = 0; i < INNER_PREIMAGE_BYTES; i += 1) to[toAt + i] = from[fromAt + i] as number;
    const [words, word] = [this.inners.words(id), this.inners.wordAt(id)];
    const [source, sourceAt] = [this.inners.words(ref), this.inners.wordAt(ref)];
    words[word] = source[sourceAt] as number;
    words[word + 1] = source[sourceAt + 1] as number;
    words[word + BIRTH] = birth;
    words[word + BIT] = source[sourceAt + BIT] as number;
    return id;
  }

  /** A new leaf. Path and hash are copied. */
  newLeaf(path: Uint8Array, valueHash: Uint8Array, birth: number): NodeRef {
    const leaf = this.placeLeaf(path, valueHash, birth);
    this.hasher.digest(path, 0, path.length, this.leaves.bytes(-leaf), this.leaves.byteAt(-leaf) + PATH_HASH_AT);
    return leaf;
  }

  /** The same leaf with another value, born now. */
  copyLeaf(ref: NodeRef, valueHash: Uint8Array, birth: number): NodeRef {
    const leaf = this.placeLeaf(this.path(ref), valueHash, birth);
    const from = this.leaves.byteAt(-ref) + PATH_HASH_AT;
    copyHash(this.leaves.bytes(-ref), from, this.leaves.bytes(-leaf), this.leaves.byteAt(-leaf) + PATH_HASH_AT);
    return leaf;
  }

  /** A leaf without the hash of its path. */
  private placeLeaf(path: Uint8Array, valueHash: Uint8Array, birth: number): NodeRef {
    const id = this.leaves.allocate();
    const bytes = this.leaves.bytes(id);
    const at = this.leaves.byteAt(id);
    bytes[at] = 0;
    copyHash(valueHash, 0, bytes, at + VALUE_HASH_AT);
    for (let i = 0; i < path.length; i += 1) bytes[at + PATH_AT + i] = path[i] as number;
    const words = this.leaves.words(id);
    const word = this.leaves.wordAt(id);
    words[word + LEAF_BIRTH] = birth;
    words[word + LEAF_LENGTH] = path.length;
    return -id;
  }

  /** A leaf in the place of a whole bucket whose leaves are not in memory. Its path is the bucket's byte; its parent has the hash. */
  newStub(bucket: number, birth: number): NodeRef {
    return this.placeLeaf(Uint8Array.of(bucket), this.empty, birth);
  }

  isStub(ref: NodeRef): boolean {
    return ref < 0 && this.pathLength(ref) === STUB_PATH_BYTES;
  }

  /** Gives the record of a node that nobody refers to any more back. */
  free(ref: NodeRef): void {
    if (ref > 0) this.inners.free(ref);
    else this.leaves.free(-ref);
  }

  birth(ref: NodeRef): number {
    return ref > 0
      ? (this.inners.words(ref)[this.inners.wordAt(ref) + BIRTH] as number)
      : (this.leaves.words(-ref)[this.leaves.wordAt(-ref) + LEAF_BIRTH] as number);
  }

  bit(inner: NodeRef): number {
    return (this.inners.words(inner)[this.inners.wordAt(inner) + BIT] as number) & BIT_MASK;
  }

  child(inner: NodeRef, side: Side): NodeRef {
    return this.inners.words(inner)[this.inners.wordAt(inner) + side] as number;
  }

  setChild(inner: NodeRef, side: Side, ref: NodeRef): void {
    this.inners.words(inner)[this.inners.wordAt(inner) + side] = ref;
  }

  isStale(inner: NodeRef, side: Side): boolean {
    return ((this.inners.words(inner)[this.inners.wordAt(inner) + BIT] as number) & (1 << (STALE_SHIFT + side))) !== 0;
  }

  setStale(inner: NodeRef, side: Side, stale: boolean): void {
    const words = this.inners.words(inner);
    const at = this.inners.wordAt(inner) + BIT;
    const flag = 1 << (STALE_SHIFT + side);
    words[at] = stale ? (words[at] as number) | flag : (words[at] as number) & ~flag;
  }

  /** The array and the offset at which an inner node keeps the hash of a child. Valid until the next node is made. */
  hashBytes(inner: NodeRef): Uint8Array {
    return this.inners.bytes(inner);
  }
  hashAt(inner: NodeRef, side: Side): number {
    return this.inners.byteAt(inner) + LEFT_HASH_AT + side * HASH_BYTES;
  }

  /** Hashes an inner node whose children's hashes are up to date. */
  hashInner(inner: NodeRef, out: Uint8Array, outOffset: number): void {
    const at = this.inners.byteAt(inner);
    this.hasher.digest(this.inners.bytes(inner), at, at + INNER_PREIMAGE_BYTES, out, outOffset);
  }

  /** Hashes a leaf: SHA-256(0x00 ‖ SHA-256(path) ‖ SHA-256(value)). */
  hashLeaf(leaf: NodeRef, out: Uint8Array, outOffset: number): void {
    const at = this.leaves.byteAt(-leaf);
    this.hasher.digest(this.leaves.bytes(-leaf), at, at + LEAF_PREIMAGE_BYTES, out, outOffset);
  }

  /** Replaces the value hash of a leaf nobody else refers to. */
  setValueHash(leaf: NodeRef, valueHash: Uint8Array): void {
    copyHash(valueHash, 0, this.leaves.bytes(-leaf), this.leaves.byteAt(-leaf) + VALUE_HASH_AT);
  }

  /** First bit at which a leaf's path differs from another path; -1 where they are equal. No path is a prefix of another, of a stub in another bucket neither. */
  difference(leaf: NodeRef, path: Uint8Array): number {
    const bytes = this.leaves.bytes(-leaf);
    const at = this.leaves.byteAt(-leaf) + PATH_AT;
    const length = this.pathLength(leaf);
    const shared = length < path.length ? length : path.length;
    for (let i = 0; i < shared; i += 1) {
      const changed = (bytes[at + i] as number) ^ (path[i] as number);
      if (changed !== 0) return i * 8 + Math.clz32(changed) - 24;
    }
    assert(length === path.length, 'no path is a prefix of another');
    return -1;
  }

  pathLength(leaf: NodeRef): number {
    return this.leaves.words(-leaf)[this.leaves.wordAt(-leaf) + LEAF_LENGTH] as number;
  }

  /** A view of a leaf's path; valid until the tree changes. */
  path(leaf: NodeRef): Uint8Array {
    const at = this.leaves.byteAt(-leaf) + PATH_AT;
    return this.leaves.bytes(-leaf).subarray(at, at + this.pathLength(leaf));
  }

  /** A view of a leaf's value hash; valid until the tree changes. */
  valueHash(leaf: NodeRef): Uint8Array {
    const at = this.leaves.byteAt(-leaf) + VALUE_HASH_AT;
    return this.leaves.bytes(-leaf).subarray(at, at + HASH_BYTES);
  }

  /** The leaf on the path's way down; its own path may be another. @param ref not none. */
  descend(ref: NodeRef, path: Uint8Array): NodeRef {
    let node = ref;
    while (node > 0) node = this.child(node, bitAt(path, this.bit(node)) as Side);
    return node;
  }

  leftmost(ref: NodeRef): NodeRef {
    let node = ref;
    while (node > 0) node = this.child(node, 0);
    return node;
  }

  /** First path byte of the leftmost leaf beneath a node. @param ref not none. */
  bucketOf(ref: NodeRef): number {
    const leaf = this.leftmost(ref);
    return this.leaves.bytes(-leaf)[this.leaves.byteAt(-leaf) + PATH_AT] as number;
  }

  /**
   * Writes the hash of the node that holds exactly the leaves of a bucket, or EMPTY.
   * @param rootHash hash of root; hashes beneath are up to date.
   */
  bucketHash(
    view: { readonly root: NodeRef; readonly rootHash: Uint8Array; readonly bucket: number },
    out: Uint8Array,
    outOffset: number,
  ): void {
    assert(view.bucket >= 0 && view.bucket < BUCKETS, 'a bucket is one byte');
    let node = view.root;
    let bytes = view.rootHash;
    let at = 0;
    while (node > 0) {
      const bit = this.bit(node);
      if (bit >= 8) break;
      const side = ((view.bucket >> (7 - bit)) & 1) as Side;
      bytes = this.hashBytes(node);
      at = this.hashAt(node, side);
      node = this.child(node, side);
    }
    if (node === NO_NODE || this.bucketOf(node) !== view.bucket) copyHash(this.empty, 0, out, outOffset);
    else copyHash(bytes, at, out, outOffset);
  }
}
