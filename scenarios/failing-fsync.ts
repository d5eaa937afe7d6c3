/** A disk refuses one sync and then behaves as if nothing had been: whoever believes it loses acknowledged writes. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const failingFsync: Scenario = {
  name: 'failing-fsync',
  summary:
    'Syncs fail once on whichever node is busy; it stops, is restarted, and sometimes loses power before its log is written again.',
  faults: ['syncFailure', 'restart', 'powerLoss'],
  world: calmWorld,
  tell: (story) => {
    story.every(500, () => {
      story.begin('syncFailure', 250);
      if (story.draws.below(3) === 0) story.after(280, () => story.begin('powerLoss', 150));
    });
  },
};
