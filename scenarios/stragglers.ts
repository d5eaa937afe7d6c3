/** Nodes are away until the log that they need is gone, and something happens as soon as they fetch a snapshot. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const stragglers: Scenario = {
  name: 'stragglers',
  summary:
    'A node is away until it needs a snapshot; while it fetches, it dies, or its leader does, stands still or is out of its reach: the next leader may have what the last one had forgotten.',
  faults: ['straggler', 'crash', 'powerLoss', 'restart', 'pause'],
  nodesMin: 3,
  shows: ['snapshots'],
  world: (drawn) => ({
    ...calmWorld(drawn),
    checkpointBytes: 2 * 1024,
    trailEntries: 0,
    chunkBytes: 512,
    segmentBytes: 4 * 1024,
    thinkMeanMicros: Math.ceil(drawn.thinkMeanMicros / 2),
  }),
  tell: (story) => {
    story.every(1800, () => {
      story.begin('straggler', 1200 + story.draws.below(800));
    });
  },
};
