/** What is measured was really measured, and measuring changes nothing. */
import { describe, expect, test } from 'vitest';
import { leaderCrashLoop } from '../../../scenarios/leader-crash-loop.ts';
import { plannedTransfer } from '../../../scenarios/planned-transfer.ts';
import type { Knobs } from '../../../sim/knobs.ts';
import { pool, summarize } from '../../../sim/measure/measures.ts';
import { type RunOptions, runSeed } from '../../../sim/run.ts';

/** Fewer operations than a run needs to prove anything: here only the measures matter. */
const brief = (knobs: Knobs): Knobs => ({ ...knobs, operations: 300, calmOperations: 5 });
const options: RunOptions = {
  seed: '2',
  profile: 'swarm',
  scenario: leaderCrashLoop,
  adjust: brief,
  stopwatch: () => 0,
};

describe('summaries', () => {
  test('percentiles are by nearest rank: each is one of the samples', () => {
    const samples = Array.from({ length: 200 }, (_, i) => 200 - i);
    expect(summarize(samples)).toEqual({ count: 200, p50: 100, p95: 190, p99: 198, max: 200 });
    expect(summarize([7])).toEqual({ count: 1, p50: 7, p95: 7, p99: 7, max: 7 });
  });

  test('nothing measured is null, not zero', () => {
    expect(summarize([])).toEqual({ count: 0, p50: null, p95: null, p99: null, max: null });
  });

  test('runs are pooled sample by sample', () => {
    const one = { failover: [1], transfer: [5], commit: [2, 3], messages: [4] };
    expect(pool([one, one])).toEqual({ failover: [1, 1], transfer: [5, 5], commit: [2, 3, 2, 3], messages: [4, 4] });
  });
});

describe('the meter', () => {
  test('a run that is measured is the same run', () => {
    const plain = runSeed(options);
    const measured = runSeed({ ...options, measure: true });
    expect(measured.report).toEqual(plain.report);
    expect(plain.samples).toBeUndefined();
    expect(measured.samples).toBeDefined();
  });

  test('losing leaders all the time takes at least an election each time, and commits without a loss are quick', () => {
    const { samples, knobs } = runSeed({ ...options, measure: true });
    const failover = summarize(samples?.failover ?? []);
    const commit = summarize(samples?.commit ?? []);
    expect(failover.count).toBeGreaterThan(8);
    // Where the cluster's fastest clock runs 10% fast, the shortest timeout is that much shorter in true time.
    expect(Math.min(...(samples?.failover ?? []))).toBeGreaterThan(0);
    expect(failover.p50).toBeGreaterThan(knobs.timing.electionTimeoutMinMicros / 1000 / 1.1);
    expect(commit.p50).toBeLessThan(failover.p50 as number);
    expect(samples?.messages).toHaveLength(1);
  });

  test('slower elections make failovers slower', () => {
    const medianOf = (factor: number): number => {
      const adjust = (knobs: Knobs): Knobs => ({
        ...brief(knobs),
        timing: {
          ...knobs.timing,
          electionTimeoutMinMicros: 100_000 * factor,
          electionTimeoutMaxMicros: 200_000 * factor,
        },
      });
      return summarize(runSeed({ ...options, adjust, measure: true }).samples?.failover ?? []).p50 as number;
    };
    expect(medianOf(4)).toBeGreaterThan(medianOf(1));
  });
});

describe('a planned transfer', () => {
  const measured = (scale: number): ReturnType<typeof runSeed> =>
    runSeed({
      seed: '1',
      profile: 'swarm',
      scenario: plannedTransfer,
      adjust: (knobs) => {
        const { delayMinMicros, delayMeanMicros, delayMaxMicros = 0 } = knobs.link;
        const link = { delayMinMicros: delayMinMicros * scale, delayMeanMicros: delayMeanMicros * scale };
        return { ...knobs, link: { ...knobs.link, ...link, delayMaxMicros: delayMaxMicros * scale } };
      },
      measure: true,
      stopwatch: () => 0,
    });

  test('costs at most four round trips of the slowest link and three syncs, and is not taken for the loss of a leader', () => {
    const { samples, knobs, report } = measured(1);
    const roundTripMs = (2 * (knobs.link.delayMaxMicros as number)) / 1000;
    const transfer = summarize(samples?.transfer ?? []);
    expect(transfer.count).toBeGreaterThan(8);
    // Every election but the first of each of the two groups was a transfer, and none went unmeasured but one at the end.
    expect(report.elections - 2 - transfer.count).toBeOneOf([0, 1]);
    expect(transfer.max).toBeLessThanOrEqual(4 * roundTripMs + (3 * knobs.diskDelayMinMicros) / 1000);
    // Five hops and two syncs lie between TimeoutNow and the answer: less would be another leader's answer.
    expect(Math.min(...(samples?.transfer ?? []))).toBeGreaterThan((5 * knobs.link.delayMinMicros + 2000) / 1000);
    expect(samples?.failover).toEqual([]);
  });

  test('takes longer on slower links', () => {
    const p50 = (scale: number): number => summarize(measured(scale).samples?.transfer ?? []).p50 as number;
    expect(p50(3)).toBeGreaterThan(2 * p50(1));
  });
});
