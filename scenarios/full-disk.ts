/** Disks that take a write half-way because they are full, and that give less of a file than is there when their node starts. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const fullDisk: Scenario = {
  name: 'full-disk',
  summary:
    'Writes end half-way on a full disk, so that the node stops; when it starts, a read of its files comes back short, and it must refuse.',
  faults: ['diskFull', 'shortRead', 'crash', 'restart'],
  world: calmWorld,
  tell: (story) => {
    story.every(500, () => {
      story.begin('diskFull', 200);
      story.after(280, () => story.begin('shortRead', 60));
    });
  },
};
