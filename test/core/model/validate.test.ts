/** Models that make no sense, one for each rule; what is said of them is what OpenFGA says. */
import { expect, test } from 'vitest';
import { celConditions } from '../../../core/authz/cel.ts';
import { parseModel } from '../../../core/model/parse.ts';
import { modelProblem } from '../../../core/model/validate.ts';

type Json = Readonly<Record<string, unknown>>;

const direct: Json = { this: {} };
const computed = (relation: string): Json => ({ computedUserset: { relation } });
const from = (relation: string, tupleset: string): Json => ({
  tupleToUserset: { tupleset: { relation: tupleset }, computedUserset: { relation } },
});
const union = (...child: readonly Json[]): Json => ({ union: { child } });
const minus = (base: Json, subtract: Json): Json => ({ difference: { base, subtract } });

/** A type whose relations are given with the types of users that tuples of it may name. */
function typeOf(type: string, relations: Readonly<Record<string, readonly [Json, ...Json[]]>>): Json {
  const entries = Object.entries(relations);
  return {
    type,
    relations: Object.fromEntries(entries.map(([name, [rewrite]]) => [name, rewrite])),
    metadata: {
      relations: Object.fromEntries(entries.map(([name, [, ...types]]) => [name, { directly_related_user_types: types }])),
    },
  };
}

const user: Json = { type: 'user' };

function problemOf(types: readonly Json[], conditions: Json = {}): string | undefined {
  const parsed = parseModel({ schema_version: '1.1', type_definitions: [user, ...types], conditions });
  if (!parsed.ok) throw new Error(parsed.reason);
  return modelProblem(parsed.value, celConditions);
}

function conditionOf(expression: string, count = 1): Json {
  const parameters = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`x${index}`, { type_name: 'TYPE_NAME_INT' }]),
  );
  return { c: { name: 'c', expression, parameters } };
}

test.each<[string, readonly Json[]]>([
  ['users of a relation', [typeOf('doc', { viewer: [direct, user, { type: 'user', wildcard: {} }] })]],
  [
    'a relation that leads to itself through tuples',
    [typeOf('group', { member: [direct, user, { type: 'group', relation: 'member' }] })],
  ],
  [
    'a relation of parents of its own type',
    [typeOf('folder', { parent: [direct, { type: 'folder' }], viewer: [union(direct, from('viewer', 'parent')), user] })],
  ],
  [
    'parents of which only one type has the relation',
    [
      typeOf('folder', { viewer: [direct, user] }),
      typeOf('doc', { parent: [direct, { type: 'folder' }, user], viewer: [from('viewer', 'parent')] }),
    ],
  ],
  [
    'relations that lead to each other beside tuples of their own',
    [
      typeOf('a', { r: [direct, user, { type: 'b', relation: 'r' }] }),
      typeOf('b', { r: [direct, { type: 'a', relation: 'r' }] }),
    ],
  ],
])('%s make sense', (_, types) => {
  expect(problemOf(types)).toBeUndefined();
});

