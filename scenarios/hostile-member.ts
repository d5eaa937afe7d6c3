/** A member says what no correct node says, its directory is copied and damaged, and what it has signed is lost. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const hostileMember: Scenario = {
  name: 'hostile-member',
  summary:
    'Impossible messages arrive from members; damaged copies of directories are opened and must be refused; signing records disappear, and their keys with them.',
  faults: ['impossibleMessage', 'damagedCopy', 'signingLoss', 'powerLoss', 'restart'],
  shows: ['malice'],
  world: (drawn) => ({
    ...calmWorld(drawn),
    sealing: false, // whoever damages copies reads and writes records
    signing: drawn.signing === 'none' ? 'simulated' : drawn.signing,
  }),
  tell: (story) => {
    story.every(400, () => story.begin('impossibleMessage', 150));
    story.every(900, () => story.begin('damagedCopy', 50));
    story.every(1500, () => story.begin('signingLoss', 200));
  },
};
