/** What an operator does on a quiet afternoon, a little too fast. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  summary: 'One node after another loses power and comes back, the next one as soon as the last one runs again.',
  faults: ['powerLoss', 'restart', 'lostWrite'],
  world: calmWorld,
  tell: (story) => {
    let node = 0;
    story.every(500, () => {
      const victim = node;
      node = (node + 1) % story.nodeCount;
      story.crashWhileWriting(victim, story.draws.below(6), 'powerLoss');
      story.after(300 + story.draws.below(150), () => story.restart(victim));
    });
  },
};
