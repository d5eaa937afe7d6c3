/** Clients that check permissions while others work: they share the vaults, their blocks and their nodes with everybody else. */
import { Authorization } from '../check/clients/authorization.ts';
import { CertificatesVerify } from '../check/clients/certificates-verify.ts';
import { PagesAddUp } from '../check/clients/pages-add-up.ts';
import { RevocationsHold } from '../check/clients/revocations-hold.ts';
import { WritesFit } from '../check/clients/writes-fit.ts';
import type { GuestList, GuestStage, Guests } from '../guests.ts';
import { fastHasher } from '../hasher.ts';
import type { Layout } from '../workload/layout.ts';
import { simClient } from '../workload/sim-client.ts';
import { ChainTuples } from './chain-tuples.ts';
import { AuthorizationClient, type Shared } from './client.ts';
import type { AuthorizationMark } from './marks.ts';
import { Races } from './races.ts';

/** Most clients; a knob says how many come. */
export const AUTHORIZATION_CLIENTS_MAX: number = 3;
/** Names their streams of choices, apart from those of other clients. */
const FIRST_CLIENT = 3_000_000;

export const AUTHORIZATION_GUESTS: GuestList = { clientsMax: AUTHORIZATION_CLIENTS_MAX, invite };

function invite(stage: GuestStage): Guests {
  const { world, protocol, choices, knobs, without } = stage;
  const { hasher } = protocol;
  const mark = (name: AuthorizationMark): void => protocol.marks.mark(name);
  const chain = new ChainTuples(hasher);
  const all = [
    new Authorization(chain, mark),
    new RevocationsHold(),
    new CertificatesVerify({ hasher, draws: choices.under('authorization/mutation'), mark }),
    new WritesFit(chain, mark),
    new PagesAddUp(chain, mark),
  ] as const;
  const isOn = ({ name }: { readonly name: string }): boolean => !without.includes(name);
  const [authorization, revocations, certificates, fitted, pages] = all;
  const oracles = {
    authorization: isOn(authorization) ? authorization : undefined,
    revocations: isOn(revocations) ? revocations : undefined,
    fitted: isOn(fitted) ? fitted : undefined,
    pages: isOn(pages) ? pages : undefined,
    // Proofs are never judged under a hasher that anybody can forge.
    certificates: isOn(certificates) && hasher !== fastHasher ? certificates : undefined,
  };
  const clients: AuthorizationClient[] = [];
  const wake: (() => void)[] = [];

  const come = (layout: Layout): void => {
    const next = protocol.onBlock;
    protocol.onBlock = (node, block): void => {
      chain.sealed(block);
      next(node, block);
    };
    const shared: Shared = {
      vaults: layout.vaults,
      races: new Races(),
      models: new Map(layout.vaults.map((_, vault) => [vault, new Map()])),
      newest: new Map(),
    };
    for (let client = 0; client < Math.min(knobs.authorizationClients, AUTHORIZATION_CLIENTS_MAX); client += 1) {
      const behaviour = new AuthorizationClient({
        client,
        shared,
        draws: choices.under(`authorization/client/${client}`),
        pauseMeanMicros: Math.ceil(knobs.thinkMeanMicros / 2),
        oracles,
        mark,
        isOpen: stage.isOpen,
      });
      const actor = simClient(stage, { client: FIRST_CLIENT + client, lanes: 2, behaviour });
      world.addActor(actor);
      clients.push(behaviour);
      wake.push(() => actor.poke(world.now));
    }
  };

  const part = (onDone: () => void): void => {
    let left = clients.length;
    if (left === 0) return onDone();
    for (const client of clients) {
      client.part(() => {
        left -= 1;
        if (left === 0) onDone();
      });
    }
    for (const poke of wake) poke();
    world.wakeActors();
  };
  return { oracles: all, come, part };
}
