/** Everything on disk is sealed, vaults come and go, and what is deleted must be noise from then on, whatever power takes. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const sealedVaults: Scenario = {
  name: 'sealed-vaults',
  summary:
    'Logs, pages and snapshots are encrypted; vaults are made, written to and deleted, and their keys destroyed, while machines lose power and fall behind.',
  faults: ['powerLoss', 'restart', 'lostWrite', 'tornWrite', 'straggler'],
  nodesMin: 3,
  shows: ['encryption, and deleted vaults', 'snapshots'],
  world: (drawn) => ({
    ...calmWorld(drawn),
    sealing: true,
    briefVaults: 10,
    checkpointBytes: 2 * 1024,
    trailEntries: 0,
  }),
  tell: (story) => {
    story.every(900, () => {
      const node = story.draws.below(story.nodeCount);
      story.crashWhileWriting(node, story.draws.below(4), 'powerLoss');
      story.after(300, () => story.restart(node));
    });
    story.every(2500, () => story.begin('straggler', 1500));
  },
};
