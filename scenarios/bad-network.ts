/** A network that does everything a network may do, short of being cut for good. */
import type { Knobs } from '../sim/knobs.ts';
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

function world(drawn: Knobs): Knobs {
  const calm = calmWorld(drawn);
  const rates = { loss: 0.03, duplicate: 0.1, reorder: 0.1 };
  return { ...calm, faults: rates, link: { ...calm.link, ...rates, queueMax: 32 } };
}

export const badNetwork: Scenario = {
  name: 'bad-network',
  summary: 'Frames are lost, doubled, overtaken and late; links flap, and hold only a few frames at a time.',
  faults: ['loss', 'duplicate', 'reorder', 'delay', 'bottleneck', 'overflow', 'flapping'],
  world,
  tell: (story) => {
    story.every(500, () => {
      story.begin(story.draws.pick(['delay', 'bottleneck', 'flapping'] as const), 200 + story.draws.below(400));
    });
  },
};
