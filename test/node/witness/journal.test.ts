/** A witness's journal: what was recorded is there again, a torn line is not, and damage retires the key. */
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { JOURNAL_FILE, WitnessJournal } from '../../../node/witness/journal.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vouch-witness-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const identity = () => ({ name: 'witness.example/w1', seed: new Uint8Array(32).fill(7) });
const path = (): string => join(directory, JOURNAL_FILE);
const root = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
function withJournal<T>(use: (journal: WitnessJournal) => T, create: typeof identity | undefined = undefined): T {
  const journal = WitnessJournal.open(directory, create);
  try {
    return use(journal);
  } finally {
    journal.close();
  }
}
const failure = (): string => {
  try {
    withJournal(() => undefined);
    return 'opened';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("a witness's journal", () => {
  test('keeps the key and the last checkpoint of each log', () => {
    withJournal((journal) => {
      journal.record('a', { size: 1, root: root(1) });
      journal.record('b', { size: 9, root: root(2) });
      journal.record('a', { size: 4, root: root(3) });
    }, identity);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    withJournal((journal) => {
      expect(journal.identity).toEqual(identity());
      expect(journal.lastOf('a')).toMatchObject({ size: 4, root: root(3) });
      expect(journal.lastOf('b')).toMatchObject({ size: 9, root: root(2) });
      expect(journal.lastOf('c')).toBeUndefined();
    });
  });

  test('a wiped directory is a new witness with another key, and only where one is named', () => {
    expect(failure()).toBe('witness_unnamed');
    withJournal((journal) => expect(journal.origins).toBe(0), identity);
  });

  test('every torn last line is dropped, every other change is damage', () => {
    withJournal((journal) => {
      journal.record('a', { size: 1, root: root(1) });
      journal.record('a', { size: 4, root: root(3) });
    }, identity);
    const whole = readFileSync(path());
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (let length = lastLine; length < whole.length; length += 1) {
      writeFileSync(path(), whole);
      truncateSync(path(), length);
      withJournal((journal) => expect(journal.lastOf('a')?.size).toBe(1));
    }
    for (let at = 0; at < whole.length - 1; at += 1) {
      const changed = Uint8Array.from(whole);
      changed[at] = (changed[at] as number) ^ 1;
      writeFileSync(path(), changed);
      expect(failure(), `byte ${at}`).toBe('witness_damaged');
    }
  });

  test('a record that goes back is damage, though every line is whole', () => {
    withJournal((journal) => {
      journal.record('a', { size: 4, root: root(3) });
      journal.record('a', { size: 1, root: root(1) });
    }, identity);
    expect(failure()).toBe('witness_damaged');
  });

  test('an empty journal beside nothing is damage, not a new witness', () => {
    writeFileSync(path(), '');
    expect(failure()).toBe('witness_damaged');
  });

  test('two processes cannot open it', () => {
    withJournal(() => expect(failure()).toBe('directory_locked'), identity);
  });

  test('lines that no longer count do not pile up', () => {
    withJournal((journal) => {
      for (let size = 1; size <= 1_010; size += 1) journal.record('a', { size, root: root(1) });
    }, identity);
    expect(readFileSync(path(), 'utf8').split('\n').length).toBeLessThan(100);
    withJournal((journal) => expect(journal.lastOf('a')?.size).toBe(1_010));
  });
});
