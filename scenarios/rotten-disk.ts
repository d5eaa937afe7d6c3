/** Disks decay while their machines are off: the damage must be noticed and said, and nobody may be told anything wrong. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const rottenDisk: Scenario = {
  name: 'rotten-disk',
  summary:
    'Bits of older log records rot on up to two of five nodes at a time; their groups are quarantined there until they are fetched again.',
  faults: ['bitRot', 'misdirectedWrite', 'powerLoss', 'restart'],
  world: calmWorld,
  tell: (story) => {
    story.every(600, () => {
      story.begin(story.draws.below(3) === 2 ? 'misdirectedWrite' : 'bitRot', 200 + story.draws.below(200));
    });
  },
};
