/** Coverage marks and buggify sites: the lists are what the code has, and what a run reaches is told. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { BUGGIFY_SITES, BuggifySites } from '../../sim/buggify-sites.ts';
import { ALL_MARKS, CHANGE_MARKS, Marks, NAMED_MARKS } from '../../sim/marks.ts';
import { SELDOM_TUPLES } from '../../sim/reachable-tuples.ts';
import { runSeed } from '../../sim/run.ts';
import { seedWords } from '../../sim/seed.ts';
import { Choices } from '../../sim/tape.ts';

const core = fileURLToPath(new URL('../../core', import.meta.url));
const sources = readdirSync(core, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(core, file), 'utf8'))
  .join('\n');

function namesIn(calls: RegExp): readonly string[] {
  const names = [...sources.matchAll(calls)].flatMap((call) => [...call[0].matchAll(/'([a-z]+\.[a-z-]+)'/g)]);
  return [...new Set(names.map((name) => name[1] as string))].sort();
}

test('every mark that core sets is listed, and no other', () => {
  expect([...NAMED_MARKS, ...CHANGE_MARKS].sort()).toEqual(namesIn(/\bmark(\?\.)?\([^;]*;/g));
});

test('every buggify site of core is listed, and no other', () => {
  expect([...BUGGIFY_SITES].sort()).toEqual(namesIn(/\bbuggify(\?\.)?\([^)]*\)/g));
});

test('no mark is listed twice', () => {
  expect(new Set(ALL_MARKS).size).toBe(ALL_MARKS.length);
});

// A seed without forged messages, which do what no honest cluster does, and in which no group sleeps.
test('a run tells what it reached, and nothing that is not listed', () => {
  const { marks } = runSeed({ seed: '58', profile: 'lite', scenario: undefined, stopwatch: () => 0 });
  expect(marks.length).toBeGreaterThan(30);
  const known = new Set([...ALL_MARKS, ...CHANGE_MARKS, ...SELDOM_TUPLES]);
  expect(marks.filter((mark) => !known.has(mark))).toEqual([]);
});

test('marks are kept once, by name and by tuple', () => {
  const marks = new Marks();
  marks.mark('raft.election-lost');
  marks.stepped('leader', 'heartbeat', 'refused');
  marks.stepped('leader', 'heartbeat', 'refused');
  expect(marks.hit()).toEqual(['leader heartbeat refused', 'raft.election-lost']);
});

test('half of the sites are active in a run, and without a rate none', () => {
  const active = Array.from({ length: 50 }, (_, seed) => {
    const sites = new BuggifySites(Choices.fromSeed(seedWords(String(seed))).under('buggify'), 0.1);
    return BUGGIFY_SITES.filter((site) => sites.isActive(site)).length;
  });
  const share = active.reduce((sum, count) => sum + count, 0) / (50 * BUGGIFY_SITES.length);
  expect(share).toBeGreaterThan(0.35);
  expect(share).toBeLessThan(0.65);
  const none = new BuggifySites(Choices.fromSeed(seedWords('1')).under('buggify'), 0);
  expect(BUGGIFY_SITES.some((site) => none.isActive(site))).toBe(false);
});

test('forced handovers end with the faults, and no other site does', () => {
  const ended = new Set<string>();
  for (let seed = 0; seed < 20; seed += 1) {
    const sites = new BuggifySites(Choices.fromSeed(seedWords(String(seed))).under('buggify'), 0.1);
    const before = BUGGIFY_SITES.filter((site) => sites.isActive(site));
    sites.settle();
    for (const site of before) if (!sites.isActive(site)) ended.add(site);
  }
  expect([...ended]).toEqual(['replica.hand-over-leadership']);
});
