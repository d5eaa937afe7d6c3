/** A journal of hunts gives back what was found by the same code under the same order, and nothing else. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HuntJournal } from '../../node/cli/hunt-journal.ts';
import type { HuntOrder, HuntResult } from '../../sim/mutants/hunt.ts';

const ORDER: HuntOrder = {
  ...{ from: 1, seeds: 60, profile: 'swarm', without: [] },
  ...{ shrinkMs: 0, substituteSeeds: 10, faultlessSeeds: 20 },
};
const RESULT: HuntResult = {
  ...{ oracle: 'log-matching', seeds: 3, message: 'm', crashes: 0, crashMessage: '' },
  ...{ shrunkEvents: null, shrinkMs: 0 },
};

let folder: string;
let file: string;
let bundle: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vouch-journal-'));
  file = join(folder, 'journal.jsonl');
  bundle = join(folder, 'bundle.cjs');
  writeFileSync(bundle, 'one');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what was kept is found again, by the same code and order only', () => {
  const key = HuntJournal.key(bundle, ORDER);
  new HuntJournal(file).add(key, 'L10', RESULT);
  expect(new HuntJournal(file).find(key)).toEqual(RESULT);
  expect(HuntJournal.key(bundle, { ...ORDER, seeds: 61 })).not.toBe(key);
  writeFileSync(bundle, 'two');
  expect(new HuntJournal(file).find(HuntJournal.key(bundle, ORDER))).toBeUndefined();
});

test('a line that was cut off while it was written makes room for the next, any other is refused', () => {
  const whole = readFileSync(file, 'utf8');
  appendFileSync(file, '{"key":"ab');
  new HuntJournal(file).add('other', 'L11', RESULT);
  expect(new HuntJournal(file).find('other')).toEqual(RESULT);
  writeFileSync(file, whole);
  writeFileSync(file, `${whole}{"key":"ab"}\n`);
  expect(() => new HuntJournal(file)).toThrow(`${file}:2 is not a line of a hunt journal.`);
});

test('without a file nothing is kept', () => {
  const journal = new HuntJournal(undefined);
  journal.add('key', 'L10', RESULT);
  expect(journal.find('key')).toEqual(RESULT);
  expect(new HuntJournal(undefined).find('key')).toBeUndefined();
});
