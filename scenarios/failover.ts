/** The leader is killed, and nothing else ever fails: how long is nobody served? `--measure failover` tells. */
import type { Scenario } from '../sim/scenario.ts';
import { quickWorld } from './quick.ts';

export const failover: Scenario = {
  name: 'failover',
  summary: 'The leader is killed once, while everybody writes, and comes back when another one leads.',
  faults: ['crash', 'restart'],
  world: quickWorld,
  tell: (story) => {
    story.after(300 + story.draws.below(100), () => {
      const leader = story.leader();
      story.crash(leader, 'crash');
      story.after(800, () => story.restart(leader));
    });
  },
};
