/** The story of a node that lies to clients: its lies arrive, some are believed, and each one that is believed is proven. */
import { expect, test } from 'vitest';
import { nativePrimitives } from '../../../node/cli/native-primitives.ts';
import { byzantineNode } from '../../../scenarios/byzantine-node.ts';
import { BYZANTINE_MARKS } from '../../../sim/byzantine/marks.ts';
import type { Knobs } from '../../../sim/knobs.ts';
import { runSeed } from '../../../sim/run.ts';

const SEEDS = 40;
/** Share of seeds in which a lie must arrive. Source: the acceptance of proofs and signatures. */
const REACH_MIN = 0.3;

/** As short as a run may be that is not vacuous, so that forty of them are a test. */
function short(knobs: Knobs): Knobs {
  return { ...knobs, operations: 200, signing: 'simulated', faults: { powerLoss: 0.1 } };
}

const runOf = (seed: number, adjust: (knobs: Knobs) => Knobs = short) =>
  runSeed({
    seed: String(seed),
    profile: 'swarm',
    scenario: byzantineNode,
    adjust,
    primitives: nativePrimitives,
    stopwatch: () => 0,
  });

test('in every seed nobody diverges or a proof names the liar, and its lies do arrive', () => {
  const reached = new Map<string, number>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { report, marks } = runOf(seed);
    expect([seed, report.verdict, report.violation]).toEqual([seed, 'pass', null]);
    expect(report.reach).toEqual({
      words: 'a lie reached a client',
      reached: marks.includes('byzantine.forgery-reached-client'),
    });
    for (const mark of marks) reached.set(mark, (reached.get(mark) ?? 0) + 1);
  }
  expect(reached.get('byzantine.forgery-reached-client')).toBeGreaterThanOrEqual(SEEDS * REACH_MIN);
  expect(BYZANTINE_MARKS.filter((mark) => !reached.has(mark))).toEqual([]);
}, 600_000);

test('the same seed tells the same lies, and with real signatures they are no better', () => {
  const ed25519 = (knobs: Knobs): Knobs => ({ ...short(knobs), signing: 'ed25519' });
  const [first, second] = [runOf(14, ed25519), runOf(14, ed25519)];
  expect(first.report.verdict).toBe('pass');
  expect(second.report.traceHash).toBe(first.report.traceHash);
  expect(second.marks).toEqual(first.marks);
}, 300_000);
