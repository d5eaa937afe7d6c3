/** What a model lets be written, in OpenFGA's words; and the trees of expand. */
import { expect, test } from 'vitest';
import { expandProblem, writeProblem } from '../../../core/authz/admit.ts';
import { celConditions } from '../../../core/authz/cel.ts';
import { Contextual } from '../../../core/authz/contextual.ts';
import { expand } from '../../../core/authz/expand.ts';
import { modelOf, readTupleOf, type TupleYaml } from './model-corpus.ts';
import { evaluate } from './naive-reads.ts';

const model = modelOf(`
model
  schema 1.1
type user
type group
  relations
    define member: [user, user with recent, group#member]
type folder
  relations
    define viewer: [user]
type doc
  relations
    define parent: [folder, group]
    define owner: [user]
    define blocked: [user]
    define viewer: ([user, user:*, group#member] or owner or viewer from parent) but not blocked
condition recent(age: int) {
  age < 10
}
`);

function tuple(text: string, condition?: TupleYaml['condition']): TupleYaml {
  const [rest = '', user = ''] = text.split('@');
  const [object = '', relation = ''] = rest.split('#');
  return { object, relation, user, ...(condition === undefined ? {} : { condition }) };
}

test.each([
  ['doc:1#viewer@user:1'],
  ['doc:1#viewer@user:*'],
  ['doc:1#viewer@group:1#member'],
  ['doc:1#parent@folder:1'],
  ['group:1#member@user:1'],
  ['group:1#member@user:1', { name: 'recent', context: { age: '3' } }],
])('%s may be written', (text, condition?: TupleYaml['condition']) => {
  expect(writeProblem(model, celConditions, readTupleOf(tuple(text, condition)))).toBeUndefined();
});

test.each([
  ['doc:1#viewer@team:1', "type 'team' not found"],
  ['doc:1#viewer@user', "the 'user' field is malformed"],
  ['doc:1#viewer@user:*#member', "the 'user' field is malformed"],
  ['doc:1#viewer@user:a:b', "the 'user' field is malformed"],
  ['doc:1#viewer@group:1#owner', "relation 'group#owner' not found"],
  ['page:1#viewer@user:1', "type 'page' not found"],
  ['doc:*#viewer@user:1', "the 'object' field cannot reference a typed wildcard"],
  ['doc#viewer@user:1', "invalid 'object' field format"],
  ['doc:1#reader@user:1', "relation 'doc#reader' not found"],
  ['doc:1#owner@user:*', "the typed wildcard 'user:*' is not an allowed type restriction for 'doc#owner'"],
  ['doc:1#owner@folder:1', "type 'folder' is not an allowed type restriction for 'doc#owner'"],
  ['doc:1#owner@group:1#member', "'group#member' is not an allowed type restriction for 'doc#owner'"],
  ['doc:1#parent@group:1#member', "unexpected user 'group:1#member' with tupleset relation 'doc#parent'"],
  ['doc:1#parent@user:1', "type 'user' is not an allowed type restriction for 'doc#parent'"],
  ['group:1#member@group:1#member', 'cannot write a tuple that is implicit'],
])('%s may not: %s', (text, reason) => {
  const message = `Invalid tuple '${text}'. Reason: ${reason}`;
  expect(writeProblem(model, celConditions, readTupleOf(tuple(text)))).toEqual({ code: 'invalid_tuple', message });
});

test.each([
  ['doc:1#viewer@user:1', { name: 'recent' }, 'recent', 'invalid condition for type restriction'],
  ['group:1#member@user:1', { name: 'other' }, 'other', 'undefined condition'],
  ['group:1#member@user:1', { name: 'recent', context: { other: 1 } }, 'recent', 'found invalid context parameter: other'],
  [
    'group:1#member@user:1',
    { name: 'recent', context: { age: 'x'.repeat(40_000) } },
    'recent',
    'condition context size limit exceeded',
  ],
])('%s with the condition %j may not be written', (text, condition, name, reason) => {
  const problem = writeProblem(model, celConditions, readTupleOf(tuple(text, condition)));
  expect(problem?.code).toBe('invalid');
  expect(problem?.message).toContain(`Invalid tuple '${text} (condition ${name})'. Reason: ${reason}`);
});

test('a tuple without the condition that all its types have lacks it', () => {
  const strict = modelOf(`
model
  schema 1.1
type user
type doc
  relations
    define viewer: [user with recent]
condition recent(age: int) {
  age < 10
}
`);
  const problem = writeProblem(strict, celConditions, readTupleOf(tuple('doc:1#viewer@user:1')));
  expect(problem).toEqual({ code: 'invalid', message: "Invalid tuple 'doc:1#viewer@user:1'. Reason: condition is missing" });
});

test('an expansion shows one level, with the tuples that the question brings, without those that the model does not allow', () => {
  const stored = ['doc:1#viewer@user:2', 'doc:1#viewer@user:*', 'doc:1#viewer@group:1#member', 'doc:1#viewer@folder:1'];
  const parents = ['doc:1#parent@folder:1', 'doc:1#parent@group:1', 'doc:1#blocked@user:3'];
  const brought = [readTupleOf(tuple('doc:1#viewer@user:1'))];
  const question = { resource: 'doc:1', relation: 'viewer' };
  expect(expandProblem(model, celConditions, { ...question, contextual: brought })).toBeUndefined();
  const scope = { model, contextual: new Contextual(brought) };
  const { result } = evaluate(
    expand(scope, question),
    [...stored, ...parents].map((text) => readTupleOf(tuple(text))),
  );
  const name = 'doc:1#viewer';
  expect(result).toEqual({
    ok: true,
    tree: {
      kind: 'difference',
      name,
      base: {
        kind: 'union',
        name,
        nodes: [
          { kind: 'users', name, users: ['group:1#member', 'user:*', 'user:1', 'user:2'] },
          { kind: 'computed', name, userset: 'doc:1#owner' },
          { kind: 'tupleToUserset', name, tupleset: 'doc:1#parent', computed: ['folder:1#viewer'] },
        ],
      },
      subtract: { kind: 'computed', name, userset: 'doc:1#blocked' },
    },
    reads: [
      { kind: 'subjects', resource: 'doc:1', relation: 'viewer', range: 'all' },
      { kind: 'subjects', resource: 'doc:1', relation: 'parent', range: 'plain' },
    ],
  });
});

test.each([
  ['doc#viewer', "invalid 'object' field format"],
  ['page:1#viewer', "type 'page' not found"],
  ['doc:1#reader', "relation 'doc#reader' not found"],
])('an expansion of %s is refused', (text, message) => {
  const [resource = '', relation = ''] = text.split('#');
  expect(expandProblem(model, celConditions, { resource, relation, contextual: [] })).toEqual({ code: 'invalid', message });
});
