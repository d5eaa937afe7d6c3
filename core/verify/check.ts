/**
 * The `vouch/verify/check` sub-path: verdicts on checks, lists of objects and lists of users that a model decides. The evaluator that a
 * node runs is in it, and CEL for conditions; `vouch/verify/certificates` is the same without CEL.
 */
// biome-ignore-all lint/performance/noBarrelFile: the one place where this sub-path says what is public
import { celConditions } from '../authz/cel.ts';
import type { Conditions } from '../authz/condition.ts';
import {
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
import { type CertificateExpectations, type CertificateVerdict, verifyCertificate } from '../certificate/verify.ts';

export type { Conditions, ConditionVerdict, Context } from '../authz/condition.ts';
export { explain } from '../authz/explain.ts';
export type { ObjectsQuestion } from '../authz/list-objects.ts';
export type { SubjectFilter, SubjectsQuestion } from '../authz/list-users.ts';
export type { ReadTuple, Why } from '../authz/reading.ts';
export type { Hasher } from '../capability.ts';
export type { CertificateStage } from '../certificate/prove.ts';
export type { TupleCondition, TupleKey } from '../state/transaction.ts';
export type { CheckVerdict, ListObjectsVerdict, ListUsersVerdict };

/** What the caller knows; conditions: CEL unless given. */
type Known<T extends { readonly conditions: Conditions }> = Omit<T, 'conditions'> & { readonly conditions?: Conditions };
export type VerifyCheckExpectations = Known<CheckExpectations>;
export type VerifyListObjectsExpectations = Known<ListObjectsExpectations>;
export type VerifyListUsersExpectations = Known<ListUsersExpectations>;
export type VerifyBatchExpectations = Known<CertificateExpectations>;

/**
 * Checks an answer to one check, computed by a model.
 * @param answer parsed JSON, as in docs/reference/certificate-format.md. Anything else is refused, never thrown on.
 */
export function verifyCheck(answer: unknown, expected: VerifyCheckExpectations = {}): CheckVerdict {
  return checkVerdict(answer, { conditions: celConditions, ...expected });
}

/** Checks a list of all objects of a type to which a user has a relation. @param answer as for verifyCheck */
export function verifyListObjects(answer: unknown, expected: VerifyListObjectsExpectations = {}): ListObjectsVerdict {
  return listObjectsVerdict(answer, { conditions: celConditions, ...expected });
}

/** Checks a list of all users that have a relation to an object. @param answer as for verifyCheck */
export function verifyListUsers(answer: unknown, expected: VerifyListUsersExpectations = {}): ListUsersVerdict {
  return listUsersVerdict(answer, { conditions: celConditions, ...expected });
}

/** Checks an answer to several questions with one proof. @param answer as for verifyCheck */
export function verifyBatch(answer: unknown, expected: VerifyBatchExpectations = {}): CertificateVerdict {
  return verifyCertificate(answer, { conditions: celConditions, ...expected });
}
