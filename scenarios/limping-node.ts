/** A node that is neither dead nor alive: it answers everything, late, from a disk that takes forever. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const limpingNode: Scenario = {
  name: 'limping-node',
  summary: 'One node stutters and its disk is many times slower, often the leader; nothing it delays may be lost or reordered.',
  faults: ['slowNode', 'slowDisk'],
  world: calmWorld,
  tell: (story) => {
    story.every(800, () => {
      story.begin('slowNode', 600);
      story.begin('slowDisk', 600);
    });
  },
};
