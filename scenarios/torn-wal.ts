/** Power fails while records are on their way to the disk: tails are torn, names are lost, and nothing acknowledged is. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const tornWal: Scenario = {
  name: 'torn-wal',
  summary: 'Machines lose power one after another on slow disks with tiny log segments; now and then all of them at once.',
  faults: ['powerLoss', 'restart', 'lostWrite', 'tornWrite'],
  world: (drawn) => ({
    ...calmWorld(drawn),
    nodes: 3,
    downMax: 3,
    segmentBytes: 8 * 1024,
    diskDelayMeanMicros: 4000,
    coalesce: 0.9,
    thinkMeanMicros: Math.floor(drawn.thinkMeanMicros / 2),
  }),
  tell: (story) => {
    story.every(400, () => {
      const everybody = story.draws.below(4) === 0;
      const first = story.draws.below(story.nodeCount);
      for (let node = 0; node < story.nodeCount; node += 1) {
        if (!everybody && node !== first) continue;
        story.crashWhileWriting(node, story.draws.below(3), 'powerLoss');
        story.after(100 + story.draws.below(200), () => story.restart(node));
      }
    });
  },
};
