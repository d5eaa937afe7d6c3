/** A run that reads a clock or a die fails by name; outside of runs the platform is as it was. */
import { describe, expect, test } from 'vitest';
import { portableHasher } from '../../core/hasher.ts';
import { guarded } from '../../node/cli/determinism-guard.ts';
import { runGuarded } from '../../node/cli/guarded-run.ts';
import { PORTABLE_PRIMITIVES } from '../../sim/primitives.ts';
import type { RunOptions } from '../../sim/run.ts';

const stopwatch = performance.now.bind(performance);
const options: RunOptions = {
  seed: '5',
  profile: 'lite',
  scenario: undefined,
  stopwatch,
  adjust: (knobs) => ({ ...knobs, hasher: 'sha256', operations: 30, calmOperations: 5 }),
};

describe('the guard', () => {
  test.each([
    ['Date.now', (): unknown => Date.now()],
    ['new Date()', (): unknown => new Date()],
    ['Math.random', (): unknown => Math.random()],
    ['performance.now', (): unknown => performance.now()],
    ['process.hrtime', (): unknown => process.hrtime()],
    ['setTimeout', (): unknown => setTimeout(() => undefined, 0)],
    ['setImmediate', (): unknown => setImmediate(() => undefined)],
    ['queueMicrotask', (): unknown => queueMicrotask(() => undefined)],
    ['crypto.randomUUID', (): unknown => crypto.randomUUID()],
  ])('catches %s, and gives it back afterwards', (name, call) => {
    const { value, escaped } = guarded(() => {
      try {
        call();
        return 'went through';
      } catch {
        return 'refused';
      }
    });
    expect(value).toBe('refused');
    expect(escaped).toContain(`${name} was called during a simulated run, at `);
    expect(call).not.toThrow();
  });

  test('lets times that are given be converted', () => {
    expect(guarded(() => new Date(0).toISOString())).toEqual({ value: '1970-01-01T00:00:00.000Z', escaped: undefined });
  });
});

describe('a run with a planted Date.now in a dependency', () => {
  const planted = { ...portableHasher, digest: digestAndLook };
  function digestAndLook(...args: Parameters<typeof portableHasher.digest>): void {
    if (Date.now() === 0) return;
    portableHasher.digest(...args);
  }

  test('is caught, and the call is named', () => {
    const { report } = runGuarded({ ...options, primitives: { ...PORTABLE_PRIMITIVES, sha256: planted } });
    expect(report.verdict).toBe('nondeterminism');
    expect(report.violation?.oracle).toBe('determinism');
    expect(report.violation?.message).toMatch(/^Date\.now was called during a simulated run, at .*digestAndLook/);
  });

  test('and without it, the same run is left alone', () => {
    const { report } = runGuarded(options);
    expect(report.verdict).toBe('vacuous');
  });
});
