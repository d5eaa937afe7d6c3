/** Letters from the past: votes, acknowledgements and requests that were answered long ago arrive once more. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const echoes: Scenario = {
  name: 'echoes',
  summary: 'Leaders are killed, and frames overheard before their death are delivered again in the terms that follow.',
  faults: ['echo', 'crash', 'restart'],
  world: calmWorld,
  tell: (story) => {
    story.every(600, () => {
      const leader = story.leader();
      story.begin('echo', 500);
      story.after(100, () => story.crash(leader, 'crash'));
      story.after(350, () => story.restart(leader));
    });
  },
};
