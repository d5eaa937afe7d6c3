/** A run that fails without a bug in the core: a scenario with an oracle that a second death offends. */
import { Violation } from '../../../sim/observer.ts';
import type { RunResult } from '../../../sim/result.ts';
import { runSeed } from '../../../sim/run.ts';
import type { Scenario } from '../../../sim/scenario.ts';
import { type ShrinkStep, type Shrunk, shrink } from '../../../sim/shrink/shrinker.ts';
import type { Tape } from '../../../sim/tape.ts';

export const diesOnce: Scenario = {
  name: 'dies-once',
  summary: 'Nodes die and come back; the oracle does not want any to die twice.',
  faults: ['crash', 'restart'],
  world: (drawn) => ({ ...drawn, nodes: 5, downMax: 2, operations: 60, hasher: 'fast' }),
  tell: (story) => {
    story.every(200, () => {
      const node = story.draws.below(story.nodeCount);
      story.crash(node, 'crash');
      story.after(100, () => story.restart(node));
    });
  },
  oracles: () => {
    const dead = new Set<number>();
    return [
      {
        name: 'dies-once',
        claim: 'No node dies twice.',
        crashed: ({ index }): void => {
          if (dead.has(index)) throw new Violation('dies-once', `node ${index} died again`);
          dead.add(index);
        },
      },
    ];
  },
};

export function record(seed: string): RunResult & { readonly tape: Tape } {
  const result = runSeed({ seed, profile: 'lite', scenario: diesOnce, record: true, stopwatch: () => 0 });
  return { ...result, tape: result.tape as Tape };
}

export function repeat(tape: Tape): RunResult {
  return runSeed({ seed: tape.seed, profile: tape.profile, scenario: diesOnce, tape, stopwatch: () => 0 });
}

/** Shrinks by at most so many steps. */
export function shrinkBy(
  tape: Tape,
  redraws: boolean,
  stepsMax: number,
): { readonly steps: ShrinkStep[]; readonly end: Shrunk | undefined } {
  const steps: ShrinkStep[] = [];
  const run = shrink({ tape, scenario: diesOnce, stopwatch: () => 0, budgetMs: 1, redraws });
  for (let step = run.next(); ; step = run.next()) {
    if (step.done === true) return { steps, end: step.value };
    steps.push(step.value);
    if (steps.length >= stepsMax) return { steps, end: step.value.best };
  }
}
