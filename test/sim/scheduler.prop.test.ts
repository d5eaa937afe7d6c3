/** The heap is a stable sort: events come by time, and in the order they were scheduled within one time. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { Scheduler } from '../../sim/scheduler.ts';
import { property } from '../support/property.ts';

property('events leave by (time, sequence), whatever order they came in', fc.array(fc.nat(20), { maxLength: 3000 }), (times) => {
  const scheduler = new Scheduler();
  times.forEach((time, i) => {
    scheduler.push(time, 1, i, 0, undefined);
  });
  const expected = times.map((time, i) => ({ time, i })).sort((a, b) => a.time - b.time || a.i - b.i);
  const left: { readonly time: number; readonly i: number }[] = [];
  while (scheduler.pop()) left.push({ time: scheduler.now, i: scheduler.first });
  expect(left).toEqual(expected);
});

property(
  'popping and pushing in turns loses nothing and never goes back in time',
  fc.array(fc.tuple(fc.nat(50), fc.boolean()), { maxLength: 500 }),
  (steps) => {
    const scheduler = new Scheduler();
    let pushed = 0;
    let popped = 0;
    let last = 0;
    for (const [delay, pops] of steps) {
      scheduler.push(scheduler.now + delay, 2, pushed, 7, delay);
      pushed += 1;
      if (!pops || !scheduler.pop()) continue;
      popped += 1;
      expect(scheduler.now).toBeGreaterThanOrEqual(last);
      last = scheduler.now;
    }
    expect(scheduler.pending).toBe(pushed - popped);
  },
);
