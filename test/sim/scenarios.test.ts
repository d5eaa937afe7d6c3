/** Every kind of fault and every topic has a scenario, and the reference says which. That they happen is shown where scenarios run (scenario-runs.test.ts). */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SCENARIOS } from '../../scenarios/registry.ts';
import { FAULT_KINDS } from '../../sim/faults/counts.ts';
import { coverageMarkdown, TOPICS } from '../../sim/topics.ts';

const page = new URL('../../docs/reference/sim.md', import.meta.url);
const [BEGIN, END] = ['<!-- coverage of scenarios -->', '<!-- end of coverage -->'];

test('every kind of fault happens in a scenario', () => {
  const told = new Set(SCENARIOS.flatMap(({ faults }) => faults));
  expect(FAULT_KINDS.filter((kind) => !told.has(kind))).toEqual([]);
});

test('every topic has a scenario', () => {
  const shown = new Set(SCENARIOS.flatMap(({ shows = [] }) => shows));
  expect(Object.keys(TOPICS).filter((topic) => !(shown as ReadonlySet<string>).has(topic))).toEqual([]);
});

test('names are unique, and there are at least twenty', () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  expect(SCENARIOS.length).toBeGreaterThanOrEqual(20);
});

test('docs/reference/sim.md has the table that follows from the scenarios', () => {
  const text = readFileSync(page, 'utf8');
  const [before = '', rest = ''] = text.split(BEGIN);
  const [table, after] = rest.split(END);
  const expected = `\n\n${coverageMarkdown(SCENARIOS)}\n\n`;
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(page, [before, BEGIN, expected, END, after].join(''));
  else expect(table).toBe(expected);
});
