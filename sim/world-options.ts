/** What a world is made of; knobs.ts draws most of it per seed. */
import type { NodeClock } from './clock.ts';
import type { LinkKnobs } from './network.ts';
import type { Choices, Draws } from './tape.ts';
import type { VirtualDisk } from './virtual-disk.ts';

export interface WorldOptions {
  readonly choices: Choices;
  readonly nodes: number;
  /** Clients that will be added. */
  readonly actors: number;
  readonly link: LinkKnobs;
  readonly diskDelayMinMicros: number;
  readonly diskDelayMeanMicros: number;
  /** Probability that a completion takes every persist queued behind it along. */
  readonly coalesce: number;
  readonly clock: (node: number) => NodeClock;
  readonly disk: (node: number, draws: Draws) => VirtualDisk;
}
