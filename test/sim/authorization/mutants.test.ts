/** The oracles of the authorization workload can fail: bugs of evaluator, indices and memory, one at a time, each of which one of them objects to. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bundleMutant } from '../../../node/cli/mutant-bundle.ts';
import { AUTHORIZATION_MUTANTS } from '../../../sim/mutants/authorization.ts';
import { LEDGER_MUTANTS } from '../../../sim/mutants/ledger.ts';

const SEEDS = 12;
/** Who may be the first to see it: a wrong answer contradicts the definition, and perhaps the times of a revocation, too. */
const ORACLES: Readonly<Record<string, readonly string[]>> = {
  A1: ['authorization', 'revocations-hold'],
  A2: ['authorization'],
  A3: ['authorization', 'revocations-hold'],
  A4: ['indexes-agree'],
  A5: ['authorization'],
  A6: ['certificates-verify'],
  A7: ['writes-fit'],
  A8: ['authorization'],
  A9: ['authorization'],
  V5: ['indexes-agree'],
  V21: ['pages-add-up'],
};
const MUTANTS = [...AUTHORIZATION_MUTANTS, ...LEDGER_MUTANTS.filter(({ id }) => id === 'V5' || id === 'V21')];

const ENTRY = (without: readonly string[]): string => `
import { nativePrimitives } from './node/cli/native-primitives.ts';
import { authorization } from './scenarios/authorization.ts';
import { runSeed } from './sim/run.ts';
const adjust = (knobs) => ({ ...knobs, operations: 200, signing: 'none', expiryShare: 0.2, faults: { crash: 0.1 } });
let found = null;
for (let seed = 1; seed <= ${SEEDS} && found === null; seed += 1) {
  const options = { seed: String(seed), profile: 'swarm', scenario: authorization, adjust, primitives: nativePrimitives, without: ${JSON.stringify(without)}, stopwatch: () => 0 };
  const { violation } = runSeed(options).report;
  if (violation !== null) found = { seed, ...violation };
}
process.stdout.write(JSON.stringify(found));
`;

async function hunt(id: string, without: readonly string[] = []): Promise<{ readonly oracle: string } | null> {
  const mutant = MUTANTS.find((each) => each.id === id);
  if (mutant === undefined) throw new Error(`no mutant ${id}`);
  const folder = mkdtempSync(join(tmpdir(), 'vouch-authorization-'));
  try {
    const bundle = join(folder, 'hunt.cjs');
    await bundleMutant(mutant, bundle, ENTRY(without));
    return JSON.parse(execFileSync(process.execPath, [bundle], { encoding: 'utf8' })) as { readonly oracle: string } | null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('an oracle objects where', () => {
  test.each(MUTANTS.map(({ id, title }) => [id, title] as const))(
    '%s: %s',
    async (id) => {
      const found = await hunt(id);
      expect([found, ORACLES[id]]).toEqual([found, expect.arrayContaining([found?.oracle ?? 'none'])]);
    },
    600_000,
  );
});

test('what outlives a revocation is seen by times alone, with no model and no block to compare with', async () => {
  expect(await hunt('A3', ['authorization'])).toMatchObject({ oracle: 'revocations-hold' });
}, 600_000);
