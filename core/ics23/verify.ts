/**
 * Whether an ICS-23 export says of a key what it claims. What others have verifiers for is checked here too before it is handed out,
 * so that no client keeps what nobody would accept. It insists on the specification of encode.ts (ICS23_SPEC): the form of every step.
 * Source: cosmos/ics23, go/proof.go and go/ops.go: VerifyMembership, VerifyNonMembership, IsLeftMost, IsRightMost, IsLeftNeighbor.
 */
import { compareBytes, concatBytes, equalBytes } from '../bytes/compare.ts';
import type { Hasher } from '../capability.ts';
import { hashOf } from '../hasher.ts';
import { HASH_BYTES } from '../merkle/hashes.ts';
import type { CommitmentProof, ExistenceProof, InnerOp } from './proof.ts';

const LEAF_PREFIX: Uint8Array = Uint8Array.of(0);
/** 0x01 0x00 ‖ u16 bit. */
const PREFIX_BYTES = 4;

export type Ics23Verdict =
  /** value: what stands at the key; undefined: nothing does. */
  { readonly ok: true; readonly value: Uint8Array | undefined } | { readonly ok: false; readonly reason: string };

/** @param root tree_root @param key the path that the question leads to */
export function verifyIcs23(
  hasher: Hasher,
  { root, key, proof }: { readonly root: Uint8Array; readonly key: Uint8Array; readonly proof: CommitmentProof },
): Ics23Verdict {
  const reason =
    proof.kind === 'exist' ? existenceProblem(hasher, root, key, proof.exist) : absenceProblem(hasher, root, key, proof);
  if (reason !== undefined) return { ok: false, reason };
  return { ok: true, value: proof.kind === 'exist' ? proof.exist.value : undefined };
}

type Absence = Extract<CommitmentProof, { readonly kind: 'nonexist' }>;

function existenceProblem(hasher: Hasher, root: Uint8Array, key: Uint8Array, proof: ExistenceProof): string | undefined {
  if (!equalBytes(proof.key, key)) return 'it is about another key';
  return leafProblem(hasher, root, proof);
}

function leafProblem(hasher: Hasher, root: Uint8Array, { key, value, path }: ExistenceProof): string | undefined {
  let hash = hashOf(hasher, concatBytes(LEAF_PREFIX, hashOf(hasher, key), hashOf(hasher, value)));
  for (const step of path) {
    if (!isFromLeft(step) && !isFromRight(step)) return 'a step has another form';
    hash = hashOf(hasher, concatBytes(step.prefix, hash, step.suffix));
  }
  return equalBytes(hash, root) ? undefined : 'it leads to another root';
}

function absenceProblem(hasher: Hasher, root: Uint8Array, key: Uint8Array, { left, right }: Absence): string | undefined {
  for (const side of [left, right]) {
    const problem = side === undefined ? undefined : leafProblem(hasher, root, side);
    if (problem !== undefined) return problem;
  }
  if (left !== undefined && compareBytes(left.key, key) >= 0) return 'the leaf before the key is not before it';
  if (right !== undefined && compareBytes(key, right.key) >= 0) return 'the leaf behind the key is not behind it';
  return isGap(left?.path, right?.path) ? undefined : 'the leaves are not neighbours';
}

/** Whether no leaf stands between two, or before the one or behind the other. */
function isGap(left: readonly InnerOp[] | undefined, right: readonly InnerOp[] | undefined): boolean {
  if (left === undefined) return right?.every(isFromLeft) === true;
  if (right === undefined) return left.every(isFromRight);
  let [l, r] = [left.length - 1, right.length - 1];
  while (l >= 0 && r >= 0 && isSame(left[l] as InnerOp, right[r] as InnerOp)) [l, r] = [l - 1, r - 1];
  if (l < 0 || r < 0) return false;
  const isParted = isFromLeft(left[l] as InnerOp) && isFromRight(right[r] as InnerOp);
  return isParted && left.slice(0, l).every(isFromRight) && right.slice(0, r).every(isFromLeft);
}

function isSame(a: InnerOp, b: InnerOp): boolean {
  return equalBytes(a.prefix, b.prefix) && equalBytes(a.suffix, b.suffix);
}

function isStep({ prefix, suffix }: InnerOp, before: number, behind: number): boolean {
  return prefix.length === PREFIX_BYTES + before && suffix.length === behind && prefix[0] === 1 && prefix[1] === 0;
}

function isFromLeft(step: InnerOp): boolean {
  return isStep(step, 0, HASH_BYTES);
}

function isFromRight(step: InnerOp): boolean {
  return isStep(step, HASH_BYTES, 0);
}
