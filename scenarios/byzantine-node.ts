/** A node that lies to clients: what they believe depends on how many keys they ask for, and a lie believed is a lie proven. */
import type { ByzantineMark } from '../sim/byzantine/marks.ts';
import { PINNED_GUESTS } from '../sim/byzantine/pinned-guests.ts';
import type { Knobs } from '../sim/knobs.ts';
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

/** Three to five nodes that sign, under SHA-256, so that the clients’ library is what is tried. */
function world(drawn: Knobs): Knobs {
  const nodes = drawn.nodes < 3 ? 3 + drawn.nodes : drawn.nodes;
  return {
    ...calmWorld(drawn),
    nodes,
    spares: 0,
    placedGroups: 0,
    downMax: 1,
    hasher: 'sha256',
    sealing: false,
    halfWrittenSectors: false, // they cost nodes the keys that clients have pinned
    signing: drawn.signing === 'none' ? 'simulated' : drawn.signing,
    faults: { crash: 0.1, powerLoss: 0.1, partition: 0.1, pause: 0.1 },
  };
}

export const byzantineNode: Scenario = {
  name: 'byzantine-node',
  summary:
    'One of three to five nodes lies to clients that have pinned keys: false logs that agree with themselves, two stories, an old signing record; clients compare notes.',
  // Lies come last: there are seeds in which only old checkpoints are shown, which are no forgery.
  faults: ['restart', 'crash', 'powerLoss', 'partition', 'pause', 'forgedCheckpoint'],
  shows: ['malice'],
  nodesMin: 3,
  world,
  guests: PINNED_GUESTS,
  reach: { mark: 'byzantine.forgery-reached-client' satisfies ByzantineMark, words: 'a lie reached a client' },
  tell: () => undefined,
};
