/**
 * A subtree from its leaves in path order, hashed on the way: each node once, no walk from a root. How a bucket comes back into
 * memory. Source: building a Patricia trie from sorted keys, as a stack of the nodes on its right edge.
 */
import { compareBytes } from '../bytes/compare.ts';
import type { NodeArena, NodeRef } from './arena.ts';
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

/**
 * Makes the nodes.
 * @param leaves in path order, none twice. @param birth of every node.
 * @returns the root of the subtree and its hash; undefined where there are no leaves
 */
export function plantSubtree(
  arena: NodeArena,
  leaves: readonly SubtreeLeaf[],
  birth: number,
): { readonly root: NodeRef; readonly hash: Uint8Array } | undefined {
  const first = leaves[0];
  if (first === undefined) return undefined;
  const hash = new Uint8Array(HASH_BYTES);
  const edge: NodeRef[] = [];
  let node = plantLeaf(arena, first, birth, hash);
  for (let at = 1; at < leaves.length; at += 1) {
    const leaf = leaves[at] as SubtreeLeaf;
    const bit = firstDifferentBit((leaves[at - 1] as SubtreeLeaf).path, leaf.path);
    node = close(arena, edge, node, hash, bit);
    const inner = arena.newInner(bit, birth);
    arena.setChild(inner, 0, node);
    copyHash(hash, 0, arena.hashBytes(inner), arena.hashAt(inner, 0));
    edge.push(inner);
    node = plantLeaf(arena, leaf, birth, hash);
  }
  return { root: close(arena, edge, node, hash, -1), hash };
}

function plantLeaf(arena: NodeArena, leaf: SubtreeLeaf, birth: number, hash: Uint8Array): NodeRef {
  arena.hashLeaf(leaf.path, leaf.valueHash, hash, 0);
  return arena.newLeaf(leaf.path, leaf.valueHash, birth);
}

/** Hangs the newest node under the nodes of the right edge that end in front of `bit`. @param hash of the node; then of the result */
function close(arena: NodeArena, edge: NodeRef[], from: NodeRef, hash: Uint8Array, bit: number): NodeRef {
  let node = from;
  for (let inner = edge.at(-1); inner !== undefined && arena.bit(inner) > bit; inner = edge.at(-1)) {
    edge.pop();
    arena.setChild(inner, 1, node);
    copyHash(hash, 0, arena.hashBytes(inner), arena.hashAt(inner, 1));
    arena.hashInner(inner, hash, 0);
    node = inner;
  }
  return node;
}
