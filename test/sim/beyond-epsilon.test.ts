/** Leases are as good as the bound on clock rates: in a world beyond it their oracle fires, within it it does not. */
import { expect, test } from 'vitest';
import type { Knobs } from '../../sim/knobs.ts';
import type { RunReport } from '../../sim/result.ts';
import { runSeed } from '../../sim/run.ts';

/** Three nodes with leases whose clocks differ from true time by up to that much; leaders are cut off often. */
function report(seed: number, clockRatePpmMax: number): RunReport {
  const adjust = (drawn: Knobs): Knobs => ({
    ...drawn,
    nodes: 3,
    downMax: 1,
    leases: true,
    clockRatePpmMax,
    buggify: 0,
    operations: 300,
    faults: { isolate: 2, partition: 1, clockRate: 1 },
  });
  return runSeed({ seed: String(seed), profile: 'lite', scenario: undefined, adjust, stopwatch: () => 0 }).report;
}

test('with clocks beyond the bound two nodes lead under a lease, and lease-exclusive says so', () => {
  const found = new Set<string>();
  for (let seed = 1; seed <= 6 && !found.has('lease-exclusive'); seed += 1) {
    const { violation } = report(seed, 700_000);
    if (violation !== null) found.add(violation.oracle);
  }
  expect([...found]).toContain('lease-exclusive');
});

test('the same worlds with clocks at the bound keep leases apart', () => {
  for (let seed = 1; seed <= 3; seed += 1) expect(report(seed, 100_000).violation).toBeNull();
});
