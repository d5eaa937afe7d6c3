/** Two halves that each believe to be the cluster: the old leader keeps the minority, the majority elects its own. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const splitBrain: Scenario = {
  name: 'split-brain',
  summary: 'The leader is cut off with one follower, the majority elects another; then the network heals, again and again.',
  faults: ['partition'],
  nodesMin: 3,
  world: calmWorld,
  tell: (story) => {
    story.every(900, () => {
      const leader = story.leader();
      const follower = (leader + 1 + story.draws.below(story.nodeCount - 1)) % story.nodeCount;
      const minority = [leader, follower];
      const majority = Array.from({ length: story.nodeCount }, (_, node) => node).filter((node) => !minority.includes(node));
      const mend = story.split(minority, majority);
      story.after(200 + story.draws.below(600), mend);
    });
  },
};
