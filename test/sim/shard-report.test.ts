/** Reports that come from outside are checked field by field. */
import { describe, expect, test } from 'vitest';
import { readShard } from '../../sim/shard-report.ts';

const REPORT = {
  plan: { version: '1', command: 'split-brain', from: 1, seeds: 4, shard: 1, shards: 2 },
  ...{ seeds: 2, passed: 1, events: 9, elections: 1, wallMs: 5, eventsPerSecond: 1, seedsPerMinute: 1 },
  failed: [{ seed: '3', verdict: 'liveness', violation: { oracle: 'liveness', message: '' }, replay: '' }],
  ops: { ok: 1, fail: 0, info: 0 },
  faults: { crash: 1 },
  marks: { hit: 1, total: 2, missed: ['a'] },
  reach: { words: 'a lie reached a client', seeds: 2 },
  rows: [
    { seed: '1', traceHash: 'a' },
    { seed: '3', traceHash: 'b' },
  ],
};

describe('the report of a shard', () => {
  test('is taken as it is', () => {
    expect(readShard(REPORT)).toEqual({ ok: true, report: REPORT });
  });

  test.each([
    ['plan.shard is 7, not a whole number from 1 to 2', { plan: { ...REPORT.plan, shard: 7 } }],
    ['plan.seeds is 0, not a whole number from 1, or null', { plan: { ...REPORT.plan, seeds: 0 } }],
    ['ops.ok is "x", not a whole number from 0', { ops: { ...REPORT.ops, ok: 'x' } }],
    ['seeds is -2, not a whole number from 0', { seeds: -2 }],
    ['passed (2) and failed (1) do not add up to seeds (2)', { passed: 2 }],
    ['failed[0].verdict is "pass", not one of', { failed: [{ ...REPORT.failed[0], verdict: 'pass' }] }],
    ['faults.crash is 0.5, not a whole number from 0', { faults: { crash: 0.5 } }],
    ['marks.hit and marks.missed do not add up', { marks: { hit: 2, total: 2, missed: ['a'] } }],
    ['reach has no text "words"', { reach: { seeds: 1 } }],
    ['reach.seeds (3) is more than seeds (2)', { reach: { words: '', seeds: 3 } }],
    ['interrupted is false, not true, or left out', { interrupted: false }],
    ['rows is no list with one row per seed', { rows: [] }],
    ['elections is missing, not a whole number from 0', { elections: undefined }],
  ])('is refused: %s', (reason, change) => {
    expect(readShard({ ...REPORT, ...change })).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });
});
