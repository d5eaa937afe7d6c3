/**
 * From a failing run to the shortest story that makes the same claim untrue. Three means, each kept only where the same oracle
 * still objects:
 *   worlds   fewer nodes, groups, clients, keys; no loss, no drift: the tape is kept, the world around it shrinks;
 *   deletion faults and operations are skipped, in ever smaller pieces (Zeller & Hildebrandt 2002, "ddmin"), then choices become 0;
 *   redraws  small worlds are drawn anew, each abandoned as soon as its story is no shorter than the best one.
 * Why redraws: taking one thing away shifts everything that follows it in time, so behind the first pieces deletion is a new draw
 * anyway, from a world that is larger than need be. What it costs: a redrawn story may show another way to break the same claim.
 * A generator, so that whoever drives it can show progress, and stop it: the best tape so far is in every step.
 */
import { Random } from '../../core/random.ts';
import { LINEARIZABLE } from '../check/clients/linearizable-history.ts';
import { PROOFS } from '../check/clients/proofs.ts';
import type { Knobs } from '../knobs.ts';
import type { Primitives } from '../primitives.ts';
import type { RunReport, RunResult } from '../result.ts';
import { runSeed } from '../run.ts';
import type { RunLimits } from '../run-limits.ts';
import { resolveKnobs } from '../run-tape.ts';
import type { Scenario } from '../scenario.ts';
import { ScenarioError } from '../scenario-error.ts';
import { seedWords } from '../seed.ts';
import type { StoryEvents } from '../story-events.ts';
import type { Tape } from '../tape.ts';
import { type Claim, claimOf, isSameClaim } from './claim.ts';
import {
  CALMABLE,
  calm,
  type Deed,
  episodesByKind,
  faultsOf,
  hurry,
  leaveOut,
  loudness,
  mishapsOf,
  operationsOf,
  withKnobs,
} from './edit.ts';
import { IDEAS, onlyFaults, smallWorld, withoutEachFault } from './worlds.ts';

export interface ShrinkOptions {
  /** Of a run that failed. */
  readonly tape: Tape;
  /** The scenario that the tape names; undefined = the generic run. */
  readonly scenario: Scenario | undefined;
  readonly primitives?: Primitives | undefined;
  readonly stopwatch: () => number;
  readonly budgetMs: number;
  /** Whether worlds may be drawn anew; without it the result is a part of the original story. */
  readonly redraws: boolean;
}

/** A run that makes the claim untrue. */
export interface Shrunk {
  readonly tape: Tape;
  readonly claim: Claim;
  readonly report: RunReport;
  readonly story: StoryEvents;
  readonly endMicros: number;
}

export interface ShrinkStep {
  readonly best: Shrunk;
  readonly runs: number;
  readonly pass: 'worlds' | 'deletion' | 'redraws' | 'calm';
}

/** Events that a candidate may take beyond what the best one took. */
const EVENTS_SLACK = 500;
/** Redraws without a hit after which others means are tried. */
const FRUITLESS_EARLY = 40;
const FRUITLESS_FIRST = 80;
const FRUITLESS_LATER = 40;
/** Shares of the budget after which the first passes end. */
const EARLY_UNTIL = 0.2;
const WORLDS_UNTIL = 0.35;
const FAULTS_UNTIL = 0.5;
const REDRAWS_UNTIL = 0.65;
/** Rounds without anything better after which it is enough. */
const IDLE_ROUNDS = 3;
/** Seeds tried in a smaller world where the tape itself does not fail in it. */
const SEEDS_PER_WORLD = 3;

/** Runs the tape once and shrinks it. @returns undefined where the tape does not fail. */
export function* shrink(options: ShrinkOptions): Generator<ShrinkStep, Shrunk | undefined> {
  const first = runTape(options, options.tape);
  const claim = claimOf(first.report);
  if (claim === undefined) return undefined;
  const shrinker = new Shrinker(options, toShrunk(first, claim));
  yield* shrinker.run();
  return shrinker.best;
}

/** A story may need nodes that a smaller world lacks: that is no shorter story. */
function unlessNoScenario(run: () => RunResult): RunResult | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof ScenarioError) return undefined;
    throw error;
  }
}

/** A run of the tape, from its beginning to its own end. */
function runTape(options: ShrinkOptions, tape: Tape): RunResult {
  return runSeed({ ...common(options), tape, seed: tape.seed, profile: tape.profile });
}

