/** Checkpoints decay: pages rot on the disk, or another page is read in their place, and now and then a sector of the log is gone. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const rottenPages: Scenario = {
  name: 'rotten-pages',
  summary:
    'Pages of checkpoints rot, or reads of them give another page; a sector of a log becomes unreadable. What a node holds is fetched again from the others.',
  faults: ['pageRot', 'misdirectedRead', 'badSector', 'powerLoss', 'restart'],
  nodesMin: 3,
  shows: ['checkpoints'],
  world: (drawn) => ({
    ...calmWorld(drawn),
    spares: 0,
    placedGroups: 0,
    // Few pages in memory, so that most reads go to the disk; checkpoints early and often, so that there is something to decay.
    pageCacheBytes: 8 * 1024,
    pageBytes: 512,
    checkpointBytes: 2 * 1024,
    scrubMicros: 300_000,
  }),
  tell: (story) => {
    story.after(4000, () => story.begin('badSector', 300));
    story.every(400, () => {
      story.begin(story.draws.below(2) === 0 ? 'pageRot' : 'misdirectedRead', 200 + story.draws.below(300));
    });
  },
};
