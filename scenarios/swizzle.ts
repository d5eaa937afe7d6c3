/** Nodes drop off the network one after another, and come back in another order. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const swizzle: Scenario = {
  name: 'swizzle',
  summary: 'Swizzled clogging: the cluster passes through partial connections that no single cut makes.',
  faults: ['swizzle'],
  world: calmWorld,
  tell: (story) => {
    story.every(700, () => {
      story.begin('swizzle', 500 + story.draws.below(500));
    });
  },
};
