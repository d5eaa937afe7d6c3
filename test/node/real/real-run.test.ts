/** One short run on real processes, and what its command line refuses. `npm run real` has the long ones, and the planted bugs. */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { CliFailure } from '../../../node/cli/failure.ts';
import { isPlayed, reasonOf } from '../../../node/cli/real/counterparts.ts';
import { addSimCommands } from '../../../node/cli/sim.ts';
import { checkHistory } from '../../../sim/check/history-file.ts';
import { FAULT_KINDS } from '../../../sim/faults/counts.ts';
import { binary, cleanEnvironment, cleanUp, temporary } from '../support/vouch.ts';

afterAll(cleanUp);

/** What `vouch sim run` says to a command line that it refuses: in this process, for loading the simulator takes a second each time. */
async function refusal(args: readonly string[]): Promise<CliFailure> {
  const program = new Command('vouch');
  addSimCommands(program);
  const failure = await program.parseAsync(['node', 'vouch', 'sim', 'run', ...args]).catch((error: unknown) => error);
  if (failure instanceof CliFailure) return failure;
  throw new Error(`not refused: ${String(failure)}`);
}

test('a leader that dies again and again, in real processes: nothing is lost, all agree, and the history can be checked by others', {
  timeout: 240_000,
}, () => {
  const directory = join(temporary(), 'run');
  const args = ['sim', 'run', 'leader-crash-loop', '--real', '--nodes', '3', '--for', '3s', '--set', 'thinkMs=15,proofShare=0.2'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...args, '--json', '--dir', directory], {
    encoding: 'utf8',
    env: cleanEnvironment(),
  });
  const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  expect({ status, stderr, violation: report.violation }).toEqual({ status: 0, stderr: '', violation: null });
  expect(report).toMatchObject({ mode: 'real', scenario: 'leader-crash-loop', verdict: 'pass', mutant: null, notPlayed: {} });
  const { ops, faults, proofs, blocks } = report as {
    ops: { ok: number };
    faults: Record<string, number>;
    proofs: number;
    blocks: number;
  };
  expect(ops.ok).toBeGreaterThanOrEqual(200);
  expect(faults.crash).toBeGreaterThanOrEqual(1);
  expect(proofs).toBeGreaterThanOrEqual(1);
  expect(blocks).toBeGreaterThanOrEqual(20);
  const checked = checkHistory(readFileSync(join(directory, 'history.jsonl'), 'utf8'), 'ledger');
  expect(checked).toMatchObject({ ok: true, result: { verdict: 'linearizable' } });
  expect(existsSync(join(directory, 'node-1.log'))).toBe(true);
});

describe('what cannot be', () => {
  test.each([
    [['split-brain', '--real', '--html', 'x.html'], '--html does not go with --real'],
    [['split-brain', '--real', '--tape', 'x.tape'], '--tape does not go with --real'],
    [['split-brain', '--real', '--measure', 'failover'], '--measure does not go with --real'],
    [['byzantine-node', '--real'], 'byzantine-node cannot be run on real processes: it brings clients or a liar'],
    [['authorization', '--real'], 'authorization cannot be run on real processes: its clients check permissions'],
    [['majority-lock', '--real'], 'majority-lock cannot be run on real processes: it is of another protocol'],
    [['split-brain', '--real', '--without', 'log-matching'], '--without knows no oracle "log-matching"'],
    [['split-brain', '--real', '--mutant', 'Q1'], '--mutant knows no "Q1"'],
    [['split-brain', '--real', '--dir', '.'], '--dir . is not empty'],
    [['split-brain', '--dir', 'x'], '--dir goes with --real'],
    [['split-brain', '--mutant', 'T8'], '--mutant goes with --real'],
  ] as const)('%j is refused', async (args, sentence) => {
    const { message, exitCode } = await refusal(args);
    expect(message).toContain(sentence);
    expect(exitCode).toBe(2);
  });

  test('every kind of fault happens to processes, or it is said why it does not', () => {
    const silent = FAULT_KINDS.filter((kind) => !isPlayed(kind) && reasonOf(kind) === 'it has no counterpart');
    expect(silent).toEqual(['lostWrite', 'tornWrite']); // consequences of a loss of power, which nobody counts
  });
});
