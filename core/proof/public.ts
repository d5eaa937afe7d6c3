/** The `vouch/verify` sub-path: everything a client needs to check answers, headers and logs, in a browser or offline. */
// biome-ignore-all lint/performance/noBarrelFile: the one place where the package's verify sub-path says what is public
export { fromBase64, toBase64 } from '../bytes/base64.ts';
export type { U64 } from '../bytes/u64.ts';
export type { Hasher, SignatureVerifier } from '../capability.ts';
export {
  type ChainAnswer,
  type ChainAnswerExpectations,
  type ChainAnswerVerdict,
  verifyChainAnswer,
} from '../chain/chain-answer.ts';
export { blockHash, decodeHeader, type Header } from '../chain/header.ts';
export {
  type ChainExpectations,
  type InclusionAnchor,
  type InclusionStage,
  type InclusionVerdict,
  type LogConsistency,
  type LogInclusion,
  type LogRoot,
  type TransactionInclusion,
  verifyLogInclusion,
  verifyTransactionInclusion,
} from '../chain/inclusion.ts';
export { consistencyRoots, verifyConsistency, verifyInclusion, withOlderRoot } from '../chain/log-proof.ts';
export { leafHash, transactionsRoot } from '../chain/merkle-log.ts';
export { decodeUlid, encodeUlid } from '../chain/ulid.ts';
export { portableHasher } from '../hasher.ts';
export { stateRootOf, treeRootOf } from '../merkle/buckets.ts';
export { entityPath, modelPath, reversePath, tuplePath } from '../merkle/path.ts';
export { decodeValue, isLive, type LeafValue } from '../merkle/value.ts';
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../note/checkpoint.ts';
export { portableVerifier } from '../note/ed25519.ts';
export { checkForkProof, type Fork, type ForkEvidence, forkProof } from '../note/fork-proof.ts';
export { decodeVkey, encodeVkey, type NoteKey, SignatureType } from '../note/key.ts';
export { compareWithLast, type Progress } from '../note/last-accepted.ts';
export { nodeKeyName, parseNodeKeyName, parseVaultOrigin, type VaultName, vaultOrigin } from '../note/names.ts';
export { decodeNote, encodeNote, type NoteSignature, type SignedNote } from '../note/note.ts';
export type { Parsed } from '../bytes/parsed.ts';
export {
  checkNote,
  type Policy,
  type PolicyVerdict,
  parsePolicy,
  type Quorum,
  type SignedBy,
  type Witness,
} from '../note/policy.ts';
export { decodeReceipt, encodeReceipt, type Receipt } from '../receipt/format.ts';
export { type ReceiptExpectations, type ReceiptStage, type ReceiptVerdict, verifyReceipt } from '../receipt/verify.ts';
export type { TupleCondition, TupleKey } from '../state/transaction.ts';
export type { AnchorExpectations, Anchored } from './anchor-claim.ts';
export {
  type AnswerExpectations,
  type AnswerStage,
  type AnswerVerdict,
  verifyAnswer,
} from './answer.ts';
export type { Finding, FoundTuple } from './findings.ts';
export { type ProofStage, type PrunedTreeClaim, type PrunedTreeVerdict, verifyPrunedTree } from './pruned-tree.ts';
export { type Question, type SubjectRange, targetOf } from './statement.ts';
export { type StatementsExpectations, type StatementsVerdict, verifyStatements } from './statements.ts';
export type { RevealedLeaf } from './targets.ts';
