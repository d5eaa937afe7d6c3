/**
 * What a verified tree shows of one target: a prefix of paths. The walk from the root ends at the target's node, the first whose bit
 * lies behind the prefix, or a leaf. If its leftmost leaf has the prefix, its leaves are the answer; else there is none, and that leaf
 * shows it.
 */
import { startsWith } from '../bytes/compare.ts';
import { bitAt } from '../merkle/bits.ts';
import type { LeafValue } from '../merkle/value.ts';
import { NOT_SHOWN, type ProofNode } from './decode-proof.ts';
import { NodeTag } from './format.ts';
import type { ShownLeaf } from './hash-proof.ts';

/** A proof whose root and paths hold. */
export interface ShownTree {
  readonly proof: Uint8Array;
  readonly nodes: readonly ProofNode[];
  /** In path order. */
  readonly leaves: readonly ShownLeaf[];
}

/** Shown leaves [from, to), as indices: all there are. Where there is none, the one at `from` shows it, if the tree has a leaf. */
export interface TargetRange {
  readonly from: number;
  readonly to: number;
}

/** A leaf that a proof reveals. */
export interface RevealedLeaf {
  readonly path: Uint8Array;
  /** Its canonical bytes, a copy. */
  readonly value: Uint8Array;
  /** The same, decoded. */
  readonly leaf: LeafValue;
}

/** The shown leaves that answer a target, or why the proof does not answer it. */
export function rangeOf(target: Uint8Array, { nodes, leaves }: ShownTree): TargetRange | string {
  const bits = target.length * 8;
  let index = 0;
  let node = nodes[0] as ProofNode;
  if (node.tag === NodeTag.empty) return { from: 0, to: 0 };
  while (node.tag < NodeTag.revealed && node.bit < bits) {
    index = bitAt(target, node.bit) === 0 ? node.left : node.right;
    if (index === NOT_SHOWN) return 'incomplete: the walk ends in a pruned node';
    node = nodes[index] as ProofNode;
  }
  let leftmost = node;
  while (leftmost.tag < NodeTag.revealed) {
    if (leftmost.left === NOT_SHOWN) return 'the leftmost leaf of the target node is pruned';
    leftmost = nodes[leftmost.left] as ProofNode;
  }
  const from = firstLeafFrom(leaves, index);
  if (!startsWith((leaves[from] as ShownLeaf).path, target)) return { from, to: from };
  for (let i = index; i < node.end; i += 1) {
    const tag = (nodes[i] as ProofNode).tag;
    if (tag === NodeTag.leftPruned || tag === NodeTag.rightPruned) return 'hidden: a pruned node inside the range';
    if (tag === NodeTag.boundary) return 'value withheld: a result is shown as a boundary';
  }
  return { from, to: firstLeafFrom(leaves, node.end) };
}

/** Index of the first shown leaf whose node is not before `node`. */
function firstLeafFrom(leaves: readonly ShownLeaf[], node: number): number {
  let low = 0;
  let high = leaves.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((leaves[middle] as ShownLeaf).node < node) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What a revealed leaf holds. */
export function leafOf({ nodes }: ShownTree, shown: ShownLeaf): LeafValue {
  return (nodes[shown.node] as ProofNode).value as LeafValue;
}

/** A revealed leaf with its bytes. */
export function revealedLeaf(tree: ShownTree, shown: ShownLeaf): RevealedLeaf {
  const { at, length } = tree.nodes[shown.node] as ProofNode;
  return { path: shown.path, value: tree.proof.slice(at, at + length), leaf: leafOf(tree, shown) };
}
