/** Faults become spans that say what they did to whom. */
import { expect, test } from 'vitest';
import { FaultLog } from '../../../sim/record/fault-log.ts';

function log(nodes: number): { readonly clock: { now: number }; readonly faults: FaultLog } {
  const clock = { now: 0 };
  return { clock, faults: new FaultLog(clock, nodes, () => undefined) };
}

function cut(faults: FaultLog, directions: readonly (readonly [number, number])[]): void {
  for (const [from, to] of directions) faults.direction(from, to, 1);
}

test('a partition is told by its sides and lasts until the nemesis ends it', () => {
  const { clock, faults } = log(3);
  clock.now = 5;
  faults.counted('partition', 1);
  cut(faults, [
    [0, 1],
    [1, 0],
    [2, 1],
    [1, 2],
  ]);
  faults.began('partition', 5);
  clock.now = 9;
  faults.ended('partition', 5);
  expect(faults.finish()).toEqual([{ kind: 'partition', text: '{0 2} | {1}', nodes: [0, 1, 2], times: 1, from: 5, to: 9 }]);
});

test('one direction alone is told as a direction', () => {
  const { faults } = log(3);
  faults.counted('oneWay', 1);
  cut(faults, [[2, 0]]);
  expect(faults.finish()[0]?.text).toBe('2→0');
});

test('what nobody ended lasts until now; what never began to last is over at once', () => {
  const { clock, faults } = log(2);
  faults.counted('delay', 1);
  faults.began('delay', 0);
  clock.now = 3;
  faults.counted('wallStep', 1);
  clock.now = 8;
  expect(faults.finish().map(({ from, to }) => [from, to])).toEqual([
    [0, 8],
    [3, 3],
  ]);
});

test('the same at the same instant is one, and says how often', () => {
  const { faults } = log(2);
  faults.counted('wallStep', 2);
  faults.counted('wallStep', 1);
  expect(faults.finish()).toMatchObject([{ kind: 'wallStep', times: 3 }]);
});
