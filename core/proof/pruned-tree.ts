/**
 * The verifier of pruned trees, stand-alone: it needs a root, the question and the proof bytes, and trusts nobody.
 * Stages in order, each with its reasons: decode (decode-proof.ts), root, paths (shown-leaves.ts), targets (targets.ts).
 * It never throws on what comes from outside.
 */
import { refusedAt } from '../bytes/parsed.ts';
import type { U64 } from '../bytes/u64.ts';
import type { Hasher } from '../capability.ts';
import { emptyHash, HASH_BYTES, sameHash } from '../merkle/hashes.ts';
import { decodeProof } from './decode-proof.ts';
import { PROOF_BYTES_MAX } from './format.ts';
import { hashProof } from './hash-proof.ts';
import { checkPaths } from './shown-leaves.ts';
import type { RevealedLeaf, ShownTree } from './target-range.ts';
import { resolveTargets } from './targets.ts';

/** Where the steps of verification, in their order, find a fault. */
export type ProofStage = 'decode' | 'root' | 'paths' | 'targets';

/** results: per target, in the order given, its leaves in path order, expired ones included (see isLive). */
export type PrunedTreeVerdict =
  | { readonly ok: true; readonly results: readonly (readonly RevealedLeaf[])[] }
  | { readonly ok: false; readonly stage: ProofStage; readonly reason: string };

/** A proof and the root that it is to have. */
export interface TreeClaim {
  readonly hasher: Hasher;
  /** 32 bytes, from a header that is trusted or checked elsewhere. */
  readonly treeRoot: Uint8Array;
  readonly proof: Uint8Array;
  /** Size cap of the proof, bytes; 16 MiB unless given. */
  readonly maxBytes?: number;
  /** Height of the header: a leaf whose version exceeds it is refused. Not checked unless given. */
  readonly maxVersion?: U64;
}

export interface PrunedTreeClaim extends TreeClaim {
  /** Path prefixes of 1 to 97 bytes, derived from the question, never from the answer. */
  readonly targets: readonly Uint8Array[];
}

/** Checks a proof against a root and a question. Format: docs/reference/proof-format.md. */
export function verifyPrunedTree(claim: PrunedTreeClaim): PrunedTreeVerdict {
  const opened = openPrunedTree(claim);
  if (!opened.ok) return opened;
  const resolved = resolveTargets(opened.tree, claim.targets);
  return resolved.ok ? resolved : refusedAt('targets', resolved.reason);
}

/**
 * The stages before *targets*: what the tree shows is then there, under the root. Whoever reads it without all of them has to resolve the
 * targets of what was read afterwards, else the proof may show more, in another form.
 */
export function openPrunedTree(
  claim: TreeClaim,
): { readonly ok: true; readonly tree: ShownTree } | Extract<PrunedTreeVerdict, { readonly ok: false }> {
  const { hasher, treeRoot, proof } = claim;
  const limits = { maxBytes: claim.maxBytes ?? PROOF_BYTES_MAX, maxVersion: claim.maxVersion, empty: emptyHash(hasher) };
  const decoded = decodeProof(proof, limits);
  if (!decoded.ok) return refusedAt('decode', decoded.reason);
  const { nodes } = decoded;

  const { root, leaves } = hashProof(hasher, proof, nodes);
  if (treeRoot.length !== HASH_BYTES || !sameHash(root, 0, treeRoot, 0)) {
    return refusedAt('root', 'root mismatch');
  }

  const contradiction = checkPaths(nodes, leaves);
  return contradiction === undefined ? { ok: true, tree: { proof, nodes, leaves } } : refusedAt('paths', contradiction);
}
