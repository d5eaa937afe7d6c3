/** Every known bug can be put back: its text stands exactly once in its file, and the result still compiles as a script. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { GROUP_MUTANTS, MUTANTS } from '../../sim/mutants/catalogue.ts';
import { mutate, replacementsOf } from '../../sim/mutants/mutant.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Some are hunted with groups alone as well as by the swarm. */
const ALL = [...new Set([...MUTANTS, ...GROUP_MUTANTS])];

describe('the catalogue of known bugs', () => {
  test.each(ALL.map((mutant) => [mutant.id, mutant] as const))('%s applies exactly once and parses', (_, mutant) => {
    for (const replacement of replacementsOf(mutant)) {
      const mutated = mutate(mutant.id, replacement, readFileSync(join(root, replacement.file), 'utf8'));
      expect(mutated).toMatchObject({ ok: true });
      if (mutated.ok) expect(() => transformSync(mutated.source, { loader: 'ts' })).not.toThrow();
    }
  });

  test('ids are unique, and bugs and controls are both there', () => {
    const ids = ALL.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(MUTANTS.filter(({ isControl }) => isControl !== true).length).toBeGreaterThanOrEqual(15);
    expect(MUTANTS.filter(({ isControl }) => isControl === true).length).toBeGreaterThanOrEqual(3);
  });

  test('a text that stands twice, or not at all, is refused', () => {
    const replacement = { file: 'f.ts', find: 'a', replace: 'b' };
    expect(mutate('X', replacement, 'a a')).toMatchObject({ ok: false });
    expect(mutate('X', replacement, 'c')).toMatchObject({ ok: false });
  });
});
