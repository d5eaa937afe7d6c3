/** The order that people are shown where a history is not linearizable: legal, in real time, and as long as it can be. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../../core/random.ts';
import { checkLinearizable } from '../../../sim/check/linearizable.ts';
import { longestOrder } from '../../../sim/check/longest-order.ts';
import type { Operation } from '../../../sim/check/model.ts';
import { type RegisterInput, registerModel } from '../../../sim/check/models.ts';

type RegisterOperation = Operation<RegisterInput>;

/** Operation i takes effect at 10 i and lasts a random while around it; one late read says what the first write wrote. */
function historyWithStaleRead(seed: number, operations: number): RegisterOperation[] {
  const random = Random.stream([seed, 2, 3, 4], 'history');
  let value = 'null';
  const history = Array.from({ length: operations }, (_, i): RegisterOperation => {
    const isWrite = i === 0 || random.below(2) === 0;
    const isUnknown = i > 0 && random.unit() < 0.05;
    if (isWrite) value = String(i);
    return {
      process: i,
      input: isWrite ? { f: 'write', value } : { f: 'read', value },
      outcome: isUnknown ? 'info' : 'ok',
      invokedAt: 10 * i - random.below(25),
      returnedAt: isUnknown ? Number.POSITIVE_INFINITY : 10 * i + random.below(25),
    };
  });
  const late = history.findLastIndex(({ input, outcome }) => input.f === 'read' && outcome === 'ok');
  return history.map((operation, i) => (i === late ? { ...operation, input: { f: 'read', value: '0' } } : operation));
}

/** What is wrong with an order, if anything is. */
function faultOf(order: readonly RegisterOperation[]): string | undefined {
  let state: string | undefined = registerModel.initial;
  for (const [position, { input, outcome, invokedAt }] of order.entries()) {
    state = registerModel.apply(state, input, outcome);
    if (state === undefined) return `number ${position} could not have happened`;
    const early = order.slice(position + 1).find(({ returnedAt }) => returnedAt < invokedAt);
    if (early !== undefined) return `number ${position} stands before one that was over when it began`;
  }
  return new Set(order).size === order.length ? undefined : 'an operation stands there twice';
}

describe('the longest order', () => {
  test('is legal, respects real time, and explains every return before the one that is stuck', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const history = historyWithStaleRead(seed, 60);
      const verdict = checkLinearizable(registerModel, history);
      if (verdict.verdict !== 'violation') throw new Error(`seed ${seed} is no violation`);
      const order = longestOrder(registerModel, history, verdict.stuck, 30_000);
      expect(faultOf(order)).toBe(undefined);
      expect(order).not.toContain(verdict.stuck);
      const due = history.filter(({ returnedAt }) => returnedAt < verdict.stuck.returnedAt);
      expect(due.filter((operation) => !order.includes(operation))).toEqual([]);
    }
  });

  test('goes back where the first way in leads nowhere', () => {
    const write = (process: number, value: string, invokedAt: number, returnedAt: number): RegisterOperation => ({
      process,
      input: { f: 'write', value },
      outcome: 'ok',
      invokedAt,
      returnedAt,
    });
    const read = (process: number, value: string, invokedAt: number, returnedAt: number): RegisterOperation => ({
      ...write(process, value, invokedAt, returnedAt),
      input: { f: 'read', value },
    });
    // Both writes are over before the first read, and the one that returned first must have come last.
    const history = [write(1, 'a', 0, 5), write(2, 'b', 0, 6), read(3, 'a', 10, 11), read(4, 'b', 20, 21)];
    const order = longestOrder(registerModel, history, history[3] as RegisterOperation, 1000);
    expect(order.map(({ process }) => process)).toEqual([2, 1, 3]);
  });

  test('is what was found so far where the steps run out', () => {
    const history = historyWithStaleRead(1, 60);
    const verdict = checkLinearizable(registerModel, history);
    if (verdict.verdict !== 'violation') throw new Error('no violation');
    const order = longestOrder(registerModel, history, verdict.stuck, 20);
    expect(faultOf(order)).toBe(undefined);
    expect(order.length).toBeLessThan(30);
  });
});
