/** The `vouch/client` sub-path: the SDK. */
// biome-ignore-all lint/performance/noBarrelFile: the one place where the package's client sub-path says what is public
export type { LogConsistency, LogInclusion, LogRoot, TransactionInclusion } from '../../core/chain/inclusion.ts';
export type { KeptBlock } from '../../core/client/chain-protocol.ts';
export type { ChangePlace, ModelEntry, TupleChange } from '../../core/client/model-protocol.ts';
export type { Anchor, Consistency, NodeStatus, TupleRow, VaultEntry } from '../../core/client/protocol.ts';
export type { Ics23Answer } from '../../core/ics23/answer.ts';
export type { ModelJson } from '../../core/model/text.ts';
export type { SignedBy } from '../../core/note/policy.ts';
export type { Finding, FoundTuple } from '../../core/proof/findings.ts';
export type { PointQuestion, Question, SubjectRange } from '../../core/proof/statement.ts';
export type { EntityCondition, Operation, Retention, TupleCondition, TupleKey } from '../../core/state/transaction.ts';
export { AcceptedCheckpoints, type PinnedKeys } from './accepted-checkpoints.ts';
export type { BatchVerdict, Certificate, Check, ContextualTuple, Judging, Listed } from './authz.ts';
export type { ChainPins, Proven } from './chain.ts';
export { type ConnectOptions, connect, type InOrganization, VouchClient } from './client.ts';
export { type CheckpointCode, type CheckpointNotes, VouchError, type VouchErrorCode } from './error.ts';
export type { Ics23Export } from './ics23-export.ts';
export type { ChangesOptions, ChangesPage, StoredModel } from './models.ts';
export type { ProvenAnswer } from './proven-answer.ts';
export type { ProvenFindings } from './proven-questions.ts';
export type { StateReceipt } from './state-receipt.ts';
export {
  type Audit,
  type ChainReadOptions,
  type CheckOptions,
  type DeleteOptions,
  type Entity,
  type Fitting,
  type KeptPast,
  type Page,
  type Patience,
  type ProofOptions,
  type Provable,
  type ReadOptions,
  type Receipt,
  type ReceiptOptions,
  type SignedCheckpoint,
  type TupleFilter,
  Vault,
  type WriteOptions,
} from './vault.ts';
export type { WatchedBlock, WatchOptions } from './watch.ts';
