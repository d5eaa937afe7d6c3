/** One timer for a deadline that moves. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Micros, NEVER } from '../../core/ids.ts';
import { DeadlineTimer } from '../../node/deadline-timer.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function timer() {
  const startedAt = Date.now();
  const fired: number[] = [];
  const made = new DeadlineTimer(
    () => ((Date.now() - startedAt) * 1000) as Micros,
    () => fired.push(Date.now() - startedAt),
  );
  return { fired, arm: (ms: number) => made.arm((ms * 1000) as Micros), made };
}

test('fires at the deadline, never before it', () => {
  const { fired, arm } = timer();
  arm(10);
  vi.advanceTimersByTime(9);
  expect(fired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(fired).toEqual([10]);
});

test('an earlier deadline replaces a later one', () => {
  const { fired, arm } = timer();
  arm(100);
  arm(10);
  vi.advanceTimersByTime(200);
  expect(fired).toEqual([10]);
});

test('a deadline that moved on fires once, at its new time', () => {
  const { fired, arm } = timer();
  arm(10);
  arm(50);
  vi.advanceTimersByTime(200);
  expect(fired).toEqual([50]);
});

test('no deadline, no call', () => {
  const { fired, arm, made } = timer();
  arm(10);
  made.arm(NEVER);
  vi.advanceTimersByTime(200);
  arm(300);
  made.stop();
  vi.advanceTimersByTime(500);
  expect(fired).toEqual([]);
});

test('a deadline further away than a timer can count is still met', () => {
  const { fired, arm } = timer();
  const far = 2 ** 31 + 1000;
  arm(far);
  vi.advanceTimersByTime(far - 1);
  expect(fired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(fired).toEqual([far]);
});
