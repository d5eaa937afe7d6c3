/** The kill matrix says what the hunts found, and every bug of the list is either put back or missing for a reason. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SCENARIOS } from '../../scenarios/registry.ts';
import { faultless, isFaultless } from '../../sim/knobs.ts';
import { ABSENT_MUTANTS } from '../../sim/mutants/absent.ts';
import { MUTANTS } from '../../sim/mutants/catalogue.ts';
import type { HuntResult } from '../../sim/mutants/hunt.ts';
import { type MatrixPlan, type MutantRow, matrixMarkdown, median } from '../../sim/mutants/matrix.ts';
import { runSeed } from '../../sim/run.ts';

/** Families of known bugs, each numbered from 1. */
const FAMILIES: Readonly<Record<string, number>> = { E: 14, L: 13, C: 7, S: 7, D: 9, T: 10, X: 3, V: 10, K: 6 };

const PLAN: MatrixPlan = { command: 'vouch sim mutants', from: 1, seeds: 60, substituteSeeds: 20, shrinkMs: 60_000 };

function row(id: string, result: Partial<HuntResult> | 'timeout', isControl: boolean = false): MutantRow {
  const nothing = { oracle: null, seeds: 60, message: '', crashes: 0, crashMessage: '', shrunkEvents: null, shrinkMs: 0 };
  const mutant = { id, title: `title of ${id}`, file: 'f.ts', find: 'a', replace: 'b', isControl };
  return { mutant, result: result === 'timeout' ? result : { ...nothing, ...result } };
}

describe('the list of known bugs', () => {
  test('is put back or missing for a reason, bug by bug', () => {
    const there = MUTANTS.map(({ id }) => id);
    const missing = ABSENT_MUTANTS.map(({ id }) => id);
    expect(missing.filter((id) => there.includes(id))).toEqual([]);
    const all = Object.entries(FAMILIES).flatMap(([family, count]) =>
      Array.from({ length: count }, (_, at) => `${family}${at + 1}`),
    );
    expect(all.filter((id) => !there.includes(id) && !missing.includes(id))).toEqual([]);
    expect(ABSENT_MUTANTS.filter(({ reason }) => reason.length < 10)).toEqual([]);
  });
});

test('few bugs need a scenario, and there are more than twenty beside the list', () => {
  const bugs = MUTANTS.filter(({ isControl }) => isControl !== true);
  expect(bugs.filter(({ scenario }) => scenario !== undefined).length).toBeLessThanOrEqual(0.15 * bugs.length);
  const isListed = (id: string): boolean => Number(id.slice(1)) <= (FAMILIES[id[0] as string] ?? 0);
  expect(bugs.filter(({ id }) => !isListed(id)).length).toBeGreaterThanOrEqual(20);
  const scenarios = new Set(SCENARIOS.map(({ name }) => name));
  expect(bugs.filter(({ scenario }) => scenario !== undefined && !scenarios.has(scenario))).toEqual([]);
});

describe('the matrix', () => {
  const rows = [
    row('E1', {
      oracle: 'one-vote-per-term',
      seeds: 3,
      shrunkEvents: 7,
      substitute: { oracle: null, seeds: 20 },
      faultless: { seeds: 20, passed: 19 },
    }),
    row('E2', {
      oracle: 'recovery-is-legal',
      seeds: 9,
      shrunkEvents: 30,
      crashes: 4,
      substitute: { oracle: 'no-fatal', seeds: 2 },
    }),
    row('E3', {}),
    row('E4', 'timeout'),
    row('K1', {}, true),
    row('K2', { crashes: 1 }, true),
  ];
  const text = matrixMarkdown(rows, PLAN);

  test('counts kills, and neither survivors nor time-outs nor crashes', () => {
    expect(text).toContain('**2 of 4 bugs killed**, after a median of 3 seeds');
    expect(text).toContain('| E1 | title of E1 | `one-vote-per-term` | 3 | 7 | 0 | 19 of 20 |');
    expect(text).toContain('| E3 | title of E3 | **survived** | 60 |  | 0 |  |');
    expect(text).toContain('| E4 | title of E4 | *timed out* |');
  });

  test('says what an oracle alone finds, and who else finds the rest', () => {
    expect(text).toContain('| `one-vote-per-term` | E1 |  |');
    expect(text).toContain('| `recovery-is-legal` |  | E2 by `no-fatal` |');
  });

  test('a control that crashes does not live', () => {
    expect(text).toContain('**1 of 2 controls live.**');
    expect(text).toContain('| K2 | title of K2 | **1 crashes** |');
  });

  test('a median is one of the values', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1])).toBe(1);
    expect(median([])).toBeUndefined();
  });
});

test('in a faultless world nothing fails, not even at the end', () => {
  const { report, knobs } = runSeed({
    seed: '3',
    profile: 'lite',
    scenario: undefined,
    adjust: faultless,
    stopwatch: () => 0,
  });
  expect(report.verdict).toBe('pass');
  expect(isFaultless(knobs)).toBe(true);
  expect(report.faults).toEqual({});
  expect(isFaultless({ ...knobs, downMax: 1 })).toBe(false);
  expect(isFaultless({ ...knobs, faults: { crash: 0.1 } })).toBe(false);
});

test('the page in the repository says how to write it again, on any machine', () => {
  const page = readFileSync(new URL('../../docs/reference/kill-matrix.md', import.meta.url), 'utf8');
  expect(page).toContain('--matrix docs/reference/kill-matrix.md` writes it again');
});