function common({
  scenario,
  primitives,
  stopwatch,
}: ShrinkOptions): Pick<Parameters<typeof runSeed>[0], 'scenario' | 'stopwatch'> {
  return { scenario, stopwatch, ...(primitives === undefined ? {} : { primitives }) };
}

function toShrunk({ report, tape, storyEvents, endMicros }: RunResult, claim: Claim): Shrunk {
  return { tape: tape as Tape, claim, report, story: storyEvents, endMicros };
}

/** What breaks a tie between stories of one length: fewer events, fewer choices, less time. */
function weightOf({ tape, report, endMicros }: Shrunk): number {
  return report.events + loudness(tape) + endMicros / 1000;
}

class Shrinker {
  best: Shrunk;
  private readonly options: ShrinkOptions;
  private readonly started: number;
  private readonly random: Random;
  private readonly seed: string;
  private runs: number = 1;
  private redrawn: number = 0;

  constructor(options: ShrinkOptions, first: Shrunk) {
    this.options = options;
    this.best = first;
    this.started = options.stopwatch();
    this.seed = first.tape.seed;
    this.random = Random.stream(seedWords(this.seed), 'shrink');
  }

  *run(): Generator<ShrinkStep, void> {
    if (this.options.redraws) yield* this.redraw(FRUITLESS_EARLY, EARLY_UNTIL);
    yield* this.shrinkWorld(WORLDS_UNTIL);
    yield* this.dropFaults(FAULTS_UNTIL);
    if (this.options.redraws) yield* this.redraw(FRUITLESS_FIRST, REDRAWS_UNTIL);
    for (let idle = 0; idle < IDLE_ROUNDS && !this.isOver(); ) {
      const before = this.weigh();
      yield* this.shrinkWorld(1);
      yield* this.delete();
      yield* this.calmDown();
      if (this.options.redraws) yield* this.redraw(FRUITLESS_LATER, 1);
      idle = this.weigh() < before ? 0 : idle + 1;
    }
  }

  private weigh(): number {
    return this.best.story.total * 1e6 + weightOf(this.best);
  }

  private isOver(share: number = 1): boolean {
    return this.options.stopwatch() - this.started > this.options.budgetMs * share;
  }

  private *shrinkWorld(share: number): Generator<ShrinkStep, void> {
    const demand = this.best.claim.verdict === 'liveness' ? 1 : 0;
    for (const idea of [endsSooner(demand), ...(this.best.claim.oracle === PROOFS ? [] : [fastHash]), ...IDEAS]) {
      const smaller = idea(this.best.tape.knobs);
      if (smaller !== undefined) yield* this.move(withKnobs(this.best.tape, smaller), smaller, share);
    }
  }

  /** One kind of fault after the other: its episodes are skipped, or the world is one in which it does not happen. */
  private *dropFaults(share: number): Generator<ShrinkStep, void> {
    for (const { kind } of withoutEachFault(this.best.tape.knobs)) {
      const { tape } = this.best;
      const smaller = withoutEachFault(tape.knobs).find((world) => world.kind === kind)?.knobs;
      const episodes = episodesByKind(tape).get(kind);
      const same = episodes === undefined ? withKnobs(tape, smaller ?? tape.knobs) : leaveOut(tape, episodes);
      if (smaller !== undefined) yield* this.move(same, smaller, share);
    }
  }

  /** Into a smaller world: with what was drawn, or with what its seeds draw there. */
  private *move(tape: Tape, smaller: Knobs, share: number): Generator<ShrinkStep, void> {
    if (this.isOver(share)) return;
    const isThere = this.attempt(tape);
    yield this.step('worlds');
    for (let attempts = 0; !isThere && this.options.redraws && attempts < SEEDS_PER_WORLD && !this.isOver(share); attempts += 1) {
      this.redrawn += 1;
      const isFound = this.attemptSeed(`${this.seed}~${this.redrawn}`, smaller);
      yield this.step('worlds');
      if (isFound) return;
    }
  }

  /** Draws small worlds anew: around the best one, and elsewhere. */
  private *redraw(fruitlessMax: number, share: number): Generator<ShrinkStep, void> {
    for (let fruitless = 0; fruitless < fruitlessMax && !this.isOver(share); fruitless += 1) {
      this.redrawn += 1;
      const seed = `${this.seed}~${this.redrawn}`;
      if (this.attemptSeed(seed, this.nextWorld(seed))) fruitless = 0;
      yield this.step('redraws');
    }
  }

