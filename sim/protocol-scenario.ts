/**
 * Somebody else's protocol under the same faults: it brings its nodes (protocol.ts), its clients (actor.ts) and its oracles
 * (observer.ts), and gets the world, the nemesis, seeds, tapes, swarms and shrinking of this laboratory.
 * A run: boot, work under faults, faults stop and every node is restarted, a calm while, then the oracles' last look.
 */
import type { Actor } from './actor.ts';
import { failureOf } from './failure.ts';
import type { FaultKind } from './faults/counts.ts';
import { Nemesis } from './faults/nemesis.ts';
import { type Knobs, nemesisKnobs, possibleFaults } from './knobs.ts';
import { type Observer, Violation } from './observer.ts';
import type { Protocol, Shape, SimCore } from './protocol.ts';
import type { RunResult } from './result.ts';
import type { RunOptions } from './run.ts';
import { choicesOf, resolveKnobs, tapeOf, withoutOf } from './run-tape.ts';
import type { Scenario } from './scenario.ts';
import { inScenario } from './scenario-error.ts';
import { storyEvents } from './story-events.ts';
import type { Choices } from './tape.ts';
import type { World } from './world.ts';
import { worldOf } from './world-of.ts';

/** Everything that takes part in one run; made anew for each seed. */
export interface ProtocolStage<S extends Shape, C extends SimCore<S>> {
  readonly protocol: Protocol<S, C>;
  readonly clients: readonly Actor[];
  /** They, and the clients, throw a Violation where a property is broken. */
  readonly oracles: readonly Observer<S, C>[];
  /** What the clients have done so far. */
  readonly operations: () => { readonly ok: number; readonly fail: number; readonly info: number };
}

export interface ProtocolScenario<S extends Shape, C extends SimCore<S>> {
  readonly name: string;
  /** What happens, in one sentence. */
  readonly summary: string;
  /** The world, from the knobs a seed has drawn; faults included. */
  readonly world: (drawn: Knobs) => Knobs;
  /** Operations that must succeed, or the run proves nothing and fails as vacuous. */
  readonly okMin: number;
  readonly stage: (setting: { readonly knobs: Knobs; readonly choices: Choices }) => ProtocolStage<S, C>;
}

/** Virtual microseconds without faults at the end of a run. */
const CALM_MICROS = 5_000_000;
const EVENTS_MAX = 5_000_000;

/** A scenario that every command of `vouch sim` takes. */
export function protocolScenario<S extends Shape, C extends SimCore<S>>(definition: ProtocolScenario<S, C>): Scenario {
  return {
    name: definition.name,
    summary: definition.summary,
    faults: [],
    world: definition.world,
    tell: () => undefined,
    onProtocol: (options) => run(definition, options),
  };
}

function run<S extends Shape, C extends SimCore<S>>(definition: ProtocolScenario<S, C>, options: RunOptions): RunResult {
  const choices = choicesOf(options);
  const knobs = resolveKnobs(options);
  options.onKnobs?.(knobs);
  const started = options.stopwatch();
  const stage = inScenario('stage', () => definition.stage({ knobs, choices }));
  options.onOracles?.(stage.oracles.map((oracle) => oracle.name));
  const world = worldOf(stage.protocol, { knobs, choices, actors: stage.clients.length });
  world.trace.listener = options.onEvent;
  for (const oracle of stage.oracles) if (!withoutOf(options).includes(oracle.name)) world.observe(oracle);
  for (const client of stage.clients) world.addActor(client);
  const failure = attempt(() => {
    perform(world, knobs, choices);
    const { ok } = stage.operations();
    if (ok < definition.okMin)
      throw new Violation('vacuous', `only ${ok} operations succeeded, ${definition.okMin} are asked for`, 'vacuous');
  });
  const wallMs = Math.max(options.stopwatch() - started, 0.001);
  const name = { scenario: definition.name, seed: options.tape?.seed ?? options.seed };
  const { ok, fail, info } = stage.operations();
  return {
    report: {
      ...name,
      verdict: failure?.verdict ?? 'pass',
      violation: failure?.violation ?? null,
      events: world.events,
      ops: stage.operations(),
      elections: 0,
      virtualMs: Math.floor(world.now / 1000),
      wallMs: Math.round(wallMs),
      eventsPerSecond: Math.round((world.events * 1000) / wallMs),
      faults: world.counts.report(possibleFaults(knobs) as readonly FaultKind[]),
      hasher: 'none',
      traceHash: world.trace.digest(),
    },
    knobs,
    marks: [],
    samples: undefined,
    tape: tapeOf(options, definition.name, knobs, choices),
    drift: choices.drift(),
    story: undefined,
    storyEvents: storyEvents(world.counts, { operations: ok + fail + info, elections: 0, waiting: 0 }),
    endMicros: world.now,
    states: [],
  };
}

function attempt(act: () => void): ReturnType<typeof failureOf> | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}

function perform<S extends Shape, C extends SimCore<S>>(world: World<S, C>, knobs: Knobs, choices: Choices): void {
  world.boot();
  const nemesis = new Nemesis(world, nemesisKnobs(knobs), choices);
  nemesis.start();
  world.run({ until: world.now + knobs.workMicrosMax, eventsMax: EVENTS_MAX });
  nemesis.stop();
  world.network.knobs = { ...knobs.link, loss: 0, duplicate: 0, reorder: 0 };
  for (let node = 0; node < world.nodeCount; node += 1) world.restart(node);
  world.run({ until: world.now + CALM_MICROS, eventsMax: EVENTS_MAX });
  world.finish();
}
