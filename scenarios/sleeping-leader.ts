/** A leader stands still for longer than an election takes, and wakes up believing that it still leads. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const sleepingLeader: Scenario = {
  name: 'sleeping-leader',
  summary:
    'The leader is paused past the election timeout; another is elected; then the old one wakes with requests in its queue.',
  faults: ['pause'],
  world: calmWorld,
  tell: (story) => {
    story.every(1000, () => {
      story.pause(story.leader(), 350 + story.draws.below(500));
    });
  },
};
