/** Whoever leads is cut off, and as it comes back so is its successor: logs that conflict, and believers in leases that are over. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const cutOffLeaders: Scenario = {
  name: 'cut-off-leaders',
  summary:
    'Leaders are cut off from the other nodes in turn, while clients still reach them, each coming back as the next one goes.',
  faults: ['isolate', 'succession'],
  nodesMin: 3,
  shows: ['reads under a lease', 'reads by a quorum round'],
  world: (drawn) => ({ ...calmWorld(drawn), leases: true }),
  tell: (story) => {
    story.every(1100, () => {
      story.begin(story.draws.below(2) === 0 ? 'succession' : 'isolate', 400 + story.draws.below(500));
    });
  },
};
