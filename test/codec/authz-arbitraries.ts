/** What is asked and answered by authorization models. */
import * as fc from 'fast-check';
import type { ExpandTree } from '../../core/authz/expand.ts';
import type { AuthzErrorCode, ReadTuple } from '../../core/authz/reading.ts';
import type { AuthzQuery, AuthzResult, CheckVerdict } from '../../core/client/authz-protocol.ts';
import { bytes, text } from './field-arbitraries.ts';
import { anchor, tuple } from './ledger-arbitraries.ts';

const texts = fc.array(text, { maxLength: 3 });
const readTuple: fc.Arbitrary<ReadTuple> = fc.record({
  tuple,
  condition: fc.option(fc.record({ name: fc.constantFrom('a', 'größe'), context: fc.constantFrom('{}', '{"a":1}') }), {
    nil: undefined,
  }),
});
const own = {
  contextual: fc.array(readTuple, { maxLength: 3 }),
  context: fc.constantFrom('{}', `{"a":"${'x'.repeat(20_000)}"}`),
};

export const authzQuery: fc.Arbitrary<AuthzQuery> = fc.oneof(
  fc.record({
    kind: fc.constant('check' as const),
    model: text,
    checks: fc.array(fc.record({ tuple, ...own }), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('listObjects' as const), model: text, type: text, relation: text, subject: text, ...own }),
  fc.record({
    kind: fc.constant('listUsers' as const),
    model: text,
    resource: text,
    relation: text,
    filters: fc.array(fc.record({ type: text, relation: text }), { maxLength: 3 }),
    ...own,
  }),
  fc.record({ kind: fc.constant('expand' as const), model: text, resource: text, relation: text, contextual: own.contextual }),
);

const error = fc.record({
  code: fc.constantFrom<AuthzErrorCode>('invalid', 'condition_failed', 'too_complex', 'invalid_contextual_tuple'),
  message: text,
});
const verdict: fc.Arbitrary<CheckVerdict> = fc.oneof(
  fc.record({ ok: fc.constant(true as const), allowed: fc.boolean() }),
  fc.record({ ok: fc.constant(false as const), error }),
);

const { tree } = fc.letrec<{ tree: ExpandTree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.record({ kind: fc.constant('users' as const), name: text, users: texts }),
    fc.record({ kind: fc.constant('computed' as const), name: text, userset: text }),
    fc.record({ kind: fc.constant('tupleToUserset' as const), name: text, tupleset: text, computed: texts }),
    fc.record({
      kind: fc.constantFrom('union' as const, 'intersection' as const),
      name: text,
      nodes: fc.array(tie('tree'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('difference' as const), name: text, base: tie('tree'), subtract: tie('tree') }),
  ),
}));

export const authzResult: fc.Arbitrary<AuthzResult> = fc.oneof(
  fc.record({
    kind: fc.constant('check' as const),
    model: text,
    verdicts: fc.array(verdict, { maxLength: 3 }),
    anchor,
    proof: bytes,
  }),
  fc.record({
    kind: fc.constantFrom('listObjects' as const, 'listUsers' as const),
    model: text,
    found: texts,
    anchor,
    proof: bytes,
  }),
  fc.record({ kind: fc.constant('expand' as const), model: text, tree, anchor }),
);
