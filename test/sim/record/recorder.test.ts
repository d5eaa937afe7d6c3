/** Recording for a person: it changes nothing, it is bounded, and what it says is what happened. */
import { beforeAll, describe, expect, test } from 'vitest';
import { Bounded } from '../../../sim/record/bounded.ts';
import type { Recording } from '../../../sim/record/recording.ts';
import type { RunResult } from '../../../sim/result.ts';
import { runSeed } from '../../../sim/run.ts';
import { leadershipsOf, momentAt } from '../../../sim/viewer/timeline.ts';

function run(story: boolean): RunResult {
  return runSeed({ seed: '21', profile: 'lite', scenario: undefined, stopwatch: () => 0, story });
}

describe('a recorded run', () => {
  let result: RunResult;
  let story: Recording;

  beforeAll(() => {
    result = run(true);
    story = result.story as Recording;
  });

  test('is the same run, and an unrecorded one has no story', () => {
    const plain = run(false);
    expect(plain.story).toBeUndefined();
    expect(plain.report.traceHash).toBe(result.report.traceHash);
  });

  test('has a leader for every election that was counted', () => {
    expect(leadershipsOf(story)).toHaveLength(result.report.elections);
  });

  test('knows at the end what the report knows', () => {
    expect(story.totals).toMatchObject({ events: result.report.events, ok: result.report.ops.ok });
    expect(story.operations.filter(({ outcome }) => outcome === 'ok')).toHaveLength(result.report.ops.ok);
  });

  test('has absences for every crash, and frames that did not arrive for what was lost', () => {
    const { faults } = result.report;
    const gone = story.absences.filter(({ why }) => why !== 'paused').length;
    expect(gone).toBeGreaterThanOrEqual((faults.crash ?? 0) + (faults.powerLoss ?? 0));
    for (const { from, to } of story.absences) expect(from).toBeLessThanOrEqual(to);
  });

  test('keeps frames in order, inside its detail, each with words and a fate', () => {
    expect(story.frames.length).toBeGreaterThan(100);
    let last = 0;
    for (const frame of story.frames) {
      expect(frame.sentAt).toBeGreaterThanOrEqual(last);
      expect(frame.endedAt).toBeGreaterThanOrEqual(frame.sentAt);
      expect(frame.items.length).toBeGreaterThan(0);
      last = frame.sentAt;
    }
  });

  test('says that every replica ends in one term with one log where the detail reaches the end', () => {
    const terms = momentAt(story, story.end).map(({ replicas }) => replicas.map(({ term }) => term));
    expect(terms.every((row) => row.join() === terms[0]?.join())).toBe(true);
  });

  test('fits into a page, and says what it left out', () => {
    expect(JSON.stringify(story).length).toBeLessThan(2_000_000);
    for (const sentence of story.omitted) expect(sentence).toMatch(/^\d+ /);
  });
});

test('a bounded list forgets its oldest half, in order, and counts it', () => {
  const forgotten: number[] = [];
  const list = new Bounded<number>(3, (item) => forgotten.push(item));
  for (let i = 0; i < 8; i += 1) list.push(i);
  expect(list.items).toEqual([3, 4, 5, 6, 7].slice(list.items.length === 5 ? 0 : 1));
  expect(forgotten).toEqual([0, 1, 2]);
  expect(list.dropped).toBe(3);
});
