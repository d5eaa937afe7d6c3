/**
 * Clients that a story brings along, beside those who work: what they are told is their own oracle's business, so that one of the
 * nodes may lie to them while all that is said to anybody else stays true.
 */
import type { Replica } from '../core/replica/replica.ts';
import type { Knobs } from './knobs.ts';
import type { VouchOracle } from './scenario.ts';
import type { Choices } from './tape.ts';
import type { VouchProtocol, VouchShape } from './vouch.ts';
import type { Layout } from './workload/layout.ts';
import type { World } from './world.ts';

/** What guests live in. */
export interface GuestStage {
  readonly world: World<VouchShape, Replica>;
  readonly protocol: VouchProtocol;
  readonly knobs: Knobs;
  readonly choices: Choices;
  /** Oracles that are switched off. */
  readonly without: readonly string[];
  /** Whether there is work to do; at rest nobody writes. */
  readonly isOpen: () => boolean;
}

export interface GuestList {
  /** Most clients that ever come: the world is made with room for them. */
  readonly clientsMax: number;
  /** Made anew for each seed, before anything runs. */
  readonly invite: (stage: GuestStage) => Guests;
}

export interface Guests {
  /** Watch together with the others. */
  readonly oracles: readonly VouchOracle[];
  /** The vaults are there, and work begins: they join the world as actors. */
  readonly come: (layout: Layout) => void;
  /** The cluster is whole and at rest. @param onDone called once they have nothing more to ask */
  readonly part: (onDone: () => void) => void;
}
