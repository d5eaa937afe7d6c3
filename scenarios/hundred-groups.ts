/** A hundred groups share one log on each of three nodes and sleep most of the time, until whoever leads many of them is in trouble. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

const MILLISECOND = 1000;

export const hundredGroups: Scenario = {
  name: 'hundred-groups',
  summary:
    'A hundred groups on three nodes, asleep but for a few: whoever leads most of them dies, loses power, is cut off, or has a slow disk.',
  faults: ['crash', 'powerLoss', 'restart', 'lostWrite', 'tornWrite', 'partition', 'slowDisk'],
  shows: ['many groups, and groups that sleep'],
  world: (drawn) => ({
    ...calmWorld(drawn),
    nodes: 3,
    spares: 0,
    downMax: 1,
    dataGroups: 92,
    placedGroups: 8,
    // They lie in 44 of the groups at most; all others have nothing to do but to elect, to sleep and to wake.
    vaults: 44,
    keys: 3,
    clients: 4,
    lanes: 2,
    operations: 500,
    thinkMeanMicros: 150 * MILLISECOND,
    hibernateMicros: 40 * MILLISECOND,
    diskDelayMeanMicros: 4000,
    coalesce: 0.9,
    // Each segment begins with the hard states of all groups: in 4 KiB there would be room for little else.
    segmentBytes: 64 * 1024,
    checkpointBytes: Math.max(drawn.checkpointBytes, 16 * 1024),
  }),
  tell: (story) => {
    story.every(2600, () => {
      const first = story.busiest();
      story.crash(first, 'crash');
      story.after(400, () => story.restart(first));
      story.after(700, () => {
        const second = story.busiest();
        story.crashWhileWriting(second, story.draws.below(3), 'powerLoss');
        story.after(250, () => story.restart(second));
      });
      story.after(1200, () => story.begin('slowDisk', 400));
      story.after(1400, () => {
        const third = story.busiest();
        const others = [0, 1, 2].filter((node) => node !== third);
        story.after(150 + story.draws.below(300), story.split([third], others));
      });
    });
  },
};
