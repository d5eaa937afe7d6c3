/** The evaluator against scenarios that others wrote, over tuples in memory, refusals and their codes included. */
import { describe, expect, test } from 'vitest';
import { checkProblem, listObjectsProblem, listUsersProblem, writeProblem } from '../../../core/authz/admit.ts';
import { celConditions } from '../../../core/authz/cel.ts';
import { Checker, type Scope } from '../../../core/authz/check.ts';
import { Contextual } from '../../../core/authz/contextual.ts';
import { type ListOutcome, listObjects } from '../../../core/authz/list-objects.ts';
import { listUsers } from '../../../core/authz/list-users.ts';
import type { AuthzError, AuthzErrorCode, ReadTuple } from '../../../core/authz/reading.ts';
import type { Model } from '../../../core/model/model.ts';
import { ReverseModel } from '../../../core/model/reverse.ts';
import { modelProblem } from '../../../core/model/validate.ts';
import {
  type CheckYaml,
  modelOf,
  readTupleOf,
  type StageYaml,
  type SuiteYaml,
  suitesOf,
  type TupleYaml,
} from './model-corpus.ts';
import { evaluate } from './naive-reads.ts';

/** Numbers of the codes, as the gateway tells them. */
const NUMBERS: { readonly [C in AuthzErrorCode]: number } = {
  invalid: 2000,
  condition_failed: 2000,
  too_complex: 2002,
  type_missing: 2021,
  relation_missing: 2022,
  invalid_contextual_tuple: 2027,
  invalid_tuple: 2027,
  incomplete: 0,
};

interface Asked {
  readonly contextualTuples?: readonly TupleYaml[];
  readonly context?: Readonly<Record<string, unknown>>;
}

function scopeOf(model: Model, { contextualTuples, context }: Asked): Scope {
  const contextual = new Contextual((contextualTuples ?? []).map(readTupleOf));
  return { model, conditions: celConditions, context: context ?? {}, contextual };
}

function isCase(item: { readonly errorCode?: number }, cases: Cases): boolean {
  return (item.errorCode === undefined) === (cases === 'answers');
}

/** Which questions are asked: those with an answer, or those that are to be refused. */
type Cases = 'answers' | 'refusals';

/** Asks everything of a stage. @returns how much that was */
function askAll(stage: StageYaml, stored: readonly ReadTuple[], cases: Cases): number {
  const model = modelOf(stage.model);
  const reverse = new ReverseModel(model);
  let asked = 0;
  for (const item of stage.checkAssertions ?? []) {
    if (!isCase(item, cases)) continue;
    const { object: resource, relation, user: subject } = item.tuple;
    const scope = scopeOf(model, item);
    const refused = checkProblem(model, celConditions, {
      tuple: { resource, relation, subject },
      contextual: scope.contextual.tuples,
    });
    const name = `check ${resource}#${relation}@${subject}`;
    asked += 1;
    if (refused !== undefined) {
      expect(NUMBERS[refused.code], name).toBe(item.errorCode);
      continue;
    }
    const { result } = evaluate(new Checker(scope, subject).check(resource, relation), stored);
    if (result.verdict === 'error') expect(NUMBERS[result.error.code], name).toBe(item.errorCode);
    else expect(result.verdict, name).toBe(verdictOf(item));
  }
  for (const item of stage.listObjectsAssertions ?? []) {
    if (!isCase(item, cases)) continue;
    const { type, relation, user: subject } = item.request;
    const scope = scopeOf(model, item);
    const question = { type, relation, subject };
    const refused = listObjectsProblem(model, celConditions, { ...question, contextual: scope.contextual.tuples });
    const outcome = refused === undefined ? evaluate(listObjects(scope, reverse, question), stored).result : refusedWith(refused);
    expectList(item, outcome, `objects of ${type}#${relation}@${subject}`);
    asked += 1;
  }
  for (const item of stage.listUsersAssertions ?? []) {
    if (!isCase(item, cases)) continue;
    const { object: resource, relation } = item.request;
    const filters = item.request.filters.map((filter) => {
      const [type = '', of = ''] = filter.split('#');
      return { type, relation: of };
    });
    const scope = scopeOf(model, item);
    const question = { resource, relation, filters };
    const refused = listUsersProblem(model, celConditions, { ...question, contextual: scope.contextual.tuples });
    const outcome = refused === undefined ? evaluate(listUsers(scope, question), stored).result : refusedWith(refused);
    expectList(item, outcome, `users of ${resource}#${relation}`);
    asked += 1;
  }
  return asked;
}

function verdictOf(item: CheckYaml): string {
  if (item.errorCode !== undefined) return `error ${item.errorCode}`;
  return item.expectation === true ? 'allow' : 'deny';
}

function refusedWith(error: AuthzError): ListOutcome {
  return { ok: false, error };
}

function expectList(
  item: { readonly expectation?: readonly string[] | null; readonly errorCode?: number },
  outcome: ListOutcome,
  name: string,
): void {
  const wanted = item.errorCode ?? [...(item.expectation ?? [])].sort();
  expect(outcome.ok ? outcome.found : NUMBERS[outcome.error.code], name).toEqual(wanted);
}

/** Asks everything of the suites of a file, stage by stage; every model and every tuple is to be admitted. */
function askSuites(suites: readonly SuiteYaml[], cases: Cases): number {
  let asked = 0;
  for (const { name, stages } of suites) {
    const stored: ReadTuple[] = [];
    for (const stage of stages) {
      try {
        const model = modelOf(stage.model);
        expect(modelProblem(model, celConditions)).toBeUndefined();
        const written = (stage.tuples ?? []).map(readTupleOf);
        for (const item of written) expect(writeProblem(model, celConditions, item)).toBeUndefined();
        stored.push(...written);
        asked += askAll(stage, stored, cases);
      } catch (error) {
        throw new Error(`suite ${name}: ${error instanceof Error ? error.message : ''}`, { cause: error });
      }
    }
  }
  return asked;
}

const suites = suitesOf('consolidated_1_1_tests.yaml');
const conditional = suitesOf('abac_tests.yaml');

describe.skipIf(suites === undefined)('the public suites', () => {
  test('every question of every stage is answered as expected', () => {
    expect(askSuites(suites ?? [], 'answers')).toBeGreaterThan(800);
  });

  test('every question with conditions is answered as expected', () => {
    expect(askSuites(conditional ?? [], 'answers')).toBeGreaterThan(150);
  });

  test('what is to be refused is refused with the code that is expected', () => {
    expect(askSuites(suites ?? [], 'refusals')).toBe(44);
    expect(askSuites(conditional ?? [], 'refusals')).toBe(70);
  });

  test('a stage whose tuples all come with the question is answered the same', () => {
    let asked = 0;
    for (const { stages } of [...(suites ?? []), ...(conditional ?? [])]) {
      const [stage] = stages;
      if (stages.length !== 1 || stage === undefined) continue;
      const tuples = stage.tuples ?? [];
      const over = <T extends { readonly contextualTuples?: readonly TupleYaml[] }>(item: T): T => ({
        ...item,
        contextualTuples: [...(item.contextualTuples ?? []), ...tuples],
      });
      const replayed: StageYaml = {
        model: stage.model,
        checkAssertions: (stage.checkAssertions ?? []).map(over),
        listObjectsAssertions: (stage.listObjectsAssertions ?? []).map(over),
        listUsersAssertions: (stage.listUsersAssertions ?? []).map(over),
      };
      asked += askAll(replayed, [], 'answers');
    }
    expect(asked).toBeGreaterThan(500);
  });
});
