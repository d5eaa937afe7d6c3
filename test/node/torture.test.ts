/** The campaign of `npm run torture`, short: real processes are killed and damaged under writes, and nothing that was acknowledged is lost. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { damageIn, restore } from '../../node/torture/damage.ts';
import { planOf } from '../../node/torture/plan.ts';
import { binary, cleanEnvironment, cleanUp, temporary } from './support/vouch.ts';

afterAll(cleanUp);
const MAIN = fileURLToPath(new URL('../../dist/node/torture/main.js', import.meta.url));
/** Where an idle machine takes half a minute, one that runs a whole test suite takes a while longer. */
const MINUTES = 4;

test('under at least 20 kills, power cuts and damage, every acknowledged write is there and the nodes agree', {
  timeout: 300_000,
}, () => {
  expect(existsSync(binary)).toBe(true);
  const folder = temporary();
  const journal = join(folder, 'journal.jsonl');
  const floors = ['--floor-kills', '20', '--floor-cluster-kills', '3', '--floor-writes', '300', '--floor-damages', '1'];
  const args = [
    MAIN,
    '--minutes',
    String(MINUTES),
    '--seed',
    '11',
    '--dir',
    join(folder, 'nodes'),
    '--journal',
    journal,
    '--stop-at-floors',
  ];
  const { status, stdout } = spawnSync(process.execPath, [...args, ...floors], { encoding: 'utf8', env: cleanEnvironment() });
  expect(stdout.trim().split('\n').at(-1)).toMatch(/^passed: lost 0, unequal vaults 0, seconds \d+, kills \d+/);
  expect(status).toBe(0);
  const events = readFileSync(journal, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; nodes?: string[] });
  expect(events.filter(({ event }) => event === 'kill').flatMap(({ nodes }) => nodes ?? []).length).toBeGreaterThanOrEqual(20);
  expect(events.filter(({ event }) => event === 'outcome').length).toBeGreaterThanOrEqual(1);
});

describe('the command line', () => {
  test('has defaults, takes numbers, and says what is wrong', () => {
    expect(planOf([], 5)).toMatchObject({ minutes: 10, seed: 5, stopsAtFloors: false, floors: { kills: 300, clusterKills: 40 } });
    const plan = planOf(['--stop-at-floors', '--minutes', '0.5', '--seed', '7', '--floor-damages', '2', '--journal', 'j'], 5);
    expect(plan).toMatchObject({ minutes: 0.5, seed: 7, stopsAtFloors: true, floors: { damages: 2 }, journal: 'j' });
    expect(planOf(['--help'], 5)).toBeUndefined();
    expect(planOf(['--minute', '1'], 5)).toBe('There is no option --minute.');
    expect(planOf(['--minutes'], 5)).toBe('--minutes needs a value.');
    expect(planOf(['--minutes', '0'], 5)).toBe('--minutes is a number, not "0".');
    expect(planOf(['--seed', 'x'], 5)).toBe('--seed is a number, not "x".');
  });
});

describe('damage', () => {
  test('hits what is written, spares who the node is, and can be undone', () => {
    const [data, copies] = [temporary(), temporary()];
    const bytes = new Uint8Array(100_000);
    bytes.fill(7, 0, 3000);
    for (const name of ['IDENTITY', 'CLUSTER', 'NODE', 'lock']) writeFileSync(join(data, name), 'x');
    const random = Random.stream([1, 2, 3, 4], 'damage');
    const hows = new Set<string>();
    for (let times = 0; times < 40; times += 1) {
      writeFileSync(join(data, 'some-file'), bytes);
      const damage = damageIn(data, copies, random);
      if (damage === undefined) throw new Error('there is something to damage');
      expect(damage.file).toBe('some-file');
      expect(damage.offset).toBeLessThan(3000);
      const found = readFileSync(join(data, 'some-file'));
      expect(found.equals(bytes)).toBe(false);
      hows.add(damage.how);
      restore(data, damage);
      expect(readFileSync(join(data, 'some-file')).equals(bytes)).toBe(true);
    }
    expect([...hows].sort()).toEqual(['bits', 'cut']);
    truncateSync(join(data, 'some-file'), 0);
    expect(damageIn(data, copies, random)).toBeUndefined();
  });
});
