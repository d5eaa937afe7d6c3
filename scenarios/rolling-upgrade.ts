/** One node after another gets another build, and then the one that it had: nobody is ever at the same version as everybody else. */
import type { Build } from '../sim/build.ts';
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

const EXCHANGE_MS = 250;

export const rollingUpgrade: Scenario = {
  name: 'rolling-upgrade',
  summary:
    'Each of five nodes hands over, stops and starts with another build, until all have it, and back: one that decides as an older version did, or one whose frames this version refuses.',
  faults: ['crash', 'restart', 'mixedWire', 'mixedCore'],
  nodesMin: 3,
  shows: ['upgrade'],
  world: (drawn) => ({ ...calmWorld(drawn), spares: 0, placedGroups: 0 }),
  tell: (story) => {
    const builds: readonly Build[] = ['olderCore', 'this', 'otherWire', 'this'];
    let steps = story.draws.below(2) * 2 * story.nodeCount;
    story.every(900, () => {
      const node = steps % story.nodeCount;
      const build = builds[Math.floor(steps / story.nodeCount) % builds.length] as Build;
      steps += 1;
      if (story.leader() === node) story.transfer();
      story.after(100, () => story.install(node, build));
      story.after(100 + EXCHANGE_MS, () => story.restart(node));
    });
  },
};
