/** Runs the toy protocol: one client that writes, a nemesis that cuts power, and the promise that what was answered stays. */

import type { Actor, Outgoing } from '../../../sim/actor.ts';
import { NodeClock } from '../../../sim/clock.ts';
import { SimDisk } from '../../../sim/disk.ts';
import { powerLossFault } from '../../../sim/faults/crash.ts';
import { Nemesis } from '../../../sim/faults/nemesis.ts';
import { seedWords } from '../../../sim/seed.ts';
import { Choices } from '../../../sim/tape.ts';
import { World } from '../../../sim/world.ts';
import { decode, encode, type ToyCore, ToyProtocol, type ToyShape } from './primary-backup.ts';

const WRITES = 60;
const PATIENCE_MICROS = 100_000;

class Writer implements Actor {
  acknowledged: number = 0;
  private sent: number = 0;
  private at: number = 0;
  private outgoing: Outgoing[] = [];

  receive(time: number, _node: number, bytes: Uint8Array): void {
    this.acknowledged = Math.max(this.acknowledged, decode<{ version: number }>(bytes).version);
    this.at = time;
  }
  deadline(time: number): void {
    if (time < this.at || this.sent === WRITES) return;
    this.sent += 1;
    this.outgoing.push({ to: 0, bytes: encode({ id: this.sent, body: { kind: 'write' } }) });
    this.at = time + PATIENCE_MICROS;
  }
  nextDeadline(): number {
    return this.sent === WRITES ? Number.POSITIVE_INFINITY : this.at;
  }
  takeOutgoing(): readonly Outgoing[] {
    const taken = this.outgoing;
    this.outgoing = [];
    return taken;
  }
}

export interface ToyOutcome {
  readonly world: World<ToyShape, ToyCore>;
  readonly acknowledged: number;
  /** Openings of the primary that had forgotten an acknowledged write. */
  readonly losses: number;
  readonly traceHash: string;
}

/** @param prepare may tamper with the world before it runs. */
export function runToy(
  seed: string,
  bugs: ConstructorParameters<typeof ToyProtocol>[0] = {},
  prepare: (world: World<ToyShape, ToyCore>) => void = () => undefined,
): ToyOutcome {
  const choices = Choices.fromSeed(seedWords(seed));
  const world = new World<ToyShape, ToyCore>(new ToyProtocol(bugs), {
    choices,
    nodes: 3,
    actors: 1,
    link: { delayMinMicros: 100, delayMeanMicros: 500, loss: 0.02, duplicate: 0.02, reorder: 0.05, queueMax: 100 },
    diskDelayMinMicros: 100,
    diskDelayMeanMicros: 10_000,
    coalesce: 0.5,
    clock: () => new NodeClock({ ratePpm: 0, origin: 1, wallOffset: 0 }),
    disk: (_node, draws) => new SimDisk(draws),
  });
  const writer = new Writer();
  world.addActor(writer);
  let losses = 0;
  world.observe({
    name: 'acknowledged-survives',
    claim: 'The primary never forgets a write that it acknowledged.',
    opened: (node) => {
      if (node.index === 0 && (node.core?.version ?? 0) < writer.acknowledged) losses += 1;
    },
  });
  prepare(world);
  world.boot();
  const weights = [{ fault: powerLossFault, weight: 1 }];
  const nemesis = new Nemesis(world, { weights, intervalMeanMicros: 60_000, durationMeanMicros: 20_000, downMax: 3 }, choices);
  nemesis.start();
  world.run({ until: 10_000_000, eventsMax: 100_000 });
  nemesis.stop();
  for (let node = 0; node < 3; node += 1) world.crash(node, 'powerLoss');
  world.restart(0);
  world.finish();
  return { world, acknowledged: writer.acknowledged, losses, traceHash: world.trace.digest() };
}
