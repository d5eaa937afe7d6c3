/**
 * A subtree from its leaves in path order, hashed on the way: each node once, no walk from a root. How a bucket comes back into
 * memory, in as many steps as whoever loads it likes. Source: building a Patricia trie from sorted keys, with a stack of the nodes
 * on its right edge.
 */
import { assert } from '../assert.ts';
import { compareBytes } from '../bytes/compare.ts';
import { NO_NODE, type NodeArena, type NodeRef } from './arena.ts';
import { firstDifferentBit } from './bits.ts';
import { copyHash, HASH_BYTES } from './hashes.ts';

export interface SubtreeLeaf {
  readonly path: Uint8Array;
  /** SHA-256 of the canonical value. */
  readonly valueHash: Uint8Array;
}

/** Puts leaves into path order. */
export function sortLeaves(leaves: SubtreeLeaf[]): SubtreeLeaf[] {
  return leaves.sort((a, b) => compareBytes(a.path, b.path));
}

export class SubtreeBuilder {
  private readonly arena: NodeArena;
  private readonly birth: number;
  /** Inner nodes whose right side is still open, from the top. */
  private readonly edge: NodeRef[] = [];
  /** What was finished last; its parent is not known yet. */
  private node: NodeRef = NO_NODE;
  private readonly hash: Uint8Array = new Uint8Array(HASH_BYTES);
  private lastPath: Uint8Array = new Uint8Array(0);

  /** @param birth of every node. */
  constructor(arena: NodeArena, birth: number) {
    this.arena = arena;
    this.birth = birth;
  }

  /** The next leaf in path order. Copied. */
  add({ path, valueHash }: SubtreeLeaf): void {
    const { arena, birth, hash } = this;
    if (this.node !== NO_NODE) {
      const bit = firstDifferentBit(this.lastPath, path);
      assert(bit >= 0, 'a subtree gets each leaf once');
      this.close(bit);
      const inner = arena.newInner(bit, birth);
      arena.setChild(inner, 0, this.node);
      copyHash(hash, 0, arena.hashBytes(inner), arena.hashAt(inner, 0));
      this.edge.push(inner);
    }
    this.node = arena.newLeaf(path, valueHash, birth);
    arena.hashLeaf(this.node, hash, 0);
    this.lastPath = path;
  }

  /** @returns the root and its hash; undefined where there was no leaf */
  finish(): { readonly root: NodeRef; readonly hash: Uint8Array } | undefined {
    if (this.node === NO_NODE) return undefined;
    this.close(-1);
    return { root: this.node, hash: this.hash };
  }

  /** Gives every node back. */
  abandon(): void {
    const open: NodeRef[] = this.edge.map((inner) => this.arena.child(inner, 0));
    for (const inner of this.edge) this.arena.free(inner);
    if (this.node !== NO_NODE) open.push(this.node);
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node > 0) open.push(this.arena.child(node, 0), this.arena.child(node, 1));
      this.arena.free(node);
    }
  }

  /** Hangs the newest node under those of the right edge that end in front of `bit`. */
  private close(bit: number): void {
    const { arena, edge, hash } = this;
    for (let inner = edge.at(-1); inner !== undefined && arena.bit(inner) > bit; inner = edge.at(-1)) {
      edge.pop();
      arena.setChild(inner, 1, this.node);
      copyHash(hash, 0, arena.hashBytes(inner), arena.hashAt(inner, 1));
      arena.hashInner(inner, hash, 0);
      this.node = inner;
    }
  }
}
