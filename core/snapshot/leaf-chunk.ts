/**
 * A chunk of leaves: a run of a vault's leaves in path order, as a pruned tree (core/proof/format.ts) whose root is the vault's
 * tree_root. So each chunk is checked by itself against a root that a quorum committed, before anything of it is used.
 *
 *   vault 16 ‖ u8 format = 1 ‖ node
 *
 * Tuples, entities and models of the run stand as revealed leaves. Reverse leaves stand as boundary leaves (path and hash of the
 * value): their values follow from the tuples, and the root of the restored tree shows that they did. Everything outside the
 * run is pruned. That no leaf is missing between two chunks is shown at the end: the tree of all leaves has the root.
 */
import { equalBytes } from '../bytes/compare.ts';
import { utf8Length } from '../bytes/text.ts';
import type { Hasher } from '../capability.ts';
import { decodeUlid, ULID_BYTES } from '../chain/ulid.ts';
import {
  CONTEXT_BYTES_MAX,
  ENTITY_KEY_BYTES_MAX,
  ENTITY_VALUE_BYTES_MAX,
  MODEL_BYTES_MAX,
  NAME_BYTES_MAX,
  OBJECT_BYTES_MAX,
  SNAPSHOT_CHUNK_BYTES_MAX,
} from '../limits.ts';
import type { NodeRef, TreeView } from '../merkle/arena.ts';
import { emptyHash } from '../merkle/hashes.ts';
import { REVERSE_PATH_BYTES } from '../merkle/path.ts';
import { proveRun } from '../merkle/prove.ts';
import type { LeafValue } from '../merkle/value.ts';
import { decodeProof, type ProofNode } from '../proof/decode-proof.ts';
import { NodeTag } from '../proof/format.ts';
import { hashProof, type ShownLeaf } from '../proof/hash-proof.ts';
import { checkPaths } from '../proof/shown-leaves.ts';

/** A leaf of a run. value: canonical bytes of a tuple, entity or model; undefined for a reverse leaf. */
export interface RunLeaf {
  readonly leaf: NodeRef;
  readonly value: Uint8Array | undefined;
}

/** What a leaf takes in a chunk besides its value; of a reverse leaf, in all. Frames come on top and are not counted. */
export const LEAF_OVERHEAD_BYTES: number = 5;
export const REVERSE_LEAF_BYTES: number = 2 + REVERSE_PATH_BYTES + 32;

/** The chunk of a run of neighbouring leaves. */
export function encodeLeafChunk(vault: Uint8Array, tree: TreeView, run: readonly RunLeaf[]): Uint8Array {
  const frame = proveRun(tree, run);
  const out = new Uint8Array(ULID_BYTES + frame.length);
  out.set(vault);
  out.set(frame, ULID_BYTES);
  return out;
}

/** The vault that a chunk of leaves belongs to. */
export function vaultOfChunk(chunk: Uint8Array): Uint8Array {
  return chunk.subarray(0, ULID_BYTES);
}

export interface LeafRun {
  /** Every leaf's path, in order. */
  readonly paths: readonly Uint8Array[];
  /** Tuples, entities and models of the run, in order. */
  readonly values: readonly LeafValue[];
}

/** Whether nothing is pruned between the first and the last leaf shown. */
function isRun(nodes: readonly ProofNode[], leaves: readonly ShownLeaf[]): boolean {
  const first = (leaves[0] as ShownLeaf).node;
  const last = (leaves[leaves.length - 1] as ShownLeaf).node;
  for (const [at, node] of nodes.entries()) {
    if (node.tag === NodeTag.leftPruned && at > first) return false;
    if (node.tag === NodeTag.rightPruned && node.end <= last) return false;
  }
  return true;
}

function fits(text: string, bytesMax: number): boolean {
  const bytes = utf8Length(text);
  return bytes >= 0 && bytes <= bytesMax;
}

/** Whether a leaf is one that admission lets in. Why: what builds keys and rows relies on it. */
function isAdmissible(value: LeafValue): boolean {
  if (typeof value.expiresAt !== 'number' || typeof value.version !== 'number') return false;
  if (value.kind === 'entity') {
    return fits(value.key, ENTITY_KEY_BYTES_MAX) && value.value.length <= ENTITY_VALUE_BYTES_MAX;
  }
  if (value.kind === 'model')
    return decodeUlid(value.id) !== undefined && fits(value.model, MODEL_BYTES_MAX) && value.model !== '';
  if (value.kind !== 'tuple') return false;
  const named = fits(value.resource, OBJECT_BYTES_MAX) && fits(value.relation, NAME_BYTES_MAX);
  const conditioned = fits(value.conditionName, NAME_BYTES_MAX) && fits(value.conditionContext, CONTEXT_BYTES_MAX);
  return named && fits(value.subject, OBJECT_BYTES_MAX) && conditioned;
}

/**
 * Checks a chunk against its vault's tree root. Never throws.
 * @param claim.height of the header that holds the root: no leaf is newer. @returns undefined where the chunk is not to be used.
 */
export function openLeafChunk(
  hasher: Hasher,
  chunk: Uint8Array,
  claim: { readonly treeRoot: Uint8Array; readonly height: number },
): LeafRun | undefined {
  const frame = chunk.subarray(ULID_BYTES);
  const limits = { maxBytes: SNAPSHOT_CHUNK_BYTES_MAX, maxVersion: claim.height, empty: emptyHash(hasher) };
  const decoded = decodeProof(frame, limits);
  if (!decoded.ok) return undefined;
  const { nodes } = decoded;
  const { root, leaves } = hashProof(hasher, frame, nodes);
  if (leaves.length === 0 || !equalBytes(root, claim.treeRoot)) return undefined;
  if (checkPaths(nodes, leaves) !== undefined || !isRun(nodes, leaves)) return undefined;
  const values: LeafValue[] = [];
  for (const { node, path, revealed } of leaves) {
    const { value } = nodes[node] as ProofNode;
    if (revealed && value !== undefined && isAdmissible(value)) values.push(value);
    else if (revealed || path.length !== REVERSE_PATH_BYTES) return undefined;
  }
  return { paths: leaves.map(({ path }) => path), values };
}
