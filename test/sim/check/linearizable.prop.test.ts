/** The search agrees with plain enumeration on every model, unknown outcomes included, and on both verdicts often enough. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkLinearizable } from '../../../sim/check/linearizable.ts';
import type { Model, Operation, Outcome } from '../../../sim/check/model.ts';
import {
  type KeyValueInput,
  keyValueModel,
  type LedgerInput,
  ledgerModel,
  type RegisterInput,
  registerModel,
} from '../../../sim/check/models.ts';
import { property, propertyOptions } from '../../support/property.ts';
import { isLinearizableByEnumeration } from './permutations.ts';

const OPERATIONS_MAX = 6;

function historyOf<I>(input: fc.Arbitrary<I>): fc.Arbitrary<readonly Operation<I>[]> {
  const outcome = fc.constantFrom<Outcome[]>('ok', 'ok', 'ok', 'ok', 'info', 'fail');
  const operation = fc.record({ input, outcome, invokedAt: fc.nat(12), length: fc.nat(6) }).map((drawn): Operation<I> => {
    const returnedAt = drawn.outcome === 'info' ? Number.POSITIVE_INFINITY : drawn.invokedAt + drawn.length;
    return { process: 0, input: drawn.input, outcome: drawn.outcome, invokedAt: drawn.invokedAt, returnedAt };
  });
  return fc.array(operation, { maxLength: OPERATIONS_MAX });
}

const text = fc.constantFrom('null', '1', '2');
const registerInput: fc.Arbitrary<RegisterInput> = fc.oneof(
  text.map((value): RegisterInput => ({ f: 'read', value })),
  text.map((value): RegisterInput => ({ f: 'write', value })),
  fc.tuple(text, text).map(([from, to]): RegisterInput => ({ f: 'cas', from, to })),
);
const keyValueInput: fc.Arbitrary<KeyValueInput> = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'ab').map((value): KeyValueInput => ({ f: 'get', value })),
  fc.constantFrom('a', 'b').map((value): KeyValueInput => ({ f: 'put', value })),
  fc.constantFrom('a', 'b').map((value): KeyValueInput => ({ f: 'append', value })),
);
const ledgerInput: fc.Arbitrary<LedgerInput> = fc.constantFrom<LedgerInput[]>(
  { f: 'grant' },
  { f: 'revoke' },
  { f: 'check', value: true },
  { f: 'check', value: false },
);

function agree<I>(model: Model<I>, history: readonly Operation<I>[]): void {
  const expected = isLinearizableByEnumeration(model, history) ? 'linearizable' : 'violation';
  expect(checkLinearizable(model, history).verdict).toBe(expected);
}

describe('the linearizability search', () => {
  property('agrees with enumeration on registers', historyOf(registerInput), (history) => agree(registerModel, history));
  property('agrees with enumeration on key-value with append', historyOf(keyValueInput), (history) =>
    agree(keyValueModel, history),
  );
  property('agrees with enumeration on the ledger', historyOf(ledgerInput), (history) => agree(ledgerModel, history));

  test('both verdicts are common among random histories, so agreement means something', () => {
    let violations = 0;
    const count = 1000;
    fc.assert(
      fc.property(historyOf(registerInput), (history) => {
        if (checkLinearizable(registerModel, history).verdict === 'violation') violations += 1;
      }),
      propertyOptions(count),
    );
    expect(violations / count).toBeGreaterThan(0.2);
    expect(violations / count).toBeLessThan(0.8);
  });

  test('a budget that runs out says unknown, never linearizable', () => {
    const history = Array.from(
      { length: 12 },
      (_, i): Operation<RegisterInput> => ({
        process: i,
        input: i < 11 ? { f: 'write', value: String(i) } : { f: 'read', value: 'never' },
        outcome: 'ok',
        invokedAt: 0,
        returnedAt: 100,
      }),
    );
    expect(checkLinearizable(registerModel, history, 1000).verdict).toBe('unknown');
  });

  test('2,000 operations over 10 keys by 50 processes are judged within seconds', () => {
    for (let key = 0; key < 10; key += 1) {
      const history = sequentialHistory(200);
      expect(checkLinearizable(registerModel, history).verdict).toBe('linearizable');
    }
  });
});

/** Overlapping operations whose points in time are known: operation i takes effect at time 10 i. */
function sequentialHistory(count: number): readonly Operation<RegisterInput>[] {
  let value = 'null';
  return Array.from({ length: count }, (_, i): Operation<RegisterInput> => {
    const isWrite = i % 3 === 0;
    if (isWrite) value = String(i);
    const input: RegisterInput = isWrite ? { f: 'write', value } : { f: 'read', value };
    return { process: i % 50, input, outcome: 'ok', invokedAt: 10 * i - 25, returnedAt: 10 * i + 25 };
  });
}
