/** Verdicts on one answer of a kind that the caller knows: a check, a list of objects, a list of users. All of it is verifyCertificate. */
import type { Context } from '../authz/condition.ts';
import type { ObjectsQuestion } from '../authz/list-objects.ts';
import type { SubjectsQuestion } from '../authz/list-users.ts';
import type { ReadTuple, Why } from '../authz/reading.ts';
import { refusedAt } from '../bytes/parsed.ts';
import type { Anchored, ProvenBlock } from '../proof/anchor-claim.ts';
import type { TupleKey } from '../state/transaction.ts';
import type { Asked } from './asked.ts';
import type { CertificateRefusal, ProvenResult } from './prove.ts';
import { type CertificateExpectations, type ProvenCertificates, verifyCertificate } from './verify.ts';

/** The caller's own knowledge, besides the question. Every one given must hold. */
export interface VerdictExpectations extends Omit<CertificateExpectations, 'asked'> {
  /** What the question was judged by; counts where the question is given, and is nothing unless given. */
  readonly context?: Context;
  readonly contextual?: readonly ReadTuple[];
}

export interface CheckExpectations extends VerdictExpectations {
  readonly tuple?: TupleKey;
}
export interface ListObjectsExpectations extends VerdictExpectations {
  readonly question?: ObjectsQuestion;
}
export interface ListUsersExpectations extends VerdictExpectations {
  readonly question?: SubjectsQuestion;
}

/** What every verdict says. */
interface Held extends ProvenBlock {
  readonly ok: true;
  readonly organization: string;
  readonly store: string;
  readonly anchored: Anchored;
  /** Id of the model that decides. */
  readonly model: string;
  readonly context: Context;
  readonly contextual: readonly ReadTuple[];
}

/** why: for explain. */
export type CheckVerdict =
  | (Held & { readonly tuple: TupleKey; readonly allowed: boolean; readonly why: Why | undefined })
  | CertificateRefusal;
/** objects: all of them, sorted. */
export type ListObjectsVerdict =
  | (Held & { readonly question: ObjectsQuestion; readonly objects: readonly string[] })
  | CertificateRefusal;
/** users: all of them, sorted; `type:*` stands for everybody of a type. */
export type ListUsersVerdict =
  | (Held & { readonly question: SubjectsQuestion; readonly users: readonly string[] })
  | CertificateRefusal;

/** Checks an answer to one check. @param answer parsed JSON, as in docs/reference/certificate-format.md */
export function checkVerdict(answer: unknown, expected: CheckExpectations): CheckVerdict {
  const { tuple } = expected;
  const proven = prove(answer, expected, tuple && { ...underOf(expected), kind: 'check', tuple });
  if (!proven.ok) return proven;
  const { asked, found, whys } = proven.result;
  if (asked.kind !== 'check' || found.kind !== 'check') return OTHER_KIND;
  return { ...proven.held, tuple: asked.tuple, allowed: found.allowed, why: whys[0] };
}

/** Checks a list of objects. @param answer parsed JSON, as in docs/reference/certificate-format.md */
export function listObjectsVerdict(answer: unknown, expected: ListObjectsExpectations): ListObjectsVerdict {
  const { question } = expected;
  const proven = prove(answer, expected, question && { ...underOf(expected), kind: 'listObjects', question });
  if (!proven.ok) return proven;
  const { asked, found } = proven.result;
  if (asked.kind !== 'listObjects' || found.kind !== 'list') return OTHER_KIND;
  return { ...proven.held, question: asked.question, objects: found.members };
}

/** Checks a list of users. @param answer parsed JSON, as in docs/reference/certificate-format.md */
export function listUsersVerdict(answer: unknown, expected: ListUsersExpectations): ListUsersVerdict {
  const { question } = expected;
  const proven = prove(answer, expected, question && { ...underOf(expected), kind: 'listUsers', question });
  if (!proven.ok) return proven;
  const { asked, found } = proven.result;
  if (asked.kind !== 'listUsers' || found.kind !== 'list') return OTHER_KIND;
  return { ...proven.held, question: asked.question, users: found.members };
}

const OTHER_KIND: CertificateRefusal = refusedAt('statement', 'the answer is one to another kind of question');

function underOf({ model, context, contextual }: VerdictExpectations): Pick<Asked, 'model' | 'context' | 'contextual'> {
  return { model: model ?? '', context: context ?? {}, contextual: contextual ?? [] };
}

function prove(
  answer: unknown,
  expected: VerdictExpectations,
  asked: Asked | undefined,
): { readonly ok: true; readonly held: Held; readonly result: ProvenResult } | CertificateRefusal {
  const verdict = verifyCertificate(answer, { ...expected, ...(asked === undefined ? {} : { asked: [asked] }) });
  if (!verdict.ok) return verdict;
  const { results, ...block }: ProvenCertificates & { readonly anchored: Anchored } = verdict;
  const [result] = results;
  if (result === undefined || results.length > 1) return refusedAt('statement', 'the answer is one to several questions');
  const { model, context, contextual } = result.asked;
  return { ok: true, held: { ...block, model, context, contextual }, result };
}
