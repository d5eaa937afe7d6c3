/**
 * The `vouch/verify/certificates` sub-path: verdicts on checks, lists of objects and lists of users that a model decides, without an
 * expression language: conditions are evaluated by what the caller hands in. `vouch/verify/check` is the same with CEL.
 */
// biome-ignore-all lint/performance/noBarrelFile: the one place where this sub-path says what is public

export type { Conditions, ConditionVerdict, Context } from '../authz/condition.ts';
export { explain } from '../authz/explain.ts';
export type { ObjectsQuestion } from '../authz/list-objects.ts';
export type { SubjectFilter, SubjectsQuestion } from '../authz/list-users.ts';
export type { ReadTuple, Step, Why } from '../authz/reading.ts';
export type { U64 } from '../bytes/u64.ts';
export type { Hasher } from '../capability.ts';
export type { Asked, Found } from '../certificate/asked.ts';
export type { CertificateRefusal, CertificateStage, ProvenResult } from '../certificate/prove.ts';
export {
  type CheckExpectations,
  type CheckVerdict,
  checkVerdict,
  type ListObjectsExpectations,
  type ListObjectsVerdict,
  type ListUsersExpectations,
  type ListUsersVerdict,
  listObjectsVerdict,
  listUsersVerdict,
} from '../certificate/verdicts.ts';
export { type CertificateExpectations, type CertificateVerdict, verifyCertificate } from '../certificate/verify.ts';
export type { Condition, Model, ParameterType, ScalarType } from '../model/model.ts';
export type { AnchorExpectations, Anchored } from '../proof/anchor-claim.ts';
export type { Question, SubjectRange } from '../proof/statement.ts';
export type { TupleCondition, TupleKey } from '../state/transaction.ts';
