/**
 * Stage *paths*: every shown path agrees with the directions taken to reach it, and neighbouring shown leaves first differ
 * at exactly the bit of the inner node that parts them. Why the second rule: directions alone test one bit per level, and
 * let a dishonest tree smuggle a foreign leaf into a range.
 */
import { bitAt, firstDifferentBit } from '../merkle/bits.ts';
import { NOT_SHOWN, type ProofNode } from './decode-proof.ts';
import { NodeTag } from './format.ts';
import type { ShownLeaf } from './hash-proof.ts';

/** @returns the contradiction between shown paths and the tree's shape, if any. */
export function checkPaths(nodes: readonly ProofNode[], leaves: readonly ShownLeaf[]): string | undefined {
  for (let i = 0; i < leaves.length; i += 1) {
    const leaf = leaves[i] as ShownLeaf;
    const before = leaves[i - 1];
    let parting = NOT_SHOWN;
    let node = nodes[leaf.node] as ProofNode;
    while (node.parent !== NOT_SHOWN) {
      const parent = nodes[node.parent] as ProofNode;
      if (bitAt(leaf.path, parent.bit) !== node.side) return 'the shown path contradicts the directions';
      // The deepest node whose left side is shown too, reached from its right side, parts the leaf from the one before.
      if (parting === NOT_SHOWN && node.side === 1 && parent.tag === NodeTag.inner) parting = parent.bit;
      node = parent;
    }
    if (before !== undefined && firstDifferentBit(before.path, leaf.path) !== parting) {
      return 'neighbouring shown leaves do not first differ at the bit of the node between them';
    }
  }
  return undefined;
}
