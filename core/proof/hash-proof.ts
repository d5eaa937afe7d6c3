/**
 * Stage *root*, first half: the root hash that a decoded proof amounts to, and the path of every leaf it shows.
 * Every node has a record that is the preimage of its hash; a child's hash is written straight into its parent's record.
 * The table is in preorder, so going through it backwards meets children before parents.
 */
import { assert } from '../assert.ts';
import type { Hasher } from '../capability.ts';
import {
  copyHash,
  emptyHash,
  HASH_BYTES,
  INNER_PREIMAGE_BYTES,
  LEAF_PREIMAGE_BYTES,
  LEFT_HASH_AT,
  RIGHT_HASH_AT,
} from '../merkle/hashes.ts';
import { valuePath } from '../merkle/value.ts';
import { NOT_SHOWN, type ProofNode } from './decode-proof.ts';
import { NodeTag } from './format.ts';

/** A leaf the proof shows, in path order. */
export interface ShownLeaf {
  /** Its node in the table. */
  readonly node: number;
  readonly path: Uint8Array;
  readonly revealed: boolean;
}

export interface HashedProof {
  readonly root: Uint8Array;
  readonly leaves: readonly ShownLeaf[];
}

/** Bytes of a node's record: an inner preimage is the longest. The root's hash goes before the first record. */
const RECORD_BYTES: number = INNER_PREIMAGE_BYTES;

/** Where a node's hash goes: into its parent's record, the root's to the front. */
function destination(node: ProofNode): number {
  if (node.parent === NOT_SHOWN) return 0;
  return HASH_BYTES + node.parent * RECORD_BYTES + (node.side === 0 ? LEFT_HASH_AT : RIGHT_HASH_AT);
}

/** Recomputes the root of a decoded proof. */
export function hashProof(hasher: Hasher, proof: Uint8Array, nodes: readonly ProofNode[]): HashedProof {
  const records = new Uint8Array(HASH_BYTES + nodes.length * RECORD_BYTES);
  const leaves: ShownLeaf[] = [];
  for (let index = nodes.length - 1; index >= 0; index -= 1) {
    const node = nodes[index] as ProofNode;
    const record = HASH_BYTES + index * RECORD_BYTES;
    if (node.tag === NodeTag.empty) {
      copyHash(emptyHash(hasher), 0, records, 0);
    } else if (node.tag >= NodeTag.revealed) {
      const leaf = hashLeaf(hasher, proof, node, records, record);
      leaves.push({ node: index, path: leaf, revealed: node.tag === NodeTag.revealed });
      hasher.digest(records, record, record + LEAF_PREIMAGE_BYTES, records, destination(node));
    } else {
      records[record] = 1;
      records[record + 2] = node.bit >> 8;
      records[record + 3] = node.bit;
      if (node.tag === NodeTag.leftPruned) copyHash(proof, node.at, records, record + LEFT_HASH_AT);
      else if (node.tag === NodeTag.rightPruned) copyHash(proof, node.at, records, record + RIGHT_HASH_AT);
      hasher.digest(records, record, record + INNER_PREIMAGE_BYTES, records, destination(node));
    }
  }
  return { root: records.subarray(0, HASH_BYTES), leaves: leaves.reverse() };
}

/** Writes the preimage 0x00 ‖ SHA-256(path) ‖ SHA-256(value) into a leaf's record. @returns the leaf's path. */
function hashLeaf(hasher: Hasher, proof: Uint8Array, node: ProofNode, records: Uint8Array, record: number): Uint8Array {
  const behind = node.at + node.length;
  if (node.tag === NodeTag.boundary) {
    hasher.digest(proof, node.at, behind, records, record + 1);
    copyHash(proof, behind, records, record + 1 + HASH_BYTES);
    return proof.subarray(node.at, behind);
  }
  assert(node.value !== undefined, 'a revealed leaf has a decoded value');
  const path = valuePath(hasher, node.value);
  hasher.digest(path, 0, path.length, records, record + 1);
  hasher.digest(proof, node.at, behind, records, record + 1 + HASH_BYTES);
  return path;
}
