/** A leader that hears and is heard by nobody: what it begins, with members that change meanwhile, its successor takes back. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const muteLeader: Scenario = {
  name: 'mute-leader',
  summary:
    'The leader can receive but not send, while an operator changes the members: it learns what is wanted and appends entries and configurations that nobody gets, until it steps down and its log loses them.',
  faults: ['oneWay'],
  nodesMin: 3,
  shows: ['members that change'],
  world: (drawn) => ({
    ...calmWorld(drawn),
    nodes: 3,
    spares: 2,
    downMax: 1,
    dataGroups: 2,
    changeMeanMicros: 120_000,
  }),
  tell: (story) => {
    story.every(900, () => {
      const leader = story.leader();
      const others = Array.from({ length: story.nodeCount }, (_, node) => node).filter((node) => node !== leader);
      story.after(300 + story.draws.below(300), story.silence([leader], others));
    });
  },
};
