/** The worked example of another protocol: right as it is, and its planted bug is found. */
import { describe, expect, test } from 'vitest';
import { EXAMPLES } from '../../sim/examples/registry.ts';
import type { RunReport } from '../../sim/result.ts';
import { runSeed } from '../../sim/run.ts';
import type { Scenario } from '../../sim/scenario.ts';

const SEEDS = 40;

function run(name: string, seed: number): RunReport {
  const scenario = EXAMPLES.find((example) => example.name === name) as Scenario;
  return runSeed({ seed: String(seed), profile: 'swarm', scenario, stopwatch: () => 0 }).report;
}

const seeds = Array.from({ length: SEEDS }, (_, i) => i + 1);

describe('the majority lock', () => {
  test('never has two holders, and is taken in every seed', () => {
    const reports = seeds.map((seed) => run('majority-lock', seed));
    expect(reports.map(({ violation }) => violation)).toEqual(seeds.map(() => null));
    expect(Math.min(...reports.map(({ ops }) => ops.ok))).toBeGreaterThanOrEqual(5);
  });

  test('without the wait after a restart, two clients hold it, and the oracle sees it', () => {
    const oracles = seeds.map((seed) => run('majority-lock-hasty', seed).violation?.oracle);
    expect(oracles.filter((oracle) => oracle === 'one-holder').length).toBeGreaterThan(SEEDS / 10);
    expect(new Set(oracles)).toEqual(new Set([undefined, 'one-holder']));
  });

  test('the same seed is the same run', () => {
    expect(run('majority-lock-hasty', 3)).toEqual(run('majority-lock-hasty', 3));
  });
});
