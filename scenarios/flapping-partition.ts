/** Links go up and down faster than elections can settle. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const flappingPartition: Scenario = {
  name: 'flapping-partition',
  summary: 'Random cuts through the cluster open and close every few dozen milliseconds, faster than an election takes.',
  faults: ['partition'],
  world: calmWorld,
  tell: (story) => {
    story.every(120, () => {
      if (story.draws.below(3) === 0) return;
      const side: number[] = [];
      const other: number[] = [];
      for (let node = 0; node < story.nodeCount; node += 1) (story.draws.below(2) === 0 ? side : other).push(node);
      story.after(10 + story.draws.below(200), story.split(side, other));
    });
  },
};