  private nextWorld(seed: string): Knobs {
    const { knobs } = this.best.tape;
    const kinds = [...episodesByKind(this.best.tape).keys()];
    switch (this.redrawn % 4) {
      case 0:
        return knobs;
      case 1:
        return smallWorld(
          this.options.scenario === undefined ? resolveKnobs({ seed, profile: 'swarm', scenario: undefined }) : knobs,
          knobs,
          this.random,
        );
      case 2:
        return onlyFaults(smallWorld(knobs, knobs, this.random), kinds);
      default:
        return smallWorld(knobs, knobs, this.random);
    }
  }

  private *delete(): Generator<ShrinkStep, void> {
    yield* this.deleteSome(mishapsOf);
    yield* this.deleteSome(faultsOf);
    yield* this.deleteSome(operationsOf);
  }

  /** Delta debugging: halves, quarters, …, single ones; again from the present size whenever something could go. */
  private *deleteSome(deedsOf: (tape: Tape) => readonly Deed[]): Generator<ShrinkStep, void> {
    for (let size = Math.ceil(deedsOf(this.best.tape).length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let end = deedsOf(this.best.tape).length; end > 0; end -= size) {
        if (this.isOver()) return;
        const deeds = deedsOf(this.best.tape);
        this.attempt(leaveOut(this.best.tape, deeds.slice(Math.max(end - size, 0), end)));
        yield this.step('deletion');
      }
    }
  }

  private *calmDown(): Generator<ShrinkStep, void> {
    for (const labels of CALMABLE) {
      if (this.isOver()) return;
      this.attempt(calm(this.best.tape, labels));
      yield this.step('calm');
    }
    while (!this.isOver() && this.attempt(hurry(this.best.tape))) yield this.step('calm');
  }

  /** @returns whether the tape is better than the best so far, and now is the best. */
  private attempt(tape: Tape): boolean {
    return this.adopt(() =>
      runSeed({ ...common(this.options), tape, seed: tape.seed, profile: tape.profile, limits: this.limits() }),
    );
  }

  private attemptSeed(seed: string, knobs: Knobs): boolean {
    const { profile, without } = this.best.tape;
    const options = { ...common(this.options), seed, profile, without, adjust: () => knobs, record: true };
    return this.adopt(() => runSeed({ ...options, limits: this.limits() }));
  }

  private adopt(run: () => RunResult): boolean {
    this.runs += 1;
    const { claim } = this.best;
    const result = unlessNoScenario(run);
    if (result === undefined) return false;
    if (!isSameClaim(claim, claimOf(result.report))) return false;
    const found = this.isHistory() ? this.confirm(result) : toShrunk(result, claim);
    if (found === undefined) return false;
    const shorter = found.story.total - this.best.story.total;
    if (shorter > 0 || (shorter === 0 && weightOf(found) >= weightOf(this.best))) return false;
    this.best = found;
    return true;
  }

  /** A history that was judged early fails as early without being told to, once its tape is cut there. */
  private confirm(result: RunResult): Shrunk | undefined {
    const again = runTape(this.options, { ...(result.tape as Tape), cutMicros: result.endMicros });
    this.runs += 1;
    return isSameClaim(this.best.claim, claimOf(again.report)) ? toShrunk(again, this.best.claim) : undefined;
  }

  private isHistory(): boolean {
    return this.best.claim.oracle === LINEARIZABLE;
  }

  private limits(): RunLimits {
    const { story, report, claim } = this.best;
    const kind = claim.verdict === 'liveness' ? 'liveness' : this.isHistory() ? 'history' : 'step';
    return { storyMax: story.total, eventsMax: 2 * report.events + EVENTS_SLACK, claim: kind };
  }

  private step(pass: ShrinkStep['pass']): ShrinkStep {
    return { best: this.best, runs: this.runs, pass };
  }
}

function endsSooner(calmOperations: number): (knobs: Knobs) => Knobs | undefined {
  return (knobs) => (knobs.calmOperations > calmOperations ? { ...knobs, calmOperations } : undefined);
}

/** Faster runs, not a shorter story. */
function fastHash(knobs: Knobs): Knobs | undefined {
  return knobs.hasher === 'sha256' ? { ...knobs, hasher: 'fast' } : undefined;
}
