/** Arbitrary transactions, and what is asked and answered about models and changes. */
import * as fc from 'fast-check';
import type { ModelQuery, ModelResult, TupleChange } from '../../core/client/model-protocol.ts';
import type { Anchor } from '../../core/client/protocol.ts';
import type { Operation, Retention, Transaction, TupleKey } from '../../core/state/transaction.ts';
import { bytes, hash, height, micros, text, u32, u64 } from './field-arbitraries.ts';

const name = fc.constantFrom('a', 'reader', 'größe', 'x'.repeat(200));
export const tuple: fc.Arbitrary<TupleKey> = fc.record({
  resource: name.map((n) => `document:${n}`),
  relation: name,
  subject: fc.oneof(
    name.map((n) => `user:${n}`),
    fc.constantFrom('user:*', 'team:a#member'),
  ),
});
const tupleCondition = fc.record({ name, context: fc.constantFrom('{}', '{"a":1}') });
const entityCondition = fc.oneof(
  fc.record({ kind: fc.constantFrom('mustNotExist' as const, 'mustExist' as const) }),
  fc.record({ kind: fc.constant('versionEquals' as const), version: height }),
  fc.record({ kind: fc.constant('valueEquals' as const), value: bytes }),
);
export const retention: fc.Arbitrary<Retention> = fc.oneof(
  fc.constant<Retention>({ kind: 'all' }),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map((heights): Retention => ({ kind: 'heights', heights })),
  fc.integer({ min: 1, max: 2 ** 52 }).map((micros): Retention => ({ kind: 'duration', micros })),
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    op: fc.constant('writeTuple' as const),
    tuple,
    condition: fc.option(tupleCondition, { nil: undefined }),
    expiresAt: u64,
    onDuplicate: fc.constantFrom('error' as const, 'ignore' as const),
  }),
  fc.record({
    op: fc.constant('deleteTuple' as const),
    tuple,
    onMissing: fc.constantFrom('error' as const, 'ignore' as const),
  }),
  fc.record({
    op: fc.constant('setEntity' as const),
    key: name,
    value: bytes,
    expiresAt: u64,
    condition: fc.option(entityCondition, { nil: undefined }),
  }),
  fc.record({ op: fc.constant('setRetention' as const), retention }),
  fc.record({ op: fc.constant('writeModel' as const), model: fc.constantFrom('{}', '{"schema_version":"1.1"}') }),
  fc.record({ op: fc.constant('deleteEntity' as const), key: name, condition: fc.option(entityCondition, { nil: undefined }) }),
);
/** A transaction writes one model at most. */
function oneModel(operations: readonly Operation[]): readonly Operation[] {
  const first = operations.findIndex(({ op }) => op === 'writeModel');
  return operations.filter(({ op }, index) => op !== 'writeModel' || index === first);
}
export const transaction: fc.Arbitrary<Transaction> = fc.record({
  actor: fc.constantFrom('', 'alice'),
  reason: fc.constantFrom('', 'quarterly review'),
  operations: fc.array(operation, { minLength: 1, maxLength: 4 }).map(oneModel),
});
export const anchor: fc.Arbitrary<Anchor> = fc.record({
  height,
  blockHash: hash,
  stateRoot: hash,
  treeRoot: hash,
  header: fc.uint8Array({ minLength: 196, maxLength: 196 }),
});
const changePlace = { height, position: u32 };
export const modelQuery: fc.Arbitrary<ModelQuery> = fc.oneof(
  fc.record({ kind: fc.constant('model' as const), id: text }),
  fc.record({ kind: fc.constant('models' as const), limit: u32, after: text }),
  fc.record({ kind: fc.constant('changes' as const), type: text, after: fc.record(changePlace), limit: u32 }),
);
const change: fc.Arbitrary<TupleChange> = fc.oneof(
  fc.record({
    operation: fc.constant('write' as const),
    tuple,
    condition: fc.option(tupleCondition, { nil: undefined }),
    expiresAt: u64,
    time: micros,
    ...changePlace,
  }),
  fc.record({
    operation: fc.constant('delete' as const),
    tuple,
    condition: fc.constant(undefined),
    expiresAt: fc.constant(0),
    time: micros,
    ...changePlace,
  }),
);

export const modelResult: fc.Arbitrary<ModelResult> = fc.oneof(
  fc.record({
    kind: fc.constant('model' as const),
    id: text,
    model: fc.option(text, { nil: undefined }),
    version: height,
    anchor,
    proof: bytes,
  }),
  fc.record({
    kind: fc.constant('models' as const),
    models: fc.array(fc.record({ id: text, version: height, writtenAt: micros }), { maxLength: 3 }),
    next: text,
    anchor,
  }),
  fc.record({
    kind: fc.constant('changes' as const),
    changes: fc.array(change, { maxLength: 3 }),
    next: fc.record(changePlace),
    more: fc.boolean(),
    anchor,
  }),
);
