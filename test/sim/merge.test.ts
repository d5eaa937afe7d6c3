/** Shards of one swarm add up to it; strangers are told apart. */
import { describe, expect, test } from 'vitest';
import { mergeShards } from '../../sim/merge.ts';
import type { SwarmPlan, SwarmReport } from '../../sim/swarm.ts';

const PLAN: SwarmPlan = { version: '1', command: 'split-brain', from: 1, seeds: 4, shard: 1, shards: 2 };

function shard(plan: Partial<SwarmPlan>, seeds: readonly string[], missed: readonly string[] = []): SwarmReport {
  return {
    plan: { ...PLAN, ...plan },
    seeds: seeds.length,
    passed: seeds.length - 1,
    failed: [{ seed: seeds[0] as string, verdict: 'liveness', violation: { oracle: 'liveness', message: '' }, replay: '' }],
    events: 100 * seeds.length,
    ops: { ok: 10, fail: 1, info: 2 },
    elections: 3,
    faults: { crash: 2, [`only-${seeds[0]}`]: 1 },
    wallMs: 1000 * seeds.length,
    eventsPerSecond: 100,
    seedsPerMinute: 60,
    marks: { hit: 3 - missed.length, total: 3, missed },
    rows: seeds.map((seed) => ({ seed, traceHash: `hash-${seed}` })),
  };
}

describe('merging shards', () => {
  test('two shards give the swarm, in order of seeds, with the wall time of the slower one', () => {
    const files = [
      { file: 'b', report: shard({ shard: 2 }, ['2', '4', '6'], ['a', 'c']) },
      { file: 'a', report: shard({ shard: 1 }, ['1', '3'], ['a', 'b']) },
    ];
    const merged = mergeShards(files);
    expect(merged).toMatchObject({
      ok: true,
      missing: [],
      report: {
        plan: { shard: 1, shards: 1 },
        seeds: 5,
        passed: 3,
        events: 500,
        ops: { ok: 20, fail: 2, info: 4 },
        elections: 6,
        faults: { crash: 4, 'only-1': 1, 'only-2': 1 },
        wallMs: 3000,
        marks: { hit: 2, total: 3, missed: ['a'] },
      },
    });
    if (!merged.ok) return;
    expect(merged.report.failed.map(({ seed }) => seed)).toEqual(['1', '2']);
    expect(merged.report.rows?.map(({ seed }) => seed)).toEqual(['1', '2', '3', '4', '6']);
  });

  test('how often the story came to its point is added up, where it has one', () => {
    const reach = (seeds: number) => ({ reach: { words: 'a lie reached a client', seeds } });
    const files = [
      { file: 'a', report: { ...shard({ shard: 1 }, ['1', '3']), ...reach(2) } },
      { file: 'b', report: { ...shard({ shard: 2 }, ['2']), ...reach(0) } },
    ];
    expect(mergeShards(files)).toMatchObject({ report: reach(2) });
    expect(mergeShards([{ file: 'a', report: shard({}, ['1']) }])).not.toHaveProperty('report.reach');
  });

  test('a shard that is not there is named', () => {
    expect(mergeShards([{ file: 'b', report: shard({ shard: 2 }, ['2']) }])).toMatchObject({ missing: ['1/2'] });
  });

  test.each([
    ['version', { version: '2' }],
    ['command', { command: 'torn-wal' }],
    ['from', { from: 9 }],
    ['seeds', { seeds: null }],
    ['shards', { shards: 3 }],
  ] as const)('another %s is another swarm', (field, other) => {
    const files = [
      { file: 'a', report: shard({}, ['1']) },
      { file: 'b', report: shard({ shard: 2, ...other }, ['2']) },
    ];
    const merged = mergeShards(files);
    expect(merged).toMatchObject({ ok: false, reason: expect.stringContaining(`a and b are not of one swarm: ${field} is`) });
  });

  test('the same shard twice is refused', () => {
    const files = ['a', 'b'].map((file) => ({ file, report: shard({}, ['1']) }));
    expect(mergeShards(files)).toEqual({ ok: false, reason: 'a and b are both shard 1/2' });
  });
});
