/** One of three regions is gone for a while: without power, or out of everybody's reach. What is left must go on, and take it back. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const regionLoss: Scenario = {
  name: 'region-loss',
  summary:
    'Five nodes in three regions: again and again all nodes and clients of one are cut off from the others, or its machines lose power together.',
  faults: ['regionLoss', 'powerLoss', 'restart', 'lostWrite', 'tornWrite'],
  nodesMin: 3,
  world: calmWorld,
  tell: (story) => {
    story.every(1500, () => {
      story.begin('regionLoss', 400 + story.draws.below(600));
    });
  },
};
