/** The production file disk and log under power cuts, and the proof that each sync is needed: without it, a cut is noticed. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SyncSite } from '../../node/disk/file-system.ts';
import { type PlannedSync, type PowerCutOptions, type PowerCutResult, powerCuts } from './power-cut.ts';

/** Seeds tried before a removed sync counts as unneeded. */
const SEEDS_MAX = 60;

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vouch-power-cut-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function run(options: PowerCutOptions): Promise<PowerCutResult> {
  const directory = join(scratch, 'run');
  mkdirSync(directory);
  try {
    return await powerCuts(directory, options);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function firstFailure(removed: Partial<PowerCutOptions>): Promise<string | undefined> {
  for (let seed = 1; seed <= SEEDS_MAX; seed += 1) {
    const { failures } = await run({ seed, lives: 3, cutsPerLife: 17, ...removed });
    if (failures[0] !== undefined) return failures[0];
  }
  return undefined;
}

test('1,000 power cuts lose no acknowledged record and none is taken for damage', { timeout: 20_000 }, async () => {
  let cuts = 0;
  let acknowledged = 0;
  for (let seed = 1; seed <= 20; seed += 1) {
    const result = await run({ seed, lives: 3, cutsPerLife: 17 });
    expect(result.failures).toEqual([]);
    cuts += result.cuts;
    acknowledged += result.acknowledged;
  }
  expect(cuts).toBeGreaterThanOrEqual(1000);
  expect(acknowledged / cuts).toBeGreaterThan(20);
});

const sites: Record<SyncSite, true> = { file: true, directory: true, parent: true };
for (const site of Object.keys(sites) as SyncSite[]) {
  test(`without the ${site} sync of FileDisk a power cut is noticed`, { timeout: 20_000 }, async () => {
    expect(await firstFailure({ without: site })).toBeDefined();
  });
}

const planned: Record<PlannedSync, true> = {
  'recovered file': true,
  'recovered name': true,
  append: true,
  'full segment': true,
  'segment header': true,
  'segment name': true,
};
for (const purpose of Object.keys(planned) as PlannedSync[]) {
  test(`without the sync the log plans for '${purpose}' a power cut is noticed`, { timeout: 20_000 }, async () => {
    expect(
      await firstFailure({ withoutPlanned: purpose, ...(purpose.startsWith('recovered') ? { kills: 'always' } : {}) }),
    ).toBeDefined();
  });
}
