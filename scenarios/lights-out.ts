/** The power fails in the whole building, again and again, and somebody is always writing. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const lightsOut: Scenario = {
  name: 'lights-out',
  summary: 'All machines lose power within one step of each other and come back in a drawn order.',
  faults: ['blackout', 'powerLoss', 'restart'],
  world: (drawn) => ({ ...calmWorld(drawn), downMax: 5 }),
  tell: (story) => {
    story.every(1500, () => {
      story.begin('blackout', 400);
    });
  },
};
