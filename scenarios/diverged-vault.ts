/** Vaults that become something else on one node at a time: found out by the others' blocks, isolated, rebuilt. */
import { DivergedIsIsolated } from '../sim/check/state/diverged-is-isolated.ts';
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const divergedVault: Scenario = {
  name: 'diverged-vault',
  summary:
    'A vault gets a tuple that nobody wrote, on one of five nodes at a time: the others’ blocks give it away; it is isolated there, fetched again and compared.',
  faults: ['tamperedState', 'crash', 'powerLoss', 'restart'],
  shows: ['vaults that diverged'],
  nodesMin: 3,
  world: calmWorld,
  // Until it knows, a diverged node seals other blocks, answers from them, signs them, and proves with roots that its header does not have;
  // then it calls its operator: that is the story.
  without: ['blocks-agree', 'answers-stay-true', 'proofs-verify', 'signatures-tell-the-chain', 'no-divergence'],
  oracles: ({ nodes, groups }) => [new DivergedIsIsolated(nodes, groups)],
  tell: (story) => {
    let victim = story.draws.below(story.nodeCount);
    story.after(500, () => story.tamper(victim));
    // One at a time: two that diverge alike could outvote the rest.
    story.every(15_000, () => {
      victim = story.draws.below(2) === 1 ? story.leader() : (victim + 1) % story.nodeCount;
      story.tamper(victim);
    });
    story.every(4000 + story.draws.below(4000), () => {
      if (!story.isRunning(victim)) return;
      story.crash(victim, story.draws.below(2) === 0 ? 'crash' : 'powerLoss');
      story.after(300, () => story.restart(victim));
    });
  },
};
