/**
 * The same seeds in the browser and here: a few of the matrix that `npm run determinism` runs in full. Runs where a Chromium is
 * installed (VOUCH_CHROMIUM names another place) and is reported as skipped where none is.
 */
import { describe, expect, test } from 'vitest';
import { BinaryError, namedBinaries } from '../../node/determinism/binaries.ts';
import { rowsInBrowser } from '../../node/determinism/browser.ts';
import { chromiumPath, launchChromium } from '../../node/determinism/chromium.ts';
import { type Plan, planOf } from '../../node/determinism/plan.ts';
import { compare, mismatches, type Place, tableOf } from '../../node/determinism/rows.ts';
import { rowsUnder } from '../../node/determinism/swarm-rows.ts';
import { ensureBuilt, binary as main } from '../../node/launch/build.mjs';
import { root } from '../support/sources.ts';

const SEEDS = ['1', '2', '3', '4', '5'];

test('five seeds are the same runs in Chromium and under this Node', { timeout: 120_000 }, async (context) => {
  if (chromiumPath === undefined) return context.skip('no Chromium here: no seed was run in a browser');
  expect(ensureBuilt()).toBe('');
  const [here] = namedBinaries([process.execPath]);
  if (here === undefined) throw new Error('this is a Node.js');
  const rows = await rowsUnder(here, { main, profile: 'lite', from: 1, seeds: SEEDS.length, jobs: 1 });
  const browser = await launchChromium(chromiumPath);
  try {
    const there = await rowsInBrowser({ browser, root, entry: 'sim/public.ts', profile: 'lite', seeds: SEEDS });
    expect([...there]).toEqual([...rows]);
    expect(new Set(there.values()).size).toBe(SEEDS.length);
  } finally {
    await browser.close();
  }
});

describe('the comparison of places', () => {
  const place = (name: string, rows: Readonly<Record<string, string>>): Place => ({ name, rows: new Map(Object.entries(rows)) });
  const reference = place('Node v20.19.0', { 1: 'a', 2: 'b', 3: 'c' });

  test('counts equal rows, and finds another hash and a row that is missing', () => {
    const other = place('Chromium 140', { 1: 'a', 2: 'x' });
    const comparison = compare(reference, [{ place: other, wanted: ['1', '2', '3'] }]);
    expect(mismatches(comparison)).toEqual([
      { seed: '2', place: 'Chromium 140', hash: 'x', expected: 'b' },
      { seed: '3', place: 'Chromium 140', hash: undefined, expected: 'c' },
    ]);
    expect(tableOf(comparison)).toEqual([
      '                 seeds    equal    other',
      'Node v20.19.0        3                  ',
      'Chromium 140         3        1        2',
    ]);
  });

  test('two places that lack the same row do not agree on it', () => {
    const other = place('Node v22.12.0', { 4: 'd' });
    expect(mismatches(compare(reference, [{ place: other, wanted: ['5'] }]))).toHaveLength(1);
  });
});

describe('what is asked for', () => {
  test('has defaults, takes binaries in lists, and never more seeds in the browser than there are', () => {
    expect(planOf([])).toEqual({ seeds: 2000, from: 1, profile: 'lite', jobs: 1, nodes: [], browserSeeds: 50 } satisfies Plan);
    const plan = planOf(['--node', 'a,b', '--node', 'c', '--seeds', '10', '--profile', 'swarm']);
    expect(plan).toMatchObject({ nodes: ['a', 'b', 'c'], browserSeeds: 10, profile: 'swarm' });
    expect(planOf(['--help'])).toBe(undefined);
  });

  test.each([
    [['--seeds', '0'], '--seeds is a whole number from 1, not "0".'],
    [['--jobs', 'x'], '--jobs is a whole number from 1, not "x".'],
    [['--profile', 'perf'], '--profile is lite or swarm, not "perf".'],
    [['--bogus'], /bogus/],
  ])('%s is refused with a sentence', (argv, sentence) => {
    expect(planOf(argv)).toEqual(expect.stringMatching(sentence));
  });

  test('a binary that is no Node.js is named', () => {
    expect(() => namedBinaries(['/bin/true'])).toThrow(BinaryError);
    expect(() => namedBinaries(['/nowhere/node'])).toThrow(/--node \/nowhere\/node is no Node.js/);
  });
});
