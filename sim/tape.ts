/**
 * Every choice of a simulation is a labelled draw. A label has its own random stream, so a new draw under one label shifts
 * no other, and its own list on the tape, so a tape still replays after code changes that keep labels.
 * Cheap when not recording: one branch more than the bare generator; callers hold the `Draws` object, never look up per draw.
 * Convention: 0 is the harmless outcome (no fault, shortest delay), so an exhausted or edited tape tends to calm.
 * Identities and seeds, where no value is more harmless than another, come from the seed in every mode (`word`).
 */
import { assert } from '../core/assert.ts';
import { Random, type SeedWords } from '../core/random.ts';
import type { Knobs } from './knobs.ts';

/** Sizes a run is drawn for (knobs.ts). */
export type Profile = 'lite' | 'swarm' | 'perf';

/** What was drawn under one label, in order. */
export interface Track {
  readonly label: string;
  readonly values: readonly number[];
}

/** Everything a run needs to happen again: a scenario's name, the world it is told in, and what was drawn, label by label. */
export interface Tape {
  readonly version: 1;
  readonly scenario: string;
  /** Identities come from here. */
  readonly seed: string;
  readonly profile: Profile;
  /** As resolved, so that a replay draws no knobs and needs no flags. */
  readonly knobs: Knobs;
  /** Oracles that are switched off. */
  readonly without: readonly string[];
  /** True time at which the run ends and the history is judged as it stands; left out, the run goes through all its phases. */
  readonly cutMicros?: number;
  /** Sorted by label. */
  readonly draws: readonly Track[];
}

/** How a tape and the run that repeated it differ in the choices asked for. All zero for the same code. */
export interface Drift {
  /** Choices that the tape lacks: they were harmless. */
  readonly missing: number;
  /** Choices on the tape that nobody asked for. */
  readonly ignored: number;
}

/**
 * What becomes of the next thing that may happen under a label (an episode of a fault, an operation of a client).
 * Only an edited tape says anything but `happens`.
 */
export const Fate = { end: 0, happens: 1, skipped: 2 } as const;
export type Fate = (typeof Fate)[keyof typeof Fate];

const NO_VALUES: readonly number[] = [];

/** plain draws, draws and keeps, or repeats what a tape holds. */
type Mode = 'plain' | 'record' | 'replay';

/** The choices under one label. */
export class Draws {
  readonly label: string;
  private readonly mode: Mode;
  private readonly random: Random;
  /** What was drawn so far, where the mode keeps it. */
  readonly values: number[] = [];
  /** What is to be replayed. */
  private readonly recorded: readonly number[];

  constructor(label: string, mode: Mode, random: Random, recorded: readonly number[]) {
    this.label = label;
    this.mode = mode;
    this.random = random;
    this.recorded = recorded;
  }

  get drift(): Drift {
    const beyond = this.values.length - this.recorded.length;
    return { missing: Math.max(beyond, 0), ignored: Math.max(-beyond, 0) };
  }

  /** Uniform integer in [0, bound). */
  below(bound: number): number {
    if (this.mode === 'plain') return this.random.below(bound);
    if (this.mode === 'record') return this.keep(this.random.below(bound));
    return this.next(bound);
  }

  /** Uniform integer in [low, high], both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with the given probability; on the tape 1 or 0. */
  chance(probability: number): boolean {
    if (this.mode === 'plain') return this.random.unit() < probability;
    if (this.mode === 'record') return this.keep(this.random.unit() < probability ? 1 : 0) === 1;
    return this.next(2) === 1;
  }

  /** 0, but with the given probability a uniform integer in [1, bound]. */
  amount(probability: number, bound: number): number {
    if (this.mode === 'replay') return this.next(bound + 1);
    const drawn = this.random.unit() < probability ? 1 + this.random.below(bound) : 0;
    return this.mode === 'plain' ? drawn : this.keep(drawn);
  }

