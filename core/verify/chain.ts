/** The `vouch/verify/chain` sub-path: blocks and transactions in a vault's log, headers, and proofs about any RFC 6962 log. */
// biome-ignore-all lint/performance/noBarrelFile: the one place where this sub-path says what is public
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
export { verifyConsistency, verifyInclusion } from '../chain/log-proof.ts';
export { leafHash, transactionsRoot } from '../chain/merkle-log.ts';
export { decodeUlid, encodeUlid } from '../chain/ulid.ts';
