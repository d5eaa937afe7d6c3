/**
 * An authorization question under way, as proof-work.ts has proofs: the evaluator runs over an image of the vault's rows, a slice a
 * step (C11), then the proof of what its verdicts rest on is made. All checks of one request see one block; where no proof is asked for,
 * those about one subject share what was found out.
 */
import { unreachable } from '../assert.ts';
import { checkProblem, expandProblem, listObjectsProblem, listUsersProblem } from '../authz/admit.ts';
import { Checker, type Scope } from '../authz/check.ts';
import type { Conditions, Context } from '../authz/condition.ts';
import { Contextual } from '../authz/contextual.ts';
import { expand } from '../authz/expand.ts';
import { type ListOutcome, listObjects } from '../authz/list-objects.ts';
import { listUsers } from '../authz/list-users.ts';
import type { AuthzError, Reading, Why } from '../authz/reading.ts';
import { certificateQuestions } from '../certificate/questions.ts';
import {
  type AuthzContext,
  type AuthzQuery,
  type AuthzResult,
  type CheckQuestion,
  type CheckVerdict,
  CLIENT_CODE_OF,
} from '../client/authz-protocol.ts';
import type { ClientResult } from '../client/protocol.ts';
import type { Question } from '../proof/statement.ts';
import { AuthzReads, TooMuch } from './authz-reads.ts';
import { type CompiledModel, modelAt } from './models.ts';
import { isTupleKey } from './names.ts';
import { type ProofLimits, proofSteps } from './proof-work.ts';
import { errorResult } from './results.ts';
import { oldestHeight } from './retention.ts';
import { RowsAt } from './rows-at.ts';
import type { VaultView } from './vault-view.ts';

export interface AuthzTask {
  readonly view: VaultView;
  readonly query: AuthzQuery;
  readonly conditions: Conditions;
  /** Whether the answer is to carry a proof. */
  readonly proof: boolean;
}

/** What was found, before there is a proof of it. */
interface Found {
  /** That a proof of it answers. */
  readonly questions: () => readonly Question[];
  readonly answer: (proof: Uint8Array) => AuthzResult;
}

const NO_CONTEXT: Context = {};
const NO_PROOF: Uint8Array = new Uint8Array(0);

/** Yields once a row that is read, then as a proof does. */
export function* authzSteps(task: AuthzTask, limits: ProofLimits): Generator<void, ClientResult> {
  const { view, query } = task;
  const model = modelAt(view, query.model);
  if (model === undefined && query.model !== '') {
    return errorResult('model_missing', `Authorization Model '${query.model}' not found`);
  }
  if (model === undefined && query.kind !== 'check') {
    return errorResult('no_model', 'this vault has no authorization model: write one first');
  }
  const found = yield* evaluate(task, model);
  if ('code' in found) return errorResult(CLIENT_CODE_OF[found.code], found.message);
  const { questions, answer } = found;
  if (!task.proof) return answer(NO_PROOF);
  // Meanwhile the vault may have gone on, and retention with it.
  if (view.isPruned) return errorResult('unavailable', 'the block was dropped while its answer was made: ask again');
  const asked = questions();
  if (asked.length === 0) return answer(NO_PROOF); // nothing was read: each verdict is an error of its own
  return yield* proofSteps({ view, questions: asked, answer }, limits);
}

function* evaluate(task: AuthzTask, model: CompiledModel | undefined): Generator<void, Found | AuthzError> {
  const { vault, height, isNewest, time } = task.view;
  const { leaves } = vault;
  const image = leaves.rows.snapshot();
  try {
    const at = new RowsAt({ rows: image, keys: leaves.keys.beside, height, floor: oldestHeight(vault), isNewest });
    const evaluation = new Evaluation(new AuthzReads(at, time), task, model);
    return yield* evaluation.run();
  } catch (error) {
    if (error instanceof TooMuch) return { code: 'too_complex', message: error.message };
    throw error;
  } finally {
    image.release();
  }
}

class Evaluation {
  private readonly reads: AuthzReads;
  private readonly task: AuthzTask;
  private readonly model: CompiledModel | undefined;
  /** Of one subject in one context. */
  private readonly checkers: Map<string, Checker> = new Map();

  constructor(reads: AuthzReads, task: AuthzTask, model: CompiledModel | undefined) {
    this.reads = reads;
    this.task = task;
    this.model = model;
  }

  *run(): Generator<void, Found | AuthzError> {
    const { query, view } = this.task;
    const { anchor } = view;
    const id = this.model?.id ?? '';
    if (query.kind === 'check') {
      const verdicts: CheckVerdict[] = [];
      const reads: Question[] = [];
      const whys: Why[] = [];
      for (const check of query.checks) {
        const { verdict, why, read } = this.model === undefined ? yield* this.exact(check) : yield* this.check(this.model, check);
        verdicts.push(verdict);
        reads.push(...read);
        whys.push(...why);
      }
      const questions = (): readonly Question[] =>
        id === '' ? reads : certificateQuestions([{ model: id, grounds: { reads, whys } }]);
      return { questions, answer: (proof) => ({ kind: 'check', model: id, verdicts, anchor, proof }) };
    }
    const model = this.model as CompiledModel;
    if (query.kind === 'expand') return yield* this.expand(model, query);
    const outcome = yield* this.list(model, query);
    if (!outcome.ok) return outcome.error;
    const questions = (): readonly Question[] => certificateQuestions([{ model: id, grounds: outcome }]);
    const { found } = outcome;
    return { questions, answer: (proof) => ({ kind: query.kind, model: id, found, anchor, proof }) };
  }

