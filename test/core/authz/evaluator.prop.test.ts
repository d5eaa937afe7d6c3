/** The evaluator against the definition of what it computes, and the lists against questions for each of their possible members. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { celConditions } from '../../../core/authz/cel.ts';
import { Checker, type Scope } from '../../../core/authz/check.ts';
import { Contextual } from '../../../core/authz/contextual.ts';
import { listObjects } from '../../../core/authz/list-objects.ts';
import { listUsers } from '../../../core/authz/list-users.ts';
import type { ReadTuple } from '../../../core/authz/reading.ts';
import type { Model } from '../../../core/model/model.ts';
import { ReverseModel } from '../../../core/model/reverse.ts';
import { modelProblem } from '../../../core/model/validate.ts';
import { propertyOptions } from '../../support/property.ts';
import { relationsOf } from './naive-evaluator.ts';
import { evaluate } from './naive-reads.ts';
import { MET, OBJECTS, RELATIONS, randomModel, TYPES, tuplesOver, USERS, USERSETS } from './random-model.ts';

interface Drawn {
  readonly model: Model;
  readonly stored: readonly ReadTuple[];
  readonly brought: readonly ReadTuple[];
}

const drawn: fc.Arbitrary<Drawn> = randomModel
  .filter((model) => modelProblem(model, celConditions) === undefined)
  .chain((model) =>
    fc.record({ model: fc.constant(model), stored: tuplesOver(model), brought: tuplesOver(model), keep: fc.nat(3) }),
  )
  .map(({ model, stored, brought, keep }) => ({ model, stored, brought: brought.slice(0, keep * 2) }));

const SUBJECTS: readonly string[] = [...USERS, 'user:*', ...USERSETS, 'group:1'];

function keyOf({ tuple }: ReadTuple): string {
  return `${tuple.resource}#${tuple.relation}@${tuple.subject}`;
}

/** What holds for the question: the tuples that it brings in place of those with the same key. */
function laidOver({ stored, brought }: Drawn): readonly ReadTuple[] {
  const replaced = new Set(brought.map(keyOf));
  return [...stored.filter((item) => !replaced.has(keyOf(item))), ...brought];
}

function scopeOf({ model, brought }: Drawn): Scope {
  // Longer ways than the limit are not what this is about.
  return { model, conditions: celConditions, context: {}, contextual: new Contextual(brought), depthMax: 1000 };
}

/** Relations of all objects that a subject has, by definition; undefined where that says nothing. */
function definedFor(world: Drawn, subject: string): ReadonlySet<string> | undefined {
  return relationsOf({ model: world.model, tuples: laidOver(world), met: new Set([MET]) }, subject, OBJECTS);
}

/** Cheap draws, most of which say little. */
const RUNS = 200;
const TIMEOUT_MS = 300_000;

test('check allows exactly what the model defines', { timeout: TIMEOUT_MS }, () => {
  const seen = { allow: 0, deny: 0 };
  const judge = (world: Drawn): void => {
    const scope = scopeOf(world);
    for (const subject of SUBJECTS) {
      const defined = definedFor(world, subject);
      if (defined === undefined) return;
      const shared = new Checker(scope, subject);
      for (const object of OBJECTS) {
        for (const relation of RELATIONS) {
          const wanted = defined.has(`${object}#${relation}`) ? 'allow' : 'deny';
          const name = `${object}#${relation}@${subject}`;
          expect(evaluate(new Checker(scope, subject).check(object, relation), world.stored).result.verdict, name).toBe(wanted);
          expect(evaluate(shared.check(object, relation), world.stored).result.verdict, `${name} with memory`).toBe(wanted);
          seen[wanted] += 1;
        }
      }
    }
  };
  fc.assert(fc.property(drawn, judge), propertyOptions<[Drawn]>(RUNS));
  expect(Math.min(seen.allow, seen.deny)).toBeGreaterThan(500);
});

test('list-objects names exactly the objects that a check allows', { timeout: TIMEOUT_MS }, () => {
  let found = 0;
  const judge = (world: Drawn): void => {
    const scope = scopeOf(world);
    const reverse = new ReverseModel(world.model);
    for (const subject of SUBJECTS) {
      for (const type of TYPES) {
        for (const relation of RELATIONS) {
          const { result } = evaluate(listObjects(scope, reverse, { type, relation, subject }), world.stored);
          const allowed = OBJECTS.filter((object) => {
            if (!object.startsWith(`${type}:`)) return false;
            return evaluate(new Checker(scope, subject).check(object, relation), world.stored).result.verdict === 'allow';
          });
          expect(result.ok && result.found, `${type}#${relation}@${subject}`).toEqual([...allowed].sort());
          found += allowed.length;
        }
      }
    }
  };
  fc.assert(fc.property(drawn, judge), propertyOptions<[Drawn]>(RUNS));
  expect(found).toBeGreaterThan(500);
});

test('list-users names exactly the subjects that a check allows, those that only a wildcard covers by the wildcard', {
  timeout: TIMEOUT_MS,
}, () => {
  let found = 0;
  const filters = [{ type: 'user', relation: '' }, ...TYPES.flatMap((type) => RELATIONS.map((relation) => ({ type, relation })))];
  const judge = (world: Drawn): void => {
    const scope = scopeOf(world);
    for (const resource of OBJECTS) {
      for (const relation of RELATIONS) {
        const { result } = evaluate(listUsers(scope, { resource, relation, filters }), world.stored);
        const named = new Set(result.ok ? result.found : []);
        const candidates = [...USERS, 'user:*', ...USERSETS];
        for (const subject of candidates) {
          const { verdict } = evaluate(new Checker(scope, subject).check(resource, relation), world.stored).result;
          const isByWildcard = verdict === 'allow' && subject.startsWith('user:') && named.has('user:*');
          const name = `${resource}#${relation}@${subject}`;
          if (named.has(subject)) expect(verdict, name).toBe('allow');
          else if (!isByWildcard) expect(verdict, name).toBe('deny');
          found += named.has(subject) ? 1 : 0;
        }
        expect(result.ok).toBe(true);
      }
    }
  };
  fc.assert(fc.property(drawn, judge), propertyOptions<[Drawn]>(RUNS));
  expect(found).toBeGreaterThan(500);
});

test('what is remembered of a cycle does not deny what another question of the same subject finds', () => {
  // a rests on b, d and x; b on a and c; c on b; d on c. While a is open, c is denied under b, and d after it.
  const member = { kind: 'this' } as const;
  const directTypes = [
    { type: 'user', relation: '', wildcard: false, condition: '' },
    { type: 'group', relation: 'member', wildcard: false, condition: '' },
  ];
  const relations = new Map([['member', { name: 'member', rewrite: member, directTypes }]]);
  const model: Model = {
    types: new Map([
      ['user', { name: 'user', relations: new Map() }],
      ['group', { name: 'group', relations }],
    ]),
    conditions: new Map(),
  };
  const ways = ['ab', 'ad', 'ax', 'ba', 'bc', 'cb', 'dc'];
  const stored = ways.map(([of, to]) => ({
    tuple: { resource: `group:${of}`, relation: 'member', subject: `group:${to}#member` },
    condition: undefined,
  }));
  const own = { tuple: { resource: 'group:x', relation: 'member', subject: 'user:1' }, condition: undefined };
  const checker = new Checker(scopeOf({ model, stored, brought: [] }), 'user:1');
  for (const group of 'adcb') {
    const { result } = evaluate(checker.check(`group:${group}`, 'member'), [...stored, own]);
    expect(result.verdict, group).toBe('allow');
  }
});
