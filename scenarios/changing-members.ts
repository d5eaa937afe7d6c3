/** Members come and go while nodes die: learners, promotions, replacements, removals, and leadership handed on request. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const changingMembers: Scenario = {
  name: 'changing-members',
  summary:
    'An operator adds, promotes, replaces, prefers, moves and removes nodes of three to five, without looking first, while leaders are killed and cut off, and one disk is lost for good.',
  faults: ['isolate', 'crash', 'restart', 'wipe'],
  nodesMin: 3,
  shows: ['learners', 'members that change', 'leadership transfers'],
  world: (drawn) => ({
    ...calmWorld(drawn),
    nodes: 3,
    spares: 2,
    downMax: 1,
    changeMeanMicros: 250_000,
    checkpointBytes: 4 * 1024,
    trailEntries: 0,
  }),
  tell: (story) => {
    story.every(3000, () => story.begin('wipe', 1));
    story.every(1500, () => {
      story.begin(story.draws.below(2) === 0 ? 'isolate' : 'crash', 300 + story.draws.below(300));
    });
  },
};
