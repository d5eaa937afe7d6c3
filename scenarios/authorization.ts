/** Permissions are checked while they change and while nodes fail: what was revoked stays revoked, and every answer is what the chain defines. */
import type { Knobs } from '../sim/knobs.ts';
import type { Scenario } from '../sim/scenario.ts';
import { calmWorld } from './calm.ts';

/** Three to five nodes, clients that check much, and faults after which a node knows less than it did. */
function world(drawn: Knobs): Knobs {
  return {
    ...calmWorld(drawn),
    nodes: drawn.nodes < 3 ? 3 : drawn.nodes,
    spares: 0,
    placedGroups: 0,
    downMax: 1,
    authorizationClients: 3,
    faults: { crash: 0.2, powerLoss: 0.1, partition: 0.2, pause: 0.2 },
  };
}

export const authorization: Scenario = {
  name: 'authorization',
  summary:
    'Clients write models and tuples and check permissions at any node, now and of the past, while leaders are handed over and nodes crash, lose power, pause and are cut off.',
  faults: ['restart', 'crash', 'powerLoss', 'partition', 'pause'],
  shows: ['authorization by models'],
  nodesMin: 3,
  world,
  reach: { mark: 'authorization.checked-after-revocation', words: 'a check began after a revocation was acknowledged' },
  tell: (story) => story.every(1500, () => story.transfer()),
};
