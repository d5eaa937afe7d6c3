/** The oracle of the lying node can fail: bugs of the clients' library and of their gossip, one at a time, each of which it must object to. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bundleMutant } from '../../../node/cli/mutant-bundle.ts';
import type { Mutant } from '../../../sim/mutants/mutant.ts';

/** A client diverges in the first one or soon after, which most of the bugs need. */
const FIRST = 13;
const SEEDS = 60;

/** Not in the catalogue: no generic seed has a liar, so no swarm without the scenario could find them. */
const MUTANTS: readonly Mutant[] = [
  {
    id: 'B1',
    title: 'a policy of k keys is met by one of them',
    file: 'core/note/policy.ts',
    find: 'isMet(member, signed)).length >= quorum.k',
    replace: 'isMet(member, signed)).length >= 1',
  },
  {
    id: 'B2',
    title: 'a line of a note is not checked under its key',
    file: 'core/note/sign.ts',
    find: '  return holds ? { ok: true, timeS }',
    replace: '  return holds || true ? { ok: true, timeS }',
  },
  {
    id: 'B3',
    title: 'a fork proof need not be signed by the key that it names',
    file: 'core/note/fork-proof.ts',
    find: '  return check.ok ? decodeCheckpoint(note.value.text) : check;',
    replace: '  return check.ok ? decodeCheckpoint(note.value.text) : decodeCheckpoint(note.value.text);',
  },
  {
    id: 'B4',
    title: 'two sizes that contradict each other are no fork',
    file: 'core/note/fork-proof.ts',
    find: 'roots === undefined || !equalBytes(roots.newer, newer.root)',
    replace: 'roots !== undefined || older.size < newer.size',
  },
  {
    id: 'B5',
    title: 'a client does not remember what it accepted',
    file: 'core/note/last-accepted.ts',
    find: "if (last === undefined) return { kind: 'first' };",
    replace: "if (last === undefined || next.origin === last.origin) return { kind: 'first' };",
  },
  {
    id: 'B6',
    title: 'a newer checkpoint need not extend the last one',
    file: 'core/note/last-accepted.ts',
    find: '    last.size === 0 ||',
    replace: '    last.size >= 0 ||',
  },
  {
    id: 'B7',
    title: 'clients keep no notes to compare',
    file: 'sim/byzantine/gossip.ts',
    find: '    this.notes.set(text, seen);\n',
    replace: '',
  },
];

const ENTRY = `
import { nativePrimitives } from './node/cli/native-primitives.ts';
import { byzantineNode } from './scenarios/byzantine-node.ts';
import { runSeed } from './sim/run.ts';
const adjust = (knobs) => ({ ...knobs, operations: 200, signing: 'simulated', faults: { powerLoss: 0.1 } });
let found = null;
for (let seed = ${FIRST}; seed < ${FIRST} + ${SEEDS} && found === null; seed += 1) {
  const options = { seed: String(seed), profile: 'swarm', scenario: byzantineNode, adjust, primitives: nativePrimitives, stopwatch: () => 0 };
  const { violation } = runSeed(options).report;
  if (violation !== null) found = { seed, ...violation };
}
process.stdout.write(JSON.stringify(found));
`;

describe('the oracle objects where', () => {
  test.each(MUTANTS.map((mutant) => [mutant.title, mutant] as const))(
    '%s',
    async (_, mutant) => {
      const folder = mkdtempSync(join(tmpdir(), 'vouch-liar-'));
      try {
        const bundle = join(folder, 'hunt.cjs');
        await bundleMutant(mutant, bundle, ENTRY);
        const found = JSON.parse(execFileSync(process.execPath, [bundle], { encoding: 'utf8' })) as unknown;
        expect(found).toMatchObject({ oracle: 'forks-are-proven' });
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    600_000,
  );
});