test.each<[string, readonly Json[], Json?]>([
  ["the definition of type 'self' is invalid: self and this are reserved keywords", [{ type: 'self' }]],
  [
    "the definition of relation 'this' in object type 'doc' is invalid: self and this are reserved keywords",
    [typeOf('doc', { this: [direct, user] })],
  ],
  ['the type name of a type definition cannot be an empty string', [{ type: '' }]],
  ["type 'doc' defines a relation with an empty string for a name", [typeOf('doc', { '': [direct, user] })]],
  ["the type name 'a b' is invalid", [{ type: 'a b' }]],
  [
    "the definition of relation 'a#b' in object type 'doc' is invalid: its name must match",
    [typeOf('doc', { 'a#b': [direct, user] })],
  ],
  [
    "the definition of relation 'viewer' in object type 'doc' is invalid: invalid userset rewrite definition",
    [typeOf('doc', { viewer: [computed('viewer')] })],
  ],
  ["'doc#editor' relation is undefined", [typeOf('doc', { viewer: [union(direct, computed('editor')), user] })]],
  ["'doc#parent' relation is undefined", [typeOf('doc', { viewer: [from('viewer', 'parent')] })]],
  ["'owner' relation is undefined", [typeOf('doc', { parent: [direct, user], viewer: [from('owner', 'parent')] })]],
  [
    "the 'doc#parent' relation is referenced in at least one tupleset and thus must be a direct relation",
    [
      typeOf('doc', {
        other: [direct, user],
        parent: [union(direct, computed('other')), { type: 'doc' }],
        viewer: [from('other', 'parent')],
      }),
    ],
  ],
  [
    "the relation type 'doc#parent' on 'parent' in object type 'doc' is not valid",
    [
      typeOf('doc', {
        parent: [direct, { type: 'doc' }, { type: 'doc', relation: 'parent' }],
        viewer: [union(direct, from('viewer', 'parent')), user],
      }),
    ],
  ],
  [
    "the relation type 'doc:*' on 'parent' in object type 'doc' is not valid",
    [
      typeOf('doc', {
        parent: [direct, { type: 'doc' }, { type: 'doc', wildcard: {} }],
        viewer: [union(direct, from('viewer', 'parent')), user],
      }),
    ],
  ],
  [
    "the relation type 'team' on 'viewer' in object type 'doc' is not valid",
    [typeOf('doc', { viewer: [direct, { type: 'team' }] })],
  ],
  [
    "the relation type 'user#member' on 'viewer' in object type 'doc' is not valid",
    [typeOf('doc', { viewer: [direct, { type: 'user', relation: 'member' }] })],
  ],
  [
    "the assignable relation 'viewer' in object type 'doc' must contain at least one relation type",
    [typeOf('doc', { viewer: [direct] })],
  ],
  [
    "the non-assignable relation 'viewer' in object type 'doc' should not contain a relation type",
    [typeOf('doc', { editor: [direct, user], viewer: [computed('editor'), user] })],
  ],
  [
    "the definition of relation 'a' in object type 'doc' is invalid: potential loop",
    [typeOf('doc', { a: [computed('b')], b: [computed('a')] })],
  ],
  [
    "the definition of relation 'a' in object type 'doc' is invalid: an authorization model cannot contain a cycle",
    [typeOf('doc', { a: [union(direct, computed('b')), user], b: [computed('a')] })],
  ],
  [
    "the definition of relation 'member' in object type 'group' is invalid: no entrypoints defined",
    [typeOf('group', { member: [direct, { type: 'group', relation: 'member' }] })],
  ],
  [
    "the definition of relation 'viewer' in object type 'folder' is invalid: no entrypoints defined",
    [typeOf('folder', { parent: [direct, { type: 'folder' }], viewer: [from('viewer', 'parent')] })],
  ],
  [
    "the definition of relation 'nobody' in object type 'doc' is invalid: no entrypoints defined",
    [typeOf('doc', { nobody: [direct, { type: 'doc', relation: 'nobody' }], viewer: [minus(direct, computed('nobody')), user] })],
  ],
  ['condition c is undefined for relation viewer', [typeOf('doc', { viewer: [direct, { type: 'user', condition: 'c' }] })]],
  ["failed to compile expression on condition 'c' - no such overload: int < string", [], conditionOf('x0 < "a"')],
  ["failed to compile expression on condition 'c' - Unknown variable: y", [], conditionOf('y < 1')],
  ["the condition 'c' has more than 25 parameters", [], conditionOf('x0 < 1', 26)],
  ["the condition 'c' has no expression", [], conditionOf('')],
  [
    'The number of type definitions in an authorization model exceeds the allowed limit of 100',
    Array.from({ length: 100 }, (_, index) => ({ type: `t${index}` })),
  ],
])('%s', (problem, types, conditions) => {
  expect(problemOf(types, conditions)).toContain(problem);
});
