/** Everybody reaches a majority, and no two the same one. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const ringAround: Scenario = {
  name: 'ring-around',
  summary: 'The five nodes stand in a ring, or on two sides of a single bridge; leaders come and go between them.',
  faults: ['ring', 'bridge'],
  world: calmWorld,
  tell: (story) => {
    story.every(900, () => {
      story.begin(story.draws.below(2) === 0 ? 'ring' : 'bridge', 400 + story.draws.below(500));
    });
  },
};
