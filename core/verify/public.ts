/**
 * The `vouch/verify` sub-path: verdicts on what a server or a stranger hands out (receipts, answers, statements), with pinned keys,
 * in Node or a browser. Nothing else is here, so that a page loads nothing else: docs/reference/verify.md says what the sub-paths beneath hold.
 */
// biome-ignore-all lint/performance/noBarrelFile: the one place where this sub-path says what is public

export type { Parsed } from '../bytes/parsed.ts';
export type { U64 } from '../bytes/u64.ts';
export type { Hasher, SignatureVerifier } from '../capability.ts';
export { portableHasher } from '../hasher.ts';
export type { Checkpoint } from '../note/checkpoint.ts';
export { portableVerifier } from '../note/ed25519.ts';
export type { NoteKey } from '../note/key.ts';
export { type Policy, parsePolicy, type Quorum, type SignedBy, type Witness } from '../note/policy.ts';
export type { AnchorExpectations, Anchored } from '../proof/anchor-claim.ts';
export { type AnswerExpectations, type AnswerStage, type AnswerVerdict, verifyAnswer } from '../proof/answer.ts';
export type { Finding, FoundTuple } from '../proof/findings.ts';
export type { ProofStage } from '../proof/pruned-tree.ts';
export type { Question, SubjectRange } from '../proof/statement.ts';
export { type StatementsExpectations, type StatementsVerdict, verifyStatements } from '../proof/statements.ts';
export { type ReceiptExpectations, type ReceiptStage, type ReceiptVerdict, verifyReceipt } from '../receipt/verify.ts';
export type { TupleCondition, TupleKey } from '../state/transaction.ts';
