/** The story of a run that fails: a known bug put back, run in a process of its own until its oracle objects. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleMutant } from '../../../node/cli/mutant-bundle.ts';
import { MUTANTS } from '../../../sim/mutants/catalogue.ts';
import type { Mutant } from '../../../sim/mutants/mutant.ts';
import type { Recording } from '../../../sim/record/recording.ts';

const SEEDS_MAX = 20;

function entryFor(oracle: string, showsOrder: boolean): string {
  return `
import { runSeed } from './sim/run.ts';
import { orderPicture } from './sim/viewer/order.ts';
for (let seed = 1; seed <= ${SEEDS_MAX}; seed += 1) {
  const { story } = runSeed({ seed: String(seed), profile: 'lite', scenario: undefined, stopwatch: () => 0, story: true });
  if (story.violation?.oracle !== '${oracle}') continue;
  if (${showsOrder} && orderPicture(story, 1)?.newest === undefined) continue;
  process.stdout.write(JSON.stringify(story));
  break;
}`;
}

/** @param id of the mutant. @param oracle that finds it within a few seeds. @param showsOrder whether a change stands where the inexplicable answer looked */
export async function failingRun(id: string, oracle: string, showsOrder: boolean = false): Promise<Recording> {
  const mutant = MUTANTS.find((candidate) => candidate.id === id) as Mutant;
  const folder = mkdtempSync(join(tmpdir(), 'vouch-story-'));
  try {
    const bundle = join(folder, 'run.cjs');
    await bundleMutant(mutant, bundle, entryFor(oracle, showsOrder));
    return JSON.parse(execFileSync(process.execPath, [bundle], { encoding: 'utf8', maxBuffer: 1 << 26 })) as Recording;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
