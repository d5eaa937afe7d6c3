/** A leader that everybody hears and that hears nobody: it must find out by itself that it leads no more. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const deafLeader: Scenario = {
  name: 'deaf-leader',
  summary: 'The leader can send but not receive, so its heartbeats hold the cluster while nothing commits, until it steps down.',
  faults: ['oneWay'],
  world: calmWorld,
  tell: (story) => {
    story.every(1200, () => {
      const leader = story.leader();
      const others = Array.from({ length: story.nodeCount }, (_, node) => node).filter((node) => node !== leader);
      story.after(400 + story.draws.below(600), story.silence(others, [leader]));
    });
  },
};
