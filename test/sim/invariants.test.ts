/** The list of invariants is complete, its files exist, and the reference is what is generated from it. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { INVARIANTS, invariantsMarkdown } from '../../sim/invariants.ts';
import { MUTANTS } from '../../sim/mutants/catalogue.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const reference = join(root, 'docs/reference/invariants.md');

test('every oracle in sim/check is listed', () => {
  const listed = new Set(INVARIANTS.map(({ name }) => name));
  const files = readdirSync(join(root, 'sim/check'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const named = files.flatMap((file) => {
    const text = readFileSync(join(root, 'sim/check', file), 'utf8');
    return [...text.matchAll(/readonly name: string = '([a-z-]+)'/g)].map((match) => match[1] as string);
  });
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => name !== 'raft-watch' && !listed.has(name))).toEqual([]);
});

test('each invariant stands in its oracle, and the files and mutants named exist', () => {
  const known = new Set(MUTANTS.map(({ id }) => id));
  for (const { name, oracle, test: beside, mutants } of INVARIANTS) {
    expect(readFileSync(join(root, oracle), 'utf8'), name).toContain(`'${name}'`);
    expect(existsSync(join(root, beside)), `${name}: ${beside}`).toBe(true);
    for (const id of mutants.split(', ').filter((part) => part !== '')) expect(known.has(id), `${name}: ${id}`).toBe(true);
  }
});

test('docs/reference/invariants.md is what the list says', () => {
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(reference, invariantsMarkdown());
  expect(readFileSync(reference, 'utf8')).toBe(invariantsMarkdown());
});
