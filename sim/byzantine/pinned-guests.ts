/** The guests of scenario byzantine-node: a liar among the nodes, clients that have pinned keys, and what becomes of them. */

import { defined } from '../../core/assert.ts';
import { SignatureType } from '../../core/note/key.ts';
import { ForksAreProven } from '../check/clients/forks-are-proven.ts';
import type { GuestList, GuestStage, Guests } from '../guests.ts';
import type { Layout } from '../workload/layout.ts';
import { tupleOf } from '../workload/ledger.ts';
import { simClient } from '../workload/sim-client.ts';
import { Gossip } from './gossip.ts';
import { Liar } from './liar.ts';
import type { ByzantineMark } from './marks.ts';
import { keysOf, needed, policyOf, type Strength } from './pinned-keys.ts';
import { type Findings, PinningClient } from './pinning-client.ts';

const CLIENTS_MIN = 2;
const CLIENTS_MAX = 4;
const STRENGTHS: readonly Strength[] = ['weak', 'weak', 'majority', 'safe'];
const TYPES = [SignatureType.ed25519, SignatureType.cosignature] as const;
/** Names their streams of choices, apart from those of other clients. */
const FIRST_CLIENT = 2_000_000;

export const PINNED_GUESTS: GuestList = { clientsMax: CLIENTS_MAX, invite };

function invite(stage: GuestStage): Guests {
  const { world, protocol, choices } = stage;
  const { hasher, signingKeys } = protocol;
  const { verifier } = defined(signingKeys, 'the nodes of this world sign');
  const mark = (name: ByzantineMark): void => protocol.marks.mark(name);
  const oracle = new ForksAreProven({ nodes: world.nodes, hasher, verifier, mark });
  const draws = choices.under('byzantine');
  const clients: PinningClient[] = [];
  const poke: (() => void)[] = [];

  const come = (layout: Layout): void => {
    const { knobs } = stage;
    const keys = defined(signingKeys, 'the nodes of this world sign');
    const { cluster } = protocol;
    const vault = draws.pick(layout.vaults);
    const liarNode = draws.below(world.nodeCount);
    const tuples = Array.from({ length: knobs.keys }, (_, key) => tupleOf(key));
    const liar = new Liar({ hasher, keys, cluster, vault, tuples, draws: choices.under('byzantine/liar') });
    oracle.onHonestNote = (note, signatures): void => liar.gave(note, signatures);
    const pinned = TYPES.map((type) =>
      defined(keysOf(world.nodes, { hasher, cluster, type }), 'every node has its key once the vaults are there'),
    );
    const gossip = new Gossip({ hasher, verifier, keys: pinned.flat() });
    const findings: Findings = {
      told: (_client, { note }) => {
        if (!liar.forged.has(note.text)) return;
        world.counts.add('forgedCheckpoint');
        mark('byzantine.forgery-reached-client');
      },
      accepted: (client, checkpoint) => oracle.clientAccepted(client, checkpoint),
      refused: (_client, { note }, why) => {
        if (why === 'rollback') mark('byzantine.refused-as-rollback');
        else if (!liar.forged.has(note.text))
          return; // an honest note, behind a false one
        else mark(why === 'policy' ? 'byzantine.refused-by-policy' : `byzantine.refused-as-${why}`);
      },
      answered: (client, block, isBelieved) => oracle.clientAnswered(client, block, isBelieved),
    };
    const strengths: Strength[] = [];
    const endpoints = new Map<number, number>();
    const count = draws.between(CLIENTS_MIN, CLIENTS_MAX);
    for (let client = 0; client < count; client += 1) {
      const own = choices.under(`byzantine/client/${client}`);
      const strength = own.pick(STRENGTHS);
      const trusted = defined(pinned[own.below(TYPES.length)], 'keys of both types are pinned');
      const k = needed(strength, world.nodeCount);
      const behaviour = new PinningClient({
        client,
        hasher,
        verifier,
        vault,
        policy: policyOf(hasher, cluster, trusted, k),
        k,
        keyCount: world.nodeCount,
        tuples: knobs.keys,
        gossip,
        findings,
        draws: own,
        pauseMeanMicros: knobs.thinkMeanMicros,
      });
      const actor = simClient(stage, { client: FIRST_CLIENT + client, lanes: 1, behaviour });
      strengths.push(strength);
      clients.push(behaviour);
      endpoints.set(world.addActor(actor), client);
      poke.push(() => actor.poke(world.now));
    }
    world.impostor = (node, endpoint, request) => {
      const client = node.index === liarNode ? endpoints.get(endpoint) : undefined;
      return client === undefined ? undefined : liar.answer(node, client, request);
    };
    const byNode = world.nodes.map((_, node) => pinned.map((ofType) => defined(ofType[node], 'every node has its key')));
    oracle.begin({
      vault,
      liar: liarNode,
      keys: byNode,
      strengths,
      seen: () => gossip.seen,
      proofs: () => [...gossip.proofs.values()],
    });
  };

  const part = (onDone: () => void): void => {
    let left = clients.length;
    for (const client of clients) {
      client.part(() => {
        left -= 1;
        if (left === 0) onDone();
      });
    }
    for (const wake of poke) wake();
    world.wakeActors();
  };
  return { oracles: [oracle], come, part };
}