  /** Exponentially distributed whole number with the given mean, from integer arithmetic only (the same on every engine). */
  exponential(mean: number): number {
    if (this.mode === 'plain') return exponentialFrom(this.random.u32(), mean);
    if (this.mode === 'record') return this.keep(exponentialFrom(this.random.u32(), mean));
    return this.next(Number.MAX_SAFE_INTEGER);
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** Uniform integer in [-max, max]; 0 on the tape is 0, odd numbers are positive. */
  signed(max: number): number {
    const drawn = this.below(2 * max + 1);
    return drawn % 2 === 1 ? (drawn + 1) / 2 : -drawn / 2 + 0;
  }

  /** Whether the next thing happens. Draws nothing: it always does, unless a tape was edited or has ended. */
  fate(): Fate {
    if (this.mode === 'plain') return Fate.happens;
    if (this.mode === 'record') return this.keep(Fate.happens) as Fate;
    return this.next(3) as Fate;
  }

  /** 32 bits of an identity or a seed. Never on the tape. */
  word(): number {
    return this.random.u32();
  }

  private keep(value: number): number {
    this.values.push(value);
    return value;
  }

  private next(bound: number): number {
    const value = this.recorded[this.values.length] ?? 0;
    return this.keep(value < bound ? value : bound - 1);
  }
}

/**
 * -ln(u) in pieces: leading zeros give the whole part of -log2(u), the following bits its fraction, linearly.
 * Within 9% of the true curve, which no simulation minds.
 */
function exponentialFrom(u32: number, mean: number): number {
  const zeros = Math.clz32(u32);
  const fraction = zeros >= 31 ? 0 : ((u32 << (zeros + 1)) >>> 16) / 65_536;
  return Math.floor(mean * Math.LN2 * (zeros + 1 - fraction));
}

/** Hands out one `Draws` per label, all from one seed or one tape. */
export class Choices {
  private readonly mode: Mode;
  private readonly seed: SeedWords;
  private readonly sources: Map<string, Draws> = new Map();
  private readonly recorded: ReadonlyMap<string, readonly number[]>;

  private constructor(mode: Mode, seed: SeedWords, recorded: ReadonlyMap<string, readonly number[]>) {
    this.mode = mode;
    this.seed = seed;
    this.recorded = recorded;
  }

  /** Draws from a seed and keeps nothing. */
  static fromSeed(seed: SeedWords): Choices {
    return new Choices('plain', seed, new Map());
  }

  /** Draws from a seed and keeps everything for `tape`. Draws exactly what `fromSeed` draws. */
  static recording(seed: SeedWords): Choices {
    return new Choices('record', seed, new Map());
  }

  /** Repeats a tape; labels or positions that it lacks give 0. */
  static replaying(seed: SeedWords, tape: Tape): Choices {
    return new Choices('replay', seed, new Map(tape.draws.map((track) => [track.label, track.values])));
  }

  /** The choices under a label; the same object for the same label. */
  under(label: string): Draws {
    const known = this.sources.get(label);
    if (known !== undefined) return known;
    const made = new Draws(label, this.mode, Random.stream(this.seed, label), this.recorded.get(label) ?? NO_VALUES);
    this.sources.set(label, made);
    return made;
  }

  /** As `under`, for a label that is asked for once: nothing is kept of it where nothing is recorded. */
  once(label: string): Draws {
    if (this.mode !== 'plain') return this.under(label);
    return new Draws(label, this.mode, Random.stream(this.seed, label), NO_VALUES);
  }

  /** What was drawn so far, label by label: of a replay, what it used of its tape. Not where the mode is plain. */
  drawn(): readonly Track[] {
    assert(this.mode !== 'plain', 'what was drawn is kept while recording or replaying');
    const labels = [...this.sources.keys()].sort();
    const tracks = labels.map((label) => ({ label, values: [...this.under(label).values] }));
    return tracks.filter((track) => track.values.length > 0);
  }

  /** How far a replay and its tape differ so far. */
  drift(): Drift {
    let missing = 0;
    let ignored = 0;
    for (const [label, recorded] of this.recorded) if (!this.sources.has(label)) ignored += recorded.length;
    for (const draws of this.sources.values()) {
      missing += draws.drift.missing;
      ignored += draws.drift.ignored;
    }
    return { missing, ignored };
  }
}
