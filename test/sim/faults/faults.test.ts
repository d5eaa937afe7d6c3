/** Each fault of networks, processes and clocks happens, ends, and takes nothing that was promised. */
import { describe, expect, test } from 'vitest';
import { CLOCK_RATE_PPM_MAX } from '../../../core/limits.ts';
import { FROZEN, NodeClock } from '../../../sim/clock.ts';
import type { FaultKind } from '../../../sim/faults/counts.ts';
import { drawOrder } from '../../../sim/faults/fault.ts';
import { FAULTS } from '../../../sim/faults/registry.ts';
import { withFaults } from '../../../sim/knobs.ts';
import { runSeed } from '../../../sim/run.ts';
import { seedWords } from '../../../sim/seed.ts';
import { Choices } from '../../../sim/tape.ts';

describe('a cluster of five', () => {
  test.each<FaultKind>([
    'slowNode',
    'bridge',
    'ring',
    'swizzle',
    'succession',
    'echo',
    'bottleneck',
    'wallDrift',
    'wallFreeze',
    'clockRate',
    'impossibleMessage',
    'damagedCopy',
  ])('survives %s', (kind) => {
    const { report } = runSeed({
      seed: '21',
      profile: 'lite',
      scenario: undefined,
      stopwatch: () => 0,
      adjust: (knobs) => withFaults({ ...knobs, nodes: 5 }, { [kind]: 2 }),
    });
    expect(report.violation).toBeNull();
    expect(report.faults[kind]).toBeGreaterThan(3);
  });
});

test('kinds of faults are registered once', () => {
  expect(new Set(FAULTS.map(({ kind }) => kind)).size).toBe(FAULTS.length);
});

test('a drawn order holds every node once', () => {
  const draws = Choices.fromSeed(seedWords('order')).under('order');
  for (let i = 0; i < 50; i += 1) expect([...drawOrder(5, draws)].sort()).toEqual([0, 1, 2, 3, 4]);
});

describe('a clock that changes its speed', () => {
  test('never goes back, never jumps, and stays within its bound', () => {
    const clock = new NodeClock({ ratePpm: 0, origin: 1000, wallOffset: 0 });
    const draws = Choices.fromSeed(seedWords('clock')).under('clock');
    let before = clock.now(0);
    for (let at = 1000; at <= 1_000_000; at += 1000) {
      const now = clock.now(at);
      expect(now - before).toBeGreaterThanOrEqual(899);
      expect(now - before).toBeLessThanOrEqual(1101);
      before = now;
      clock.setRate(at, draws.between(0, 2 * CLOCK_RATE_PPM_MAX) - CLOCK_RATE_PPM_MAX);
      expect(clock.now(at)).toBe(now);
      expect(clock.now(clock.trueTimeOf((now + 5000) as typeof now))).toBeGreaterThanOrEqual(now + 5000);
    }
  });

  test('the wall clock freezes, drifts and steps on its own', () => {
    const clock = new NodeClock({ ratePpm: 0, origin: 0, wallOffset: 0 });
    const start = clock.wall(0);
    clock.setWallDrift(1000, FROZEN);
    expect(clock.wall(9000) - start).toBe(1000);
    clock.setWallDrift(9000, 1_000_000);
    expect(clock.wall(10_000) - start).toBe(3000);
    clock.stepWall(-5000);
    expect(clock.wall(10_000) - start).toBe(-2000);
    expect(clock.now(10_000)).toBe(10_000);
  });
});
