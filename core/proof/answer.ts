/**
 * Verification of an answer with a proof, offline: the header hashes to the block hash, says what the fields say, is what
 * the caller anchored, and its tree_root proves the verdict for the tuple asked about. Nothing of the answer is believed
 * before it is recomputed, and the question is the statement's, or the caller's own where given, never the proof's.
 *
 * What is not proven: that the header is the vault's. That is what an anchor is for; without one the verdict is "consistent
 * with its own header". A root anchors the contents of the tree only: height, time, organization and store are then the
 * word of whoever sent the header.
 */

import { refusedAt } from '../bytes/parsed.ts';
import type { U64 } from '../bytes/u64.ts';
import type { Hasher } from '../capability.ts';
import type { Header } from '../chain/header.ts';
import { portableHasher } from '../hasher.ts';
import { tuplePath } from '../merkle/path.ts';
import { isLive } from '../merkle/value.ts';
import type { TupleCondition, TupleKey } from '../state/transaction.ts';
import { foreignTo, otherThan, type VaultExpectations } from './about.ts';
import {
  type AnchorExpectations,
  type Anchored,
  checkAnchor,
  checkHeader,
  type ProvenBlock,
  provenBlock,
} from './anchor-claim.ts';
import { type AnswerClaim, readAnswer } from './answer-shape.ts';
import { conditionOf } from './findings.ts';
import { type ProofStage, verifyPrunedTree } from './pruned-tree.ts';

/** Where an answer is refused, in the order of the checks. */
export type AnswerStage = 'shape' | 'header' | 'statement' | 'anchor' | ProofStage | 'verdict';

/** The caller's own knowledge. Every one given must hold. */
export interface AnswerExpectations extends AnchorExpectations, VaultExpectations {
  /** The question that was asked. */
  readonly tuple?: TupleKey;
  /** SHA-256; the portable one unless given. */
  readonly hasher?: Hasher;
}

export type AnswerVerdict =
  | (ProvenBlock & {
      readonly ok: true;
      readonly allowed: boolean;
      readonly tuple: TupleKey;
      readonly organization: string;
      readonly store: string;
      readonly anchored: Anchored;
      /** Whether a leaf of the tuple is there; with allowed false it has expired. */
      readonly present: boolean;
      /** Microseconds since 1970, 0 = never, or not there. */
      readonly expiresAt: U64;
      /** The condition under which the tuple holds. It is shown, not evaluated. */
      readonly condition: TupleCondition | undefined;
    })
  | { readonly ok: false; readonly stage: AnswerStage; readonly reason: string };

/**
 * Checks an answer with a proof.
 * @param answer parsed JSON, as in docs/reference/proof-format.md. Anything else is refused, never thrown on.
 */
export function verifyAnswer(answer: unknown, expected: AnswerExpectations = {}): AnswerVerdict {
  const hasher = expected.hasher ?? portableHasher;
  const shaped = readAnswer(answer);
  if (!shaped.ok) return refusedAt('shape', shaped.reason);
  const claim = shaped.value;

  const header = checkHeader(hasher, claim);
  if (!header.ok) return refusedAt('header', header.reason);

  const mismatch = checkStatement(claim, header.value, expected);
  if (mismatch !== undefined) return refusedAt('statement', mismatch);

  const anchor = checkAnchor(claim, expected);
  if (!anchor.ok) return refusedAt('anchor', anchor.reason);

  const { statement } = claim;
  const proven = verifyPrunedTree({
    hasher,
    treeRoot: header.value.treeRoot,
    targets: [tuplePath(hasher, statement.tuple)],
    proof: claim.proof,
    maxVersion: header.value.height,
  });
  if (!proven.ok) return proven;
  const leaf = proven.results[0]?.[0]?.leaf;
  const tuple = leaf?.kind === 'tuple' ? leaf : undefined;
  const allowed = tuple !== undefined && isLive(tuple.expiresAt, header.value.time);
  if (allowed !== statement.allowed) {
    const reason = allowed
      ? 'denied, but the tuple is there'
      : tuple
        ? 'allowed, but the tuple has expired'
        : 'allowed, but there is no such tuple';
    return refusedAt('verdict', reason);
  }
  return {
    ok: true,
    allowed,
    tuple: statement.tuple,
    ...provenBlock(header.value, claim.blockHash),
    organization: statement.organization,
    store: statement.store,
    anchored: anchor.value,
    present: tuple !== undefined,
    expiresAt: tuple?.expiresAt ?? 0,
    condition: tuple && conditionOf(tuple),
  };
}

/** The statement is about the header's vault and height, says what the answer says, and is what the caller asked. */
function checkStatement(claim: AnswerClaim, header: Header, expected: AnswerExpectations): string | undefined {
  const { statement } = claim;
  const foreign = foreignTo(header, statement);
  if (foreign !== undefined) return `statement.${foreign}`;
  if (statement.allowed !== claim.allowed) return 'allowed is not what statement.verdict says';
  const other = otherThan(expected, statement);
  if (other !== undefined) return other;
  const asked = expected.tuple;
  if (asked === undefined) return undefined;
  const { resource, relation, subject } = statement.tuple;
  const same = asked.resource === resource && asked.relation === relation && asked.subject === subject;
  return same ? undefined : 'another tuple than expected';
}
