/** The search on histories too large to enumerate: speed, budget, wrong witnesses, many unknown outcomes. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../../core/random.ts';
import { checkLinearizable } from '../../../sim/check/linearizable.ts';
import type { Operation } from '../../../sim/check/model.ts';
import { type RegisterInput, registerModel } from '../../../sim/check/models.ts';

type RegisterOperation = Operation<RegisterInput>;

/** Operations whose moments are known: operation i takes effect at time 10 i and lasts a random while around it. */
function trueHistory(options: {
  readonly operations: number;
  readonly overlap: number;
  readonly unknownShare: number;
  readonly seed?: number;
}): RegisterOperation[] {
  const random = Random.stream([options.seed ?? 1, 2, 3, 4], 'history');
  let value = 'null';
  return Array.from({ length: options.operations }, (_, i): RegisterOperation => {
    const isWrite = random.below(2) === 0;
    const isUnknown = random.unit() < options.unknownShare;
    if (isWrite) value = String(i);
    const input: RegisterInput = isWrite ? { f: 'write', value } : { f: 'read', value };
    const invokedAt = 10 * i - random.below(5 * options.overlap);
    const returnedAt = isUnknown ? Number.POSITIVE_INFINITY : 10 * i + random.below(5 * options.overlap);
    return { process: i, input, outcome: isUnknown ? 'info' : 'ok', invokedAt, returnedAt, index: i };
  });
}

const withoutIndex = (history: readonly RegisterOperation[]): RegisterOperation[] =>
  history.map((operation) => ({ ...operation, index: undefined }));

/** The history with one late read of the value that a write long before had left. */
function withStaleRead(history: readonly RegisterOperation[]): RegisterOperation[] {
  const stale = history.find(({ input }) => input.f === 'write') as RegisterOperation;
  const late = history.findLastIndex(({ input, outcome }) => input.f === 'read' && outcome === 'ok');
  return history.map((operation, i) =>
    i === late ? { ...operation, input: { f: 'read', value: (stale.input as { value: string }).value } } : operation,
  );
}

describe('the linearizability search', () => {
  test('2,000 operations on ten registers, fifty at a time, a twentieth of unknown outcome, are judged either way', () => {
    for (let key = 0; key < 10; key += 1) {
      const history = withoutIndex(trueHistory({ operations: 200, overlap: 5, unknownShare: 0.05, seed: key }));
      expect(checkLinearizable(registerModel, history).verdict).toBe('linearizable');
      expect(checkLinearizable(registerModel, withStaleRead(history)).verdict).toBe('violation');
    }
  });

  test('the indexes of a log make the check linear: one step per operation', () => {
    const history = trueHistory({ operations: 20_000, overlap: 40, unknownShare: 0.01 });
    const { verdict, steps } = checkLinearizable(registerModel, history);
    expect({ verdict, steps }).toEqual({ verdict: 'linearizable', steps: history.length });
  });

  test('a wrong witness changes nothing: true histories pass and false ones fail', () => {
    const history = trueHistory({ operations: 400, overlap: 4, unknownShare: 0.05 });
    const misled = history.map((operation, i) => ({ ...operation, index: (i * 7919) % 400 }));
    expect(checkLinearizable(registerModel, misled).verdict).toBe('linearizable');
    expect(checkLinearizable(registerModel, withStaleRead(misled)).verdict).toBe('violation');
    expect(checkLinearizable(registerModel, withStaleRead(history)).verdict).toBe('violation');
  });

  test('the operation that is named is the first whose return no order reaches', () => {
    const history = withStaleRead(withoutIndex(trueHistory({ operations: 200, overlap: 4, unknownShare: 0 })));
    const verdict = checkLinearizable(registerModel, history);
    const late = history.findLastIndex(({ input }) => input.f === 'read');
    expect(verdict).toMatchObject({ verdict: 'violation', stuck: { process: late } });
  });

  test('a budget that runs out says unknown, never linearizable', () => {
    const history = Array.from({ length: 12 }, (_, i): RegisterOperation => {
      const input: RegisterInput = i < 11 ? { f: 'write', value: String(i) } : { f: 'read', value: 'never' };
      return { process: i, input, outcome: 'ok', invokedAt: 0, returnedAt: 100 };
    });
    expect(checkLinearizable(registerModel, history, 1000).verdict).toBe('unknown');
    expect(checkLinearizable(registerModel, history).verdict).toBe('violation');
  });

  test('which unknown operation was used up matters: only one of two is still of use later', () => {
    const ok = (at: number, input: RegisterInput): RegisterOperation => ({
      process: at,
      input,
      outcome: 'ok',
      invokedAt: at,
      returnedAt: at + 1,
    });
    const info = (at: number, input: RegisterInput): RegisterOperation => ({
      ...ok(at, input),
      outcome: 'info',
      returnedAt: Number.POSITIVE_INFINITY,
    });
    const write: RegisterInput = { f: 'write', value: '1' };
    const cas: RegisterInput = { f: 'cas', from: '0', to: '1' };
    for (const [first, second] of [
      [write, cas],
      [cas, write],
    ] as const) {
      // The first read needs one of them; after the write of 2 only the write of 1 can explain the second.
      const history = [
        ok(0, { f: 'write', value: '0' }),
        info(10, first),
        info(20, second),
        ok(30, { f: 'read', value: '1' }),
        ok(40, { f: 'write', value: '2' }),
        ok(50, { f: 'read', value: '1' }),
      ];
      expect(checkLinearizable(registerModel, history).verdict).toBe('linearizable');
      const once = [...history, ok(60, { f: 'write', value: '3' }), ok(70, { f: 'read', value: '1' })];
      expect(checkLinearizable(registerModel, once).verdict).toBe('violation');
    }
  });

  test('a write that is still to be read is not overwritten too soon: less is searched', () => {
    const history = withoutIndex(trueHistory({ operations: 400, overlap: 8, unknownShare: 0.1 }));
    const blind = { ...registerModel, foresee: () => ({ isHopeless: () => false }) };
    const { verdict, steps } = checkLinearizable(registerModel, history);
    expect(verdict).toBe('linearizable');
    expect(steps).toBeLessThan(0.75 * checkLinearizable(blind, history).steps);
  });

  test('an empty history is linearizable', () => {
    expect(checkLinearizable(registerModel, []).verdict).toBe('linearizable');
  });
});
