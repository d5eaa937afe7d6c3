/** A world as the knobs of a run describe it, for any protocol. */
import { NodeClock } from './clock.ts';
import { SimDisk } from './disk.ts';
import { type Knobs, nodeCountOf } from './knobs.ts';
import type { Protocol, Shape, SimCore } from './protocol.ts';
import type { Choices } from './tape.ts';
import { World } from './world.ts';

export function worldOf<S extends Shape, C extends SimCore<S>>(
  protocol: Protocol<S, C>,
  options: { readonly knobs: Knobs; readonly choices: Choices; readonly actors: number },
): World<S, C> {
  const { knobs, choices, actors } = options;
  const world = new World<S, C>(protocol, {
    choices,
    nodes: nodeCountOf(knobs),
    actors,
    link: knobs.link,
    diskDelayMinMicros: knobs.diskDelayMinMicros,
    diskDelayMeanMicros: knobs.diskDelayMeanMicros,
    coalesce: knobs.coalesce,
    clock: (node) => {
      const draws = choices.under(`clock/${node}`);
      const { clockRatePpmMax, wallOffsetMaxMicros } = knobs;
      return new NodeClock({
        ratePpm: draws.signed(clockRatePpmMax),
        origin: draws.below(1_000_000_000),
        wallOffset: draws.signed(wallOffsetMaxMicros),
      });
    },
    disk: (_node, draws) => new SimDisk(draws, knobs.halfWrittenSectors),
  });
  world.clockRatePpmMax = knobs.clockRatePpmMax;
  return world;
}
