/**
 * Verification of an answer with a proof, offline: the header hashes to the block hash, says what the fields say, is what
 * the caller anchored, and its tree_root proves the verdict for the tuple asked about. Nothing of the answer is believed
 * before it is recomputed, and the question is the statement's, or the caller's own where given, never the proof's.
 *
 * What is not proven: that the header is the vault's. That is what an anchor is for; without one the verdict is "consistent
 * with its own header". A root anchors the contents of the tree only: height, time, organization and store are then the
 * word of whoever sent the header.
 */
import { equalBytes } from '../bytes/compare.ts';
import { toHex } from '../bytes/text.ts';
import type { U64 } from '../bytes/u64.ts';
import type { Hasher } from '../capability.ts';
import type { Header } from '../chain/header.ts';
import { portableHasher } from '../hasher.ts';
import { tuplePath } from '../merkle/path.ts';
import { isLive } from '../merkle/value.ts';
import type { TupleCondition, TupleKey } from '../state/transaction.ts';
import { type AnchorExpectations, type Anchored, checkAnchor, checkHeader } from './anchor-claim.ts';
import { type AnswerClaim, readAnswer } from './answer-shape.ts';
import { type ProofStage, verifyPrunedTree } from './pruned-tree.ts';

/** Where an answer is refused, in the order of the checks. */
export type AnswerStage = 'shape' | 'header' | 'statement' | 'anchor' | ProofStage | 'verdict';

/** The caller's own knowledge. Every one given must hold. */
export interface AnswerExpectations extends AnchorExpectations {
  /** The question that was asked. */
  readonly tuple?: TupleKey;
  /** ULIDs of the organization and the store that were asked. */
  readonly organization?: string;
  readonly store?: string;
  /** SHA-256; the portable one unless given. */
  readonly hasher?: Hasher;
}

export type AnswerVerdict =
  | {
      readonly ok: true;
      readonly allowed: boolean;
      readonly tuple: TupleKey;
      readonly height: number;
      /** Block time, microseconds since 1970. */
      readonly time: U64;
      readonly organization: string;
      readonly store: string;
      /** Lower-case hex. */
      readonly blockHash: string;
      readonly stateRoot: string;
      readonly treeRoot: string;
      readonly anchored: Anchored;
      /** Whether a leaf of the tuple is there; with allowed false it has expired. */
      readonly present: boolean;
      /** Microseconds since 1970, 0 = never, or not there. */
      readonly expiresAt: U64;
      /** The condition under which the tuple holds. It is shown, not evaluated. */
      readonly condition: TupleCondition | undefined;
    }
  | { readonly ok: false; readonly stage: AnswerStage; readonly reason: string };

/**
 * Checks an answer with a proof.
 * @param answer parsed JSON, as in docs/reference/proof-format.md. Anything else is refused, never thrown on.
 */
export function verifyAnswer(answer: unknown, expected: AnswerExpectations = {}): AnswerVerdict {
  const hasher = expected.hasher ?? portableHasher;
  const shaped = readAnswer(answer);
  if (!shaped.ok) return { ok: false, stage: 'shape', reason: shaped.reason };
  const claim = shaped.value;

  const header = checkHeader(hasher, claim);
  if (!header.ok) return { ok: false, stage: 'header', reason: header.reason };

  const mismatch = checkStatement(claim, header.value, expected);
  if (mismatch !== undefined) return { ok: false, stage: 'statement', reason: mismatch };

  const anchor = checkAnchor(claim, expected);
  if (!anchor.ok) return { ok: false, stage: 'anchor', reason: anchor.reason };

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
    return { ok: false, stage: 'verdict', reason };
  }
  return {
    ok: true,
    allowed,
    tuple: statement.tuple,
    height: claim.height,
    time: header.value.time,
    organization: statement.organization,
    store: statement.store,
    blockHash: toHex(claim.blockHash),
    stateRoot: toHex(claim.stateRoot),
    treeRoot: toHex(claim.treeRoot),
    anchored: anchor.value,
    present: tuple !== undefined,
    expiresAt: tuple?.expiresAt ?? 0,
    condition:
      tuple === undefined || tuple.conditionName === ''
        ? undefined
        : { name: tuple.conditionName, context: tuple.conditionContext },
  };
}

/** The statement is about the header's vault and height, says what the answer says, and is what the caller asked. */
function checkStatement(claim: AnswerClaim, header: Header, expected: AnswerExpectations): string | undefined {
  const { statement } = claim;
  if (!equalBytes(statement.organizationBytes, header.organization)) return 'statement.org is not that of the header';
  if (!equalBytes(statement.storeBytes, header.vault)) return 'statement.store is not that of the header';
  if (statement.height !== claim.height) return 'statement.height is not that of the header';
  if (statement.allowed !== claim.allowed) return 'allowed is not what statement.verdict says';
  if (expected.organization !== undefined && expected.organization !== statement.organization)
    return 'another organization than expected';
  if (expected.store !== undefined && expected.store !== statement.store) return 'another store than expected';
  const asked = expected.tuple;
  if (asked === undefined) return undefined;
  const { resource, relation, subject } = statement.tuple;
  const same = asked.resource === resource && asked.relation === relation && asked.subject === subject;
  return same ? undefined : 'another tuple than expected';
}
