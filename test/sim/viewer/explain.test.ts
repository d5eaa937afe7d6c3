/** A run in words: what a person needs is there, in a page of text. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Recording } from '../../../sim/record/recording.ts';
import { runSeed } from '../../../sim/run.ts';
import { explain } from '../../../sim/viewer/explain.ts';
import { storyHtml } from '../../../sim/viewer/html.ts';
import { pack, unpack } from '../../../sim/viewer/pack.ts';
import { failingRun } from './failing-run.ts';

const REPLAY = 'vouch sim replay --profile lite 1';

describe('a run that fails', () => {
  let recording: Recording;
  let text: string;

  beforeAll(async () => {
    recording = await failingRun('L6', 'acknowledged-is-held');
    text = explain(recording, REPLAY);
  });

  test('is told with its rule, the two facts that contradict each other, and who they are about', () => {
    expect(text).toMatch(/violates acknowledged-is-held/);
    expect(text).toMatch(/Rule: A follower acknowledges an append only once its entries are durable on it\./);
    expect(text).toMatch(/1\. Node \d tells its leader that it holds every entry up to \d+\./);
    expect(text).toMatch(/2\. Its disk is sure to hold /);
  });

  test('ends its steps with the message that broke the rule, though the network never saw it', () => {
    const steps = text.slice(text.indexOf('The last steps'));
    expect(steps).toMatch(/node \d acknowledges to node \d every entry up to \d+ \(term \d+\) \(still on its way at the end\)/);
  });

  test('ends with the command that runs it again', () => {
    expect(text.trimEnd().split('\n').pop()).toBe(REPLAY);
  });

  test('is one page: lines fit, and there are few', () => {
    const lines = text.split('\n');
    expect(lines.length).toBeLessThan(120);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  test('survives packing', () => {
    expect(unpack(pack(recording))).toEqual(JSON.parse(JSON.stringify(recording)));
  });

  test('cannot break out of the page it stands in', () => {
    const hostile = { ...recording, scenario: '</script><img src=x onerror=alert(1)>' };
    const html = storyHtml({ recording: hostile, replay: '<b>', script: 'void "</script>"', style: '' });
    expect(html.split('</script>')).toHaveLength(3);
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<b>"');
  });
});

test('a run that passes is summed up', () => {
  const { story } = runSeed({ seed: '1', profile: 'lite', scenario: undefined, stopwatch: () => 0, story: true });
  const text = explain(story as Recording, REPLAY);
  expect(text).toMatch(/^Seed 1: passed\n/);
  for (const title of ['The cluster', 'The faults', 'Who led', 'What the clients saw', 'The liveliest moment'])
    expect(text).toContain(`\n${title}\n`);
  expect(text).not.toContain('What went wrong');
});
