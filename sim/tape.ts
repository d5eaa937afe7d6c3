/**
 * Every choice of a simulation is a labelled draw. A label has its own random stream, so a new draw under one label shifts
 * no other, and its own list on the tape, so a tape still replays after code changes that keep labels.
 * Cheap when not recording: one branch more than the bare generator; callers hold the `Draws` object, never look up per draw.
 * Convention: 0 is the harmless outcome (no fault, shortest delay), so an exhausted or edited tape tends to calm.
 */
import { assert } from '../core/assert.ts';
import { Random, type SeedWords } from '../core/random.ts';

/** Sizes a run is drawn for (knobs.ts). */
export type Profile = 'lite' | 'swarm' | 'perf';

/** What a run drew, label by label; self-contained together with the scenario's name. */
export interface Tape {
  readonly version: 1;
  readonly scenario: string;
  readonly seed: string;
  readonly profile: Profile;
  /** Sorted by label. */
  readonly draws: readonly { readonly label: string; readonly values: readonly number[] }[];
}

/** plain draws, draws and keeps, or repeats what a tape holds. */
type Mode = 'plain' | 'record' | 'replay';

/** The choices under one label. */
export class Draws {
  readonly label: string;
  private readonly mode: Mode;
  private readonly random: Random;
  /** Recorded so far, or still to be replayed. */
  readonly values: number[];
  private position: number = 0;

  constructor(label: string, mode: Mode, random: Random, values: number[]) {
    this.label = label;
    this.mode = mode;
    this.random = random;
    this.values = values;
  }

  /** How many choices were made under this label. */
  get drawn(): number {
    return this.position;
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

  private keep(value: number): number {
    this.values.push(value);
    this.position += 1;
    return value;
  }

  private next(bound: number): number {
    const value = this.position < this.values.length ? (this.values[this.position] as number) : 0;
    this.position += 1;
    return value < bound ? value : bound - 1;
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
    const values = this.mode === 'replay' ? [...(this.recorded.get(label) ?? [])] : [];
    const made = new Draws(label, this.mode, Random.stream(this.seed, label), values);
    this.sources.set(label, made);
    return made;
  }

  /** What was drawn so far. Only where the mode is recording. */
  tape(name: { readonly scenario: string; readonly seed: string; readonly profile: Profile }): Tape {
    assert(this.mode === 'record', 'a tape is made while recording');
    const labels = [...this.sources.keys()].sort();
    const draws = labels.map((label) => ({ label, values: [...this.under(label).values] }));
    return { version: 1, ...name, draws: draws.filter((track) => track.values.length > 0) };
  }
}
