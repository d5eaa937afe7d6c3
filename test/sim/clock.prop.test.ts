/** A node's clock and its inverse agree: a deadline's true time is the first microsecond at which the clock shows it. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { Micros } from '../../core/ids.ts';
import { NEVER } from '../../core/ids.ts';
import { NodeClock } from '../../sim/clock.ts';
import { property } from '../support/property.ts';

property(
  'trueTimeOf is the first microsecond that shows the deadline',
  fc.integer({ min: -100_000, max: 100_000 }),
  fc.nat(1_000_000_000),
  fc.nat(10_000_000_000),
  (ratePpm, origin, trueTime) => {
    const clock = new NodeClock({ ratePpm, origin, wallOffset: 0 });
    const deadline = clock.now(trueTime);
    const at = clock.trueTimeOf(deadline);
    expect(clock.now(at)).toBeGreaterThanOrEqual(deadline);
    expect(at).toBeLessThanOrEqual(trueTime);
    if (at > 0) expect(clock.now(at - 1)).toBeLessThan(deadline);
  },
);

property('NEVER never comes', fc.constant(0), () => {
  const clock = new NodeClock({ ratePpm: 0, origin: 5, wallOffset: 0 });
  expect(clock.trueTimeOf(NEVER)).toBe(Number.POSITIVE_INFINITY);
  expect(clock.trueTimeOf(0 as Micros)).toBe(0);
});
