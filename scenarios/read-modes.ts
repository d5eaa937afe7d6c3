/** Every way to read, at every node, while leaders are lost: what each of them promises is another thing, and is kept. */
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

export const readModes: Scenario = {
  name: 'read-modes',
  summary:
    'Most operations are reads: linearizable, bounded, eventual, at a height and at a time, with and without proofs, from any node, while leaders pause and are cut off.',
  faults: ['pause', 'isolate', 'wallStep', 'clockRate'],
  nodesMin: 3,
  shows: [
    'reads under a lease',
    'reads by a quorum round',
    'bounded reads',
    'eventual reads',
    'reads at a height',
    'reads at a time',
    'reads with proofs',
    'clocks',
  ],
  world: (drawn) => ({
    ...calmWorld(drawn),
    hasher: 'sha256',
    leases: true,
    readShare: 0.7,
    weakReadShare: 0.6,
    proofShare: 0.3,
    retentionShare: 0.03,
    expiryShare: 0.2,
    clockRatePpmMax: 100_000,
  }),
  tell: (story) => {
    story.every(800, () => {
      story.begin(story.draws.pick(['pause', 'isolate', 'wallStep', 'clockRate'] as const), 300 + story.draws.below(400));
    });
  },
};
