/** The evaluator against scenarios that others wrote, over tuples in memory: what is decided, not how errors are told (that is the gateway's). */
import { describe, expect, test } from 'vitest';
import { Checker, type Scope } from '../../../core/authz/check.ts';
import type { Conditions } from '../../../core/authz/condition.ts';
import { Contextual } from '../../../core/authz/contextual.ts';
import { listObjects } from '../../../core/authz/list-objects.ts';
import { listUsers } from '../../../core/authz/list-users.ts';
import type { ReadTuple } from '../../../core/authz/reading.ts';
import type { Model } from '../../../core/model/model.ts';
import { ReverseModel } from '../../../core/model/reverse.ts';
import { modelOf, readTupleOf, type StageYaml, suitesOf, type TupleYaml } from './model-corpus.ts';
import { evaluate } from './naive-reads.ts';

const NO_CONDITIONS: Conditions = {
  problem: () => undefined,
  contextProblem: () => undefined,
  evaluate: () => ({ kind: 'failed', reason: 'these suites have no conditions' }),
};

function scopeOf(model: Model, question: { readonly contextualTuples?: readonly TupleYaml[] }): Scope {
  const contextual = new Contextual((question.contextualTuples ?? []).map(readTupleOf));
  return { model, conditions: NO_CONDITIONS, context: {}, contextual };
}

/** Asks everything of a stage that is not to be refused. @returns how much that was */
function askAll(stage: StageYaml, stored: readonly ReadTuple[]): number {
  const model = modelOf(stage.model);
  const reverse = new ReverseModel(model);
  let asked = 0;
  for (const item of stage.checkAssertions ?? []) {
    if (item.errorCode !== undefined) continue;
    const { object, relation, user } = item.tuple;
    const { result } = evaluate(new Checker(scopeOf(model, item), user).check(object, relation), stored);
    expect(result.verdict, `check ${object}#${relation}@${user}`).toBe(item.expectation === true ? 'allow' : 'deny');
    asked += 1;
  }
  for (const item of stage.listObjectsAssertions ?? []) {
    if (item.errorCode !== undefined) continue;
    const { type, relation, user: subject } = item.request;
    const { result } = evaluate(listObjects(scopeOf(model, item), reverse, { type, relation, subject }), stored);
    const wanted = [...(item.expectation ?? [])].sort();
    expect(result.ok ? result.found : result.error, `objects of ${type}#${relation}@${subject}`).toEqual(wanted);
    asked += 1;
  }
  for (const item of stage.listUsersAssertions ?? []) {
    if (item.errorCode !== undefined) continue;
    const { object: resource, relation } = item.request;
    const filters = item.request.filters.map((filter) => {
      const [type = '', of = ''] = filter.split('#');
      return { type, relation: of };
    });
    const { result } = evaluate(listUsers(scopeOf(model, item), { resource, relation, filters }), stored);
    const wanted = [...(item.expectation ?? [])].sort();
    expect(result.ok ? result.found : result.error, `users of ${resource}#${relation}`).toEqual(wanted);
    asked += 1;
  }
  return asked;
}

const suites = suitesOf('consolidated_1_1_tests.yaml');

describe.skipIf(suites === undefined)('the public suites without conditions', () => {
  test('every question of every stage is answered as expected', () => {
    let asked = 0;
    for (const { name, stages } of suites ?? []) {
      const stored: ReadTuple[] = [];
      for (const stage of stages) {
        stored.push(...(stage.tuples ?? []).map(readTupleOf));
        try {
          asked += askAll(stage, stored);
        } catch (error) {
          throw new Error(`suite ${name}`, { cause: error });
        }
      }
    }
    expect(asked).toBeGreaterThan(800);
  });

  test('a stage whose tuples all come with the question is answered the same', () => {
    let asked = 0;
    for (const { stages } of suites ?? []) {
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
      asked += askAll(replayed, []);
    }
    expect(asked).toBeGreaterThan(500);
  });
});
