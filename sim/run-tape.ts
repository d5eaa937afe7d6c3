/** Where the choices of a run come from, and the tape it leaves. */
import { drawKnobs, type Knobs, withFaults } from './knobs.ts';
import type { RunOptions } from './run.ts';
import type { Scenario } from './scenario.ts';
import { inScenario } from './scenario-error.ts';
import { demandWorld } from './scenario-world.ts';
import { seedWords } from './seed.ts';
import { Choices, type Tape } from './tape.ts';

/** From its tape, which is the last word on everything it holds, or from its seed. */
export function choicesOf(options: Pick<RunOptions, 'seed' | 'tape' | 'record'>): Choices {
  const { tape, seed, record } = options;
  if (tape !== undefined) return Choices.replaying(seedWords(tape.seed), tape);
  return record === true ? Choices.recording(seedWords(seed)) : Choices.fromSeed(seedWords(seed));
}

/** The world of a run. */
export function resolveKnobs(options: Pick<RunOptions, 'seed' | 'profile' | 'scenario' | 'adjust' | 'tape'>): Knobs {
  if (options.tape !== undefined) return options.tape.knobs;
  const drawn = drawKnobs(options.profile, Choices.fromSeed(seedWords(options.seed)));
  const staged = options.scenario === undefined ? drawn : worldOfScenario(options.scenario, drawn);
  return withOneAuthor(options.adjust === undefined ? staged : options.adjust(staged));
}

/** Which model of a vault is the newest, only who writes all of them can say: where there are clients for that, the others write none. */
function withOneAuthor(knobs: Knobs): Knobs {
  return knobs.authorizationClients > 0 ? { ...knobs, modelShare: 0 } : knobs;
}

function worldOfScenario(scenario: Scenario, drawn: Knobs): Knobs {
  const stage = stageOf(scenario, drawn);
  return demandWorld(
    stage,
    inScenario('world', () => scenario.world(stage)),
  );
}

/** A story brings its own faults, members and guests; another protocol is under the faults that were drawn. */
function stageOf({ onProtocol }: Scenario, drawn: Knobs): Knobs {
  const founders = { ...drawn, spares: 0, placedGroups: 0, authorizationClients: 0 };
  return onProtocol === undefined ? withFaults(founders, {}) : founders;
}

/** Oracles that are switched off. */
export function withoutOf(options: Pick<RunOptions, 'without' | 'tape' | 'scenario'>): readonly string[] {
  return options.tape?.without ?? [...(options.without ?? []), ...(options.scenario?.without ?? [])];
}

/** What was drawn, and no more; undefined where it was not kept. */
export function tapeOf(options: RunOptions, scenario: string, knobs: Knobs, choices: Choices): Tape | undefined {
  if (options.record !== true && options.tape === undefined) return undefined;
  const cutMicros = options.tape?.cutMicros ?? options.cutMicros;
  return {
    ...{ version: 1, scenario, seed: options.tape?.seed ?? options.seed, profile: knobs.profile, knobs },
    without: withoutOf(options),
    ...(cutMicros === undefined ? {} : { cutMicros }),
    draws: choices.drawn(),
  };
}
