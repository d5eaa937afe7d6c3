/** Runs of whole clusters: they pass, they repeat themselves, and what they report is what the reference says. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Knobs } from '../../sim/knobs.ts';
import type { RunResult } from '../../sim/result.ts';
import { type RunOptions, runSeed } from '../../sim/run.ts';
import { type SwarmPlan, SwarmTally } from '../../sim/swarm.ts';

function run(seed: string, options: Partial<RunOptions> = {}): RunResult {
  return runSeed({ seed, profile: 'lite', scenario: undefined, stopwatch: () => 0, ...options });
}

describe('a run', () => {
  const zone = process.env.TZ;
  afterEach(() => {
    process.env.TZ = zone ?? '';
  });

  test('has the same trace after other runs, in another time zone and locale, recorded or not', () => {
    const first = run('11').report;
    expect(first.violation).toBeNull();
    process.env.TZ = 'Asia/Tokyo';
    run('12');
    const again = run('11', { record: true }).report;
    expect(again).toEqual({ ...first, wallMs: again.wallMs, eventsPerSecond: again.eventsPerSecond });
  });

  test('is repeated by its tape', () => {
    const recorded = run('13', { record: true });
    const tape = JSON.parse(JSON.stringify(recorded.tape)) as NonNullable<RunResult['tape']>;
    const replayed = run('13', { tape }).report;
    expect(replayed.traceHash).toBe(recorded.report.traceHash);
  });

  test('differs from seed to seed', () => {
    expect(run('14').report.traceHash).not.toBe(run('15').report.traceHash);
  });

  test('that does too little is vacuous, not green', () => {
    const { report } = run('16', { adjust: (knobs) => ({ ...knobs, operations: 20, faults: {} }) });
    expect(report).toMatchObject({ verdict: 'vacuous', violation: { oracle: 'vacuous' } });
  });

  test('is ended by a check of the world that is off, and judged by the others', () => {
    const adjust = (knobs: Knobs): Knobs => ({ ...knobs, operations: 20, faults: {} });
    expect(run('16', { adjust, without: ['vacuous'] }).report).toMatchObject({ verdict: 'pass', violation: null });
    expect(run('16', { adjust, without: ['liveness'] }).report.violation?.oracle).toBe('vacuous');
  });

  test('reports exactly the fields of the reference', () => {
    expect(Object.keys(run('17').report)).toEqual([
      'scenario',
      'seed',
      'verdict',
      'violation',
      'events',
      'ops',
      'elections',
      'virtualMs',
      'wallMs',
      'eventsPerSecond',
      'faults',
      'hasher',
      'traceHash',
    ]);
  });
});

const PLAN: SwarmPlan = { version: '0', command: '', from: 3, seeds: 2, shard: 1, shards: 1 };

test('a swarm adds up its runs, in order of seeds whatever order they ended in', () => {
  const tally = new SwarmTally((seed) => `replay ${seed}`);
  const { report } = run('3');
  tally.add({ ...report, seed: '4', verdict: 'liveness', violation: { oracle: 'liveness', message: 'stuck' } }, []);
  tally.add(report, ['raft.election-lost']);
  const total = tally.report(1000, { plan: PLAN, rows: true, interrupted: false });
  expect(total).toMatchObject({ seeds: 2, passed: 1, events: 2 * report.events, failed: [{ seed: '4', replay: 'replay 4' }] });
  expect(total.rows?.map(({ seed }) => seed)).toEqual(['3', '4']);
  expect(tally.exitCode).toBe(3);
});
