/** The story of permissions that change while nodes fail: every answer is what the chain defines, and everything that can happen does. */
import { expect, test } from 'vitest';
import { nativePrimitives } from '../../../node/cli/native-primitives.ts';
import { authorization } from '../../../scenarios/authorization.ts';
import { AUTHORIZATION_MARKS } from '../../../sim/authorization/marks.ts';
import type { Knobs } from '../../../sim/knobs.ts';
import { type RunOptions, runSeed } from '../../../sim/run.ts';

const SEEDS = 6;

/** As short as a run may be that is not vacuous. */
function short(knobs: Knobs): Knobs {
  return { ...knobs, operations: 200, signing: 'none', hasher: 'sha256' };
}

const runOf = (seed: number, options: Partial<RunOptions> = {}) =>
  runSeed({
    ...{
      seed: String(seed),
      profile: 'swarm',
      scenario: authorization,
      adjust: short,
      primitives: nativePrimitives,
      stopwatch: () => 0,
    },
    ...options,
  });

test('every seed passes, and together they reach whatever can happen to the clients', () => {
  const reached = new Set<string>();
  let races = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { report, marks } = runOf(seed);
    expect([seed, report.verdict, report.violation]).toEqual([seed, 'pass', null]);
    if (report.reach?.reached === true) races += 1;
    for (const mark of marks) reached.add(mark);
  }
  expect(races).toBeGreaterThanOrEqual(SEEDS - 1);
  expect(AUTHORIZATION_MARKS.filter((mark) => !reached.has(mark))).toEqual([]);
}, 600_000);

test('the same seed asks the same and is answered the same; an oracle that is off changes nothing of it', () => {
  const without = ['authorization', 'revocations-hold', 'indexes-agree'];
  const hashes = [runOf(4), runOf(4), runOf(4, { without })].map(({ report }) => report.traceHash);
  expect(new Set(hashes).size).toBe(1);
}, 300_000);

test('a generic run has such clients where the knob says so', () => {
  const adjust = (knobs: Knobs): Knobs => ({
    ...knobs,
    operations: 200,
    authorizationClients: 2,
    nodes: 3,
    downMax: 1,
    spares: 0,
  });
  const { report, marks } = runSeed({
    seed: '5',
    profile: 'lite',
    scenario: undefined,
    adjust,
    primitives: nativePrimitives,
    stopwatch: () => 0,
  });
  expect([report.verdict, report.violation]).toEqual(['pass', null]);
  expect(marks).toContain('authorization.allow');
}, 300_000);
