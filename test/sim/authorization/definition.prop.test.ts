/** The evaluator against the workload's own definition of what it is to answer, over the workload's own models and tuples. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { celConditions } from '../../../core/authz/cel.ts';
import { Checker, type Scope } from '../../../core/authz/check.ts';
import { Contextual } from '../../../core/authz/contextual.ts';
import { listObjects } from '../../../core/authz/list-objects.ts';
import { listUsers } from '../../../core/authz/list-users.ts';
import { ReverseModel } from '../../../core/model/reverse.ts';
import { modelProblem } from '../../../core/model/validate.ts';
import { drawOperations, drawQuery } from '../../../sim/authorization/asking.ts';
import { Definition, type HeldTuple } from '../../../sim/authorization/definition.ts';
import { MODEL_TEXTS, modelOfText } from '../../../sim/authorization/models.ts';
import { seedWords } from '../../../sim/seed.ts';
import { Choices } from '../../../sim/tape.ts';
import { evaluate } from '../../core/authz/naive-reads.ts';

const RUNS = { numRuns: Number(process.env.VOUCH_PROPERTY_RUNS ?? 300) };

/** Tuples as the workload writes them, one for each key. */
function tuplesOf(seed: string, count: number): readonly HeldTuple[] {
  const draws = Choices.fromSeed(seedWords(seed)).under('tuples');
  const tuples = new Map<string, HeldTuple>();
  for (let transaction = 0; transaction < count; transaction += 1) {
    for (const operation of drawOperations(draws, () => 0)) {
      if (operation.op === 'writeTuple') tuples.set(JSON.stringify(operation.tuple), operation);
    }
  }
  return [...tuples.values()].map(({ tuple, condition }) => ({ tuple, condition }));
}

test('both models are valid', () => {
  for (const text of Object.values(MODEL_TEXTS)) expect(modelProblem(modelOfText(text), celConditions)).toBeUndefined();
});

test('checks and lists say what the definition says', () => {
  const seen = { allow: 0, deny: 0, error: 0, listed: 0 };
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.integer({ min: 0, max: 14 }),
      fc.constantFrom('wide', 'narrow'),
      (seed, count, name) => {
        const text = MODEL_TEXTS[name as 'wide' | 'narrow'];
        const model = modelOfText(text);
        const stored = tuplesOf(String(seed), count);
        const query = drawQuery(Choices.fromSeed(seedWords(String(seed))).under('query'), '');
        const scopeOf = (own: { readonly contextual: Scope['contextual']['tuples']; readonly context: string }): Scope => ({
          model,
          conditions: celConditions,
          context: JSON.parse(own.context),
          contextual: new Contextual(own.contextual),
        });
        const definitionOf = (own: { readonly contextual: readonly HeldTuple[]; readonly context: string }): Definition => {
          const keys = new Set(own.contextual.map(({ tuple }) => JSON.stringify(tuple)));
          const left = stored.filter(({ tuple }) => !keys.has(JSON.stringify(tuple)));
          return new Definition(model, [...left, ...own.contextual], own.context);
        };
        if (query.kind === 'check') {
          for (const check of query.checks) {
            const { resource, relation, subject } = check.tuple;
            const { result } = evaluate(new Checker(scopeOf(check), subject).check(resource, relation), stored);
            const { verdict } = definitionOf(check).check(check.tuple);
            expect([check, result.verdict]).toEqual([check, verdict]);
            seen[verdict] += 1;
          }
        } else if (query.kind === 'listObjects') {
          const { result } = evaluate(listObjects(scopeOf(query), new ReverseModel(model), query), stored);
          expect(result).toMatchObject({
            ok: true,
            found: definitionOf(query).objects(query.type, query.relation, query.subject),
          });
          seen.listed += 1;
        } else if (query.kind === 'listUsers') {
          const { result } = evaluate(listUsers(scopeOf(query), query), stored);
          expect(result).toMatchObject({
            ok: true,
            found: definitionOf(query).subjects(query.resource, query.relation, 'person'),
          });
          seen.listed += 1;
        }
      },
    ),
    RUNS,
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS.numRuns / 300);
});
