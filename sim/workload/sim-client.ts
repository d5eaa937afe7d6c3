/** A client of a run: where it connects, how patient it is, and whether it may die, as the knobs and its own streams of choices say. */

import type { Replica } from '../../core/replica/replica.ts';
import type { Knobs } from '../knobs.ts';
import type { VirtualNode } from '../node.ts';
import type { Choices } from '../tape.ts';
import { drawSeed, type VouchShape } from '../vouch.ts';
import { type Behaviour, SimClient } from './client.ts';

interface ClientPlace {
  readonly world: { readonly nodes: readonly Pick<VirtualNode<VouchShape, Replica>, 'id'>[] };
  readonly knobs: Knobs;
  readonly choices: Choices;
}

/** @param options.client names its streams; 0 and those above knobs.clients do not die */
export function simClient(
  { world, knobs, choices }: ClientPlace,
  options: { readonly client: number; readonly lanes: number; readonly behaviour: Behaviour },
): SimClient {
  const { client, lanes, behaviour } = options;
  const draws = choices.under(`client/${client}/seed`);
  const death = choices.under(`client/${client}/death`);
  const { clientDeathShare, clients } = knobs;
  return new SimClient({
    nodes: world.nodes.map((node) => node.id),
    seed: drawSeed(draws),
    link: knobs.link.duplicate > 0 || (knobs.faults.echo ?? 0) > 0 ? 'datagram' : 'stream',
    attemptTimeoutMicros: 400_000 + draws.below(600_000),
    lanes,
    behaviour,
    dies:
      clientDeathShare === 0 || client === 0 || client > clients
        ? (): boolean => false
        : (): boolean => death.chance(clientDeathShare),
  });
}
