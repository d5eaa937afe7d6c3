/** The story of diverged vaults: it really happens, it is really found out, and a node that would go on serving is caught. */
import { expect, test } from 'vitest';
import { divergedVault } from '../../../scenarios/diverged-vault.ts';
import { runSeed } from '../../../sim/run.ts';

test('a tampered vault is isolated, refused and rebuilt', () => {
  const reached = new Set<string>();
  for (const seed of ['1', '2', '3']) {
    const { report, marks } = runSeed({ seed, profile: 'lite', scenario: divergedVault, stopwatch: () => 0 });
    expect([report.verdict, report.violation]).toEqual(['pass', null]);
    for (const mark of marks) reached.add(mark);
  }
  const told = [...reached].filter((mark) => mark.startsWith('divergence.'));
  expect(told).toEqual(
    expect.arrayContaining([
      'divergence.copy-offered',
      'divergence.doubted',
      'divergence.majority-agrees',
      'divergence.vault-isolated',
      'divergence.vault-recovered',
    ]),
  );
});
