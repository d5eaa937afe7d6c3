/** Whoever leads dies, in the middle of what it was doing, and comes back while the next one dies. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const leaderCrashLoop: Scenario = {
  name: 'leader-crash-loop',
  summary: 'Each new leader is killed between two effects of a step, and restarted half a second later.',
  faults: ['crash', 'restart'],
  world: calmWorld,
  tell: (story) => {
    story.every(700, () => {
      const leader = story.leader();
      story.crashAfter(leader, story.draws.below(20), 'crash');
      story.after(300 + story.draws.below(500), () => story.restart(leader));
    });
  },
};
