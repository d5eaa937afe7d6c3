/** Every known bug of membership and snapshots breaks a property of groups with changing members; without one, none breaks. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleMutant } from '../../node/cli/mutant-bundle.ts';
import { GROUP_MUTANTS } from '../../sim/mutants/catalogue.ts';
import { hunt } from './hunt.ts';

const SCHEDULES = 400;
const ENTRY = `
import { hunt } from './test/raft/hunt.ts';
process.stdout.write(JSON.stringify(hunt(1, ${SCHEDULES}) ?? null));
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vouch-known-bugs-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each(GROUP_MUTANTS.map((mutant) => [mutant.id, mutant] as const))('%s is found', async (id, mutant) => {
  const outfile = join(folder, `${id}.cjs`);
  await bundleMutant(mutant, outfile, ENTRY);
  const { stdout, stderr } = spawnSync(process.execPath, [outfile], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout), mutant.title).not.toBeNull();
});

test('the code as it is survives', () => {
  expect(hunt(1, 20)).toBeUndefined();
});
