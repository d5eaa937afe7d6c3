/** Scenarios on protocols other than Vouch: worked examples of docs/guides/write-an-oracle.md. */
import { protocolScenario } from '../protocol-scenario.ts';
import type { Scenario } from '../scenario.ts';
import { HolderWatch, LockClient } from './lock-client.ts';
import { LockProtocol } from './majority-lock.ts';

const CLIENTS = 3;
const ACQUIRED_MIN = 5;

function lockScenario(name: string, summary: string, bug: { readonly isHasty: boolean }): Scenario {
  return protocolScenario({
    name,
    summary,
    okMin: ACQUIRED_MIN,
    world: (drawn) => ({ ...drawn, nodes: 3, downMax: 3, workMicrosMax: 20_000_000 }),
    stage: ({ knobs, choices }) => {
      const watch = new HolderWatch();
      const clients = Array.from({ length: CLIENTS }, (_, client) => {
        const draws = choices.under(`client/${client}`);
        return new LockClient({ client, nodes: knobs.nodes, watch, draws });
      });
      const failed = (): number => clients.reduce((sum, client) => sum + client.failed, 0);
      return {
        protocol: new LockProtocol(bug),
        clients,
        oracles: [],
        operations: () => ({ ok: watch.acquired, fail: failed(), info: 0 }),
      };
    },
  });
}

export const EXAMPLES: readonly Scenario[] = [
  lockScenario(
    'majority-lock',
    'Another protocol: a lock with leases, granted by a majority of nodes that keep nothing on disk.',
    {
      isHasty: false,
    },
  ),
  lockScenario('majority-lock-hasty', 'The same lock with a planted bug: a node that was restarted grants at once.', {
    isHasty: true,
  }),
];
