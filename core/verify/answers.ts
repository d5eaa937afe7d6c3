/** The `vouch/verify/answers` sub-path: verdicts on answers and statements against a block or a root that the caller knows. No signatures, and half the weight. */
// biome-ignore-all lint/performance/noBarrelFile: the one place where this sub-path says what is public
export type { U64 } from '../bytes/u64.ts';
export type { Hasher } from '../capability.ts';
export type { AnchorExpectations, Anchored } from '../proof/anchor-claim.ts';
export { type AnswerExpectations, type AnswerStage, type AnswerVerdict, verifyAnswer } from '../proof/answer.ts';
export type { Finding, FoundTuple } from '../proof/findings.ts';
export type { ProofStage } from '../proof/pruned-tree.ts';
export type { Question, SubjectRange } from '../proof/statement.ts';
export { type StatementsExpectations, type StatementsVerdict, verifyStatements } from '../proof/statements.ts';
export type { TupleCondition, TupleKey } from '../state/transaction.ts';
