/** Smaller and quieter worlds in which a story might be told as well: one idea per entry, coarse ones first. */
import type { Random } from '../../core/random.ts';
import { type Knobs, withFaults } from '../knobs.ts';

/** @returns undefined where the world is so already. */
export type Idea = (knobs: Knobs) => Knobs | undefined;

const MILLISECOND = 1000;

function less(field: 'nodes' | 'clients' | 'lanes' | 'dataGroups' | 'placedGroups' | 'vaults' | 'keys', to: number): Idea {
  return (knobs) => (knobs[field] > to ? { ...knobs, [field]: to, downMax: Math.min(knobs.downMax, knobs.nodes) } : undefined);
}

function off(field: 'transactionShare' | 'proofShare' | 'buggify' | 'clockRatePpmMax' | 'wallOffsetMaxMicros'): Idea {
  return (knobs) => (knobs[field] > 0 ? { ...knobs, [field]: 0 } : undefined);
}

/** Fewer of everything that a reader would have to keep in mind. */
export const IDEAS: readonly Idea[] = [
  less('dataGroups', 1),
  less('placedGroups', 0),
  less('vaults', 1),
  less('nodes', 3),
  less('clients', 2),
  less('lanes', 1),
  quietNetwork,
  less('clients', 1),
  off('buggify'),
  less('keys', 2),
  off('clockRatePpmMax'),
  off('wallOffsetMaxMicros'),
  off('proofShare'),
  off('transactionShare'),
  less('keys', 1),
  less('nodes', 2),
  less('nodes', 1),
];

/** Faults that are shares of all frames, not episodes. */
const SHARES: readonly string[] = ['loss', 'duplicate', 'reorder'];

function quietNetwork(knobs: Knobs): Knobs | undefined {
  return isQuiet(knobs) ? undefined : withFaults(knobs, without(knobs.faults, SHARES));
}

function without(faults: Readonly<Record<string, number>>, kinds: readonly string[]): Record<string, number> {
  return Object.fromEntries(Object.entries(faults).filter(([kind]) => !kinds.includes(kind)));
}

/** One world less one kind of fault, for each kind that there is. */
export function withoutEachFault(knobs: Knobs): readonly { readonly kind: string; readonly knobs: Knobs }[] {
  const kinds = Object.keys(knobs.faults).filter((kind) => (knobs.faults[kind] ?? 0) > 0);
  return kinds.map((kind) => ({ kind, knobs: withFaults(knobs, without(knobs.faults, [kind])) }));
}

/** A small world with much going on, for stories that are drawn anew. Sizes that a story was already told in stay. */
export function smallWorld(drawn: Knobs, known: Knobs, random: Random): Knobs {
  const quiet = random.below(2) === 0 || isQuiet(known) ? quietNetwork(drawn) : undefined;
  const { faults } = quiet ?? drawn;
  const pick = (items: readonly number[]): number => items[random.below(items.length)] as number;
  return {
    ...withFaults(drawn, denser(faults, pick([1, 4, 20]))),
    ...{ hasher: known.hasher, nodes: Math.min(known.nodes, 3 + random.below(2)) },
    ...{ dataGroups: 1, vaults: 1, keys: 1 + random.below(2), clients: 1 + random.below(2), lanes: 1 + random.below(2) },
    ...{
      operations: pick([6, 12, 24]),
      calmOperations: known.calmOperations,
      proofShare: Math.min(drawn.proofShare, known.proofShare),
    },
    ...{ workMicrosMax: known.workMicrosMax, downMax: known.nodes },
    thinkMeanMicros: pick([2, 20, 100, 400]) * MILLISECOND,
    faultDurationMeanMicros: pick([50, 200, 600]) * MILLISECOND,
  };
}

function isQuiet({ link }: Knobs): boolean {
  return link.loss + link.duplicate + link.reorder === 0;
}

/** Only some kinds of episodes. */
export function onlyFaults(knobs: Knobs, kinds: readonly string[]): Knobs {
  const kept = Object.entries(knobs.faults).filter(([kind]) => SHARES.includes(kind) || kinds.includes(kind));
  return withFaults(knobs, Object.fromEntries(kept));
}

/** The same mixture of episodes, so many per second in all. */
function denser(faults: Readonly<Record<string, number>>, perSecond: number): Record<string, number> {
  const episodes = Object.entries(faults).filter(([kind]) => !SHARES.includes(kind));
  const sum = episodes.reduce((total, [, rate]) => total + rate, 0);
  const scaled = episodes.map(([kind, rate]) => [kind, sum === 0 ? 0 : (rate * perSecond) / sum] as const);
  return { ...faults, ...Object.fromEntries(scaled) };
}