  private *check(model: CompiledModel, question: CheckQuestion): Generator<void, Checked> {
    const { tuple } = question;
    const problem = checkProblem(model.model, this.task.conditions, question);
    if (problem !== undefined) return refusedCheck(problem);
    const outcome = yield* this.drive(this.checkerOf(model, question).check(tuple.resource, tuple.relation));
    if (outcome.verdict === 'error') return refusedCheck(outcome.error);
    return { verdict: { ok: true, allowed: outcome.verdict === 'allow' }, why: [outcome.why], read: [] };
  }

  /** In a vault without models: whether the exact tuple is there. */
  private *exact({ tuple, contextual }: CheckQuestion): Generator<void, Checked> {
    if (!isTupleKey(tuple)) return refusedCheck({ code: 'invalid', message: 'the tuple is not object#relation@user' });
    if (contextual.length > 0) return refusedCheck(NO_MODEL);
    const question: Question = { kind: 'tuple', tuple };
    const answer = this.reads.lookup(question) ?? (yield* this.reads.answer(question));
    const [found] = answer.tuples;
    if (found?.condition !== undefined) return refusedCheck(NO_MODEL);
    return { verdict: { ok: true, allowed: found !== undefined }, why: [], read: [question] };
  }

  private *list(model: CompiledModel, query: ListQuery): Generator<void, ListOutcome> {
    const { conditions } = this.task;
    switch (query.kind) {
      case 'listObjects': {
        const error = listObjectsProblem(model.model, conditions, query);
        if (error !== undefined) return { ok: false, error };
        return yield* this.drive(listObjects(this.scopeOf(model, query), model.reverse, query));
      }
      case 'listUsers': {
        const error = listUsersProblem(model.model, conditions, query);
        if (error !== undefined) return { ok: false, error };
        return yield* this.drive(listUsers(this.scopeOf(model, query), query));
      }
      default:
        return unreachable(query);
    }
  }

  private *expand({ id, model }: CompiledModel, query: ExpandQuery): Generator<void, Found | AuthzError> {
    const { anchor } = this.task.view;
    const problem = expandProblem(model, this.task.conditions, query);
    if (problem !== undefined) return problem;
    const outcome = yield* this.drive(expand({ model, contextual: new Contextual(query.contextual) }, query));
    if (!outcome.ok) return outcome.error;
    const { tree } = outcome;
    return { questions: () => [], answer: () => ({ kind: 'expand', model: id, tree, anchor }) };
  }

  private checkerOf(model: CompiledModel, question: CheckQuestion): Checker {
    const { tuple, context, contextual } = question;
    // What comes with the question is seldom shared, and long to compare. And where it is proven, each check has its own witness:
    // the verifier looks for the first that the proof shows, and remembers nothing of the check before.
    if (contextual.length > 0 || this.task.proof) return new Checker(this.scopeOf(model, question), tuple.subject);
    const name = `${tuple.subject}\0${context}`;
    const known = this.checkers.get(name);
    if (known !== undefined) return known;
    const made = new Checker(this.scopeOf(model, question), tuple.subject);
    this.checkers.set(name, made);
    return made;
  }

  private scopeOf({ model }: CompiledModel, { contextual, context }: AuthzContext): Scope {
    const { conditions } = this.task;
    const { lookup } = this.reads;
    const parsed = context === '{}' ? NO_CONTEXT : (JSON.parse(context) as Context);
    return { model, conditions, context: parsed, contextual: new Contextual(contextual), lookup };
  }

  /** Answers an evaluation's reads until it ends. */
  private *drive<T>(reading: Reading<T>): Generator<void, T> {
    let step = reading.next();
    while (step.done !== true) {
      const answer = yield* this.reads.answer(step.value);
      step = reading.next(answer);
    }
    return step.value;
  }
}

type ListQuery = Extract<AuthzQuery, { readonly kind: 'listObjects' | 'listUsers' }>;
type ExpandQuery = Extract<AuthzQuery, { readonly kind: 'expand' }>;

interface Checked {
  readonly verdict: CheckVerdict;
  readonly why: readonly Why[];
  readonly read: readonly Question[];
}

const NO_MODEL: AuthzError = {
  code: 'invalid',
  message: 'this vault has no authorization model, by which conditions and contextual tuples are judged: write one first',
};

function refusedCheck(error: AuthzError): Checked {
  return { verdict: { ok: false, error }, why: [], read: [] };
}
