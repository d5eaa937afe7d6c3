/** Small models and tuples, drawn: two types of objects with four relations each, every kind of rewrite, usersets, wildcards, conditions. */
import * as fc from 'fast-check';
import type { ReadTuple } from '../../../core/authz/reading.ts';
import type { Condition, DirectType, Model, Relation, Rewrite, TypeDefinition } from '../../../core/model/model.ts';

export const TYPES: readonly string[] = ['group', 'doc'];
export const OBJECTS: readonly string[] = ['group:1', 'group:2', 'doc:1', 'doc:2'];
export const USERS: readonly string[] = ['user:1', 'user:2', 'user:3'];
export const RELATIONS: readonly string[] = ['p', 'd', 'r', 'q'];
export const USERSETS: readonly string[] = OBJECTS.flatMap((object) => RELATIONS.map((name) => `${object}#${name}`));
/** Conditions, by what they are: one is met, one is not. */
export const MET: string = 'yes';
export const UNMET: string = 'no';

const condition = fc.constantFrom('', '', MET, UNMET);
const noType = { relation: '', wildcard: false, condition: '' };

const directType: fc.Arbitrary<DirectType> = fc.oneof(
  condition.map((name) => ({ ...noType, type: 'user', condition: name })),
  condition.map((name) => ({ ...noType, type: 'user', wildcard: true, condition: name })),
  fc
    .tuple(fc.constantFrom(...TYPES), fc.constantFrom('d', 'r', 'q'), condition)
    .map(([type, relation, name]) => ({ ...noType, type, relation, condition: name })),
);
const directTypes = fc.array(directType, { minLength: 1, maxLength: 4 });
const parentTypes = fc
  .array(fc.tuple(fc.constantFrom(...TYPES), condition), { minLength: 1, maxLength: 3 })
  .map((list): readonly DirectType[] => list.map(([type, name]) => ({ ...noType, type, condition: name })));

function rewriteOver(computed: readonly string[], depth: number): fc.Arbitrary<Rewrite> {
  const leaf: fc.Arbitrary<Rewrite> = fc.oneof(
    fc.constant<Rewrite>({ kind: 'this' }),
    fc.constantFrom(...computed).map((relation): Rewrite => ({ kind: 'computed', relation })),
    fc.constantFrom('d', 'r', 'q').map((name): Rewrite => ({ kind: 'tupleToUserset', tupleset: 'p', computed: name })),
  );
  if (depth === 0) return leaf;
  const inner = rewriteOver(computed, depth - 1);
  return fc.oneof(
    leaf,
    fc.array(inner, { minLength: 2, maxLength: 3 }).map((children): Rewrite => ({ kind: 'union', children })),
    fc.array(inner, { minLength: 2, maxLength: 2 }).map((children): Rewrite => ({ kind: 'intersection', children })),
    fc.tuple(inner, inner).map(([base, subtract]): Rewrite => ({ kind: 'exclusion', base, subtract })),
  );
}

function hasThis(rewrite: Rewrite): boolean {
  return JSON.stringify(rewrite).includes('"this"');
}

function relationOver(name: string, computed: readonly string[]): fc.Arbitrary<Relation> {
  return fc
    .tuple(rewriteOver(computed, 2), directTypes)
    .map(([rewrite, types]) => ({ name, rewrite, directTypes: hasThis(rewrite) ? types : [] }));
}

const typeDefinition: fc.Arbitrary<readonly Relation[]> = fc
  .tuple(parentTypes, directTypes, relationOver('r', ['d']), relationOver('q', ['d', 'r']))
  .map(([parents, direct, r, q]) => [
    { name: 'p', rewrite: { kind: 'this' }, directTypes: parents },
    { name: 'd', rewrite: { kind: 'this' }, directTypes: direct },
    r,
    q,
  ]);

function named(name: string): Condition {
  return { name, expression: name === MET ? 'true' : 'false', parameters: new Map() };
}

export const randomModel: fc.Arbitrary<Model> = fc.tuple(typeDefinition, typeDefinition).map((definitions): Model => {
  const types = new Map<string, TypeDefinition>([['user', { name: 'user', relations: new Map() }]]);
  for (const [index, relations] of definitions.entries()) {
    const name = TYPES[index] as string;
    types.set(name, { name, relations: new Map(relations.map((relation) => [relation.name, relation])) });
  }
  return { types, conditions: new Map([MET, UNMET].map((name) => [name, named(name)])) };
});

/** Tuples, most of which the model allows: `which` chooses among the direct types. */
export function tuplesOver(model: Model): fc.Arbitrary<readonly ReadTuple[]> {
  const draw = fc.record({
    resource: fc.constantFrom(...OBJECTS),
    relation: fc.constantFrom(...RELATIONS),
    which: fc.nat(3),
    id: fc.nat(2),
    isOdd: fc.integer({ min: 0, max: 9 }).map((value) => value === 0),
    odd: fc.constantFrom(...USERS, 'user:*', ...USERSETS, ...OBJECTS),
  });
  return fc.array(draw, { maxLength: 16 }).map((list) => {
    const byKey = new Map<string, ReadTuple>();
    for (const { resource, relation, which, id, isOdd, odd } of list) {
      const types = model.types.get(resource.slice(0, resource.indexOf(':')))?.relations.get(relation)?.directTypes ?? [];
      const direct = types[which % Math.max(types.length, 1)];
      const subject = isOdd || direct === undefined ? odd : subjectFor(direct, id);
      const name = direct?.condition ?? '';
      byKey.set(`${resource}#${relation}@${subject}`, {
        tuple: { resource, relation, subject },
        condition: name === '' ? undefined : { name, context: '{}' },
      });
    }
    return [...byKey.values()];
  });
}

function subjectFor({ type, relation, wildcard }: DirectType, id: number): string {
  if (wildcard) return `${type}:*`;
  if (type === 'user') return `user:${id + 1}`;
  return `${type}:${(id % 2) + 1}${relation === '' ? '' : `#${relation}`}`;
}
