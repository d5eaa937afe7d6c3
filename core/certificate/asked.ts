/**
 * What a certificate is about: a question to an authorization model, with all that it is judged by besides the vault's tuples.
 * Prover and verifier evaluate it here, so what a server decides and what a client recomputes is one function of what was read.
 */
import { unreachable } from '../assert.ts';
import { Checker, type Scope } from '../authz/check.ts';
import type { Conditions, Context } from '../authz/condition.ts';
import { Contextual } from '../authz/contextual.ts';
import { type ListOutcome, listObjects, type ObjectsQuestion } from '../authz/list-objects.ts';
import { listUsers, type SubjectsQuestion } from '../authz/list-users.ts';
import type { AuthzError, Reading, ReadTuple, Why } from '../authz/reading.ts';
import type { Model } from '../model/model.ts';
import type { ReverseModel } from '../model/reverse.ts';
import type { Question } from '../proof/statement.ts';
import type { TupleKey } from '../state/transaction.ts';

/** What any question is judged by. */
export interface AskedUnder {
  /** Id of the model. */
  readonly model: string;
  readonly context: Context;
  /** Tuples that hold for this question only. */
  readonly contextual: readonly ReadTuple[];
}

export interface AskedCheck extends AskedUnder {
  readonly kind: 'check';
  readonly tuple: TupleKey;
}

export interface AskedObjects extends AskedUnder {
  readonly kind: 'listObjects';
  readonly question: ObjectsQuestion;
}

export interface AskedUsers extends AskedUnder {
  readonly kind: 'listUsers';
  readonly question: SubjectsQuestion;
}

export type Asked = AskedCheck | AskedObjects | AskedUsers;

/** allowed: of a check. members: of a list, sorted. */
export type Found =
  | { readonly kind: 'check'; readonly allowed: boolean }
  | { readonly kind: 'list'; readonly members: readonly string[] };

/** What a result rests on: reads that are named as such, and the reasons of outcomes. */
export interface Grounds {
  readonly reads: readonly Question[];
  readonly whys: readonly Why[];
}

export type Evaluated =
  | ({ readonly ok: true; readonly found: Found } & Grounds)
  | { readonly ok: false; readonly error: AuthzError };

/** A model, and the same read backwards. */
export interface Models {
  readonly model: Model;
  readonly reverse: ReverseModel;
}

/** Evaluates a question. @param depthMax CHECK_DEPTH_MAX unless given */
export function* evaluate(
  asked: Asked,
  { model, reverse }: Models,
  conditions: Conditions,
  depthMax?: number,
): Reading<Evaluated> {
  const { context } = asked;
  const contextual = new Contextual(asked.contextual);
  const scope: Scope = { model, conditions, context, contextual, ...(depthMax === undefined ? {} : { depthMax }) };
  switch (asked.kind) {
    case 'check': {
      const { resource, relation, subject } = asked.tuple;
      const outcome = yield* new Checker(scope, subject).check(resource, relation);
      if (outcome.verdict === 'error') return { ok: false, error: outcome.error };
      return { ok: true, found: { kind: 'check', allowed: outcome.verdict === 'allow' }, reads: [], whys: [outcome.why] };
    }
    case 'listObjects':
      return evaluatedList(yield* listObjects(scope, reverse, asked.question));
    case 'listUsers':
      return evaluatedList(yield* listUsers(scope, asked.question));
    default:
      return unreachable(asked);
  }
}

function evaluatedList(outcome: ListOutcome): Evaluated {
  if (!outcome.ok) return outcome;
  const { found, reads, whys } = outcome;
  return { ok: true, found: { kind: 'list', members: found }, reads, whys };
}
