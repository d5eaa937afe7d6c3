/** No clock agrees with another: they jump by an hour, stand still, race, and tick at different speeds. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const wanderingClocks: Scenario = {
  name: 'wandering-clocks',
  summary: 'Wall clocks step, freeze and drift on every node while tuples expire; what is live is decided by block time alone.',
  faults: ['wallStep', 'wallFreeze', 'wallDrift', 'clockRate'],
  shows: ['clocks'],
  world: (drawn) => ({ ...calmWorld(drawn), expiryShare: 0.4, wallOffsetMaxMicros: 60_000_000, clockRatePpmMax: 100_000 }),
  tell: (story) => {
    story.every(300, () => {
      story.begin(story.draws.pick(['wallStep', 'wallFreeze', 'wallDrift', 'clockRate'] as const), 500);
    });
  },
};
