/**
 * Is there one order of the operations that respects real time and in which each does what the sequential model says?
 * An `info` operation may be placed anywhere after its invocation, or nowhere. `unknown` = the budget ran out, never green.
 *
 * Source: Wing & Gong 1993; Lowe 2017, "Testing for linearizability" (just-in-time linearization: nothing is placed before a
 * return demands it, and configurations met before are not looked at again). Histories of independent objects are split
 * before (Horn & Kroening 2015); each part is checked here.
 *
 * The walk goes from return to return, breadth first: all configurations that a prefix allows, so that long histories need
 * no more memory than short ones. Where there are more than `WIDTH`, the rest waits, and is taken up again should all the
 * others die: many concurrent writes then cost a search in depth, not a set that outgrows the machine.
 */
import { type Configuration, including, Met } from './configurations.ts';
import type { Foresight } from './foresight.ts';
import type { Model, Operation } from './model.ts';
import { type Level, Timeline, type Traits } from './timeline.ts';
import { isExplainedByIndexes } from './witness.ts';

export type Verdict<I> =
  | { readonly verdict: 'linearizable'; readonly steps: number }
  /** stuck: the operation whose return no order reaches. placed: returns before it. */
  | { readonly verdict: 'violation'; readonly steps: number; readonly stuck: Operation<I>; readonly placed: number }
  | { readonly verdict: 'unknown'; readonly steps: number };

/** Steps, each one question to the model, before giving up. */
export const CHECK_STEPS_MAX: number = 5_000_000;
/** Configurations taken along from one return to the next. */
const WIDTH = 1024;
/** Placed unknowns from which on it pays to forget those that all configurations share. */
const USED_MANY = 8;

export function checkLinearizable<I>(
  model: Model<I>,
  history: readonly Operation<I>[],
  stepsMax: number = CHECK_STEPS_MAX,
): Verdict<I> {
  if (isExplainedByIndexes(model, history)) return { verdict: 'linearizable', steps: history.length };
  const verdict = new Search(model, history, stepsMax, model.foresee?.(history)).run();
  if (verdict.verdict !== 'violation' || model.foresee === undefined) return verdict;
  // Foresight gives up long before the answer that is wrong. Without it the search ends at the first return that nothing explains.
  const named = new Search(model, history, stepsMax, undefined).run();
  return named.verdict === 'violation' ? { ...named, steps: verdict.steps + named.steps } : verdict;
}

class Search<I> {
  private readonly model: Model<I>;
  private readonly history: readonly Operation<I>[];
  private readonly stepsMax: number;
  private readonly timeline: Timeline;
  private readonly foresight: Foresight | undefined;
  /** Operations with equal numbers do the same. */
  private readonly alike: readonly number[];
  private readonly met: Map<number, Met> = new Map();
  /** What did not fit, by level; ascending. */
  private readonly waiting: { readonly level: number; readonly configurations: Configuration[] }[] = [];
  private level: number = 0;
  private steps: number = 0;

  constructor(model: Model<I>, history: readonly Operation<I>[], stepsMax: number, foresight: Foresight | undefined) {
    this.model = model;
    this.history = history;
    this.stepsMax = stepsMax;
    this.timeline = new Timeline(model, history);
    this.foresight = foresight;
    this.alike = numberInputs(history);
  }

  run(): Verdict<I> {
    const { levels } = this.timeline;
    let furthest = 0;
    let present = levels.length === 0 ? [] : [this.arrive({ state: this.model.initial, placed: [], used: [] }, 0)];
    while (this.level < levels.length) {
      furthest = Math.max(furthest, this.level);
      const next = this.pass(present);
      if (this.steps > this.stepsMax) return { verdict: 'unknown', steps: this.steps };
      if (next.length > 0) {
        present = this.forward(next);
        continue;
      }
      const rest = this.waiting.pop();
      if (rest === undefined) {
        const stuck = this.history[this.dueAt(furthest)] as Operation<I>;
        return { verdict: 'violation', steps: this.steps, stuck, placed: furthest };
      }
      this.level = rest.level;
      this.timeline.moveTo(rest.level);
      present = rest.configurations;
    }
    return { verdict: 'linearizable', steps: this.steps };
  }

  private dueAt(level: number): number {
    return (this.timeline.levels[level] as Level).due;
  }

  private metAt(level: number): Met {
    const known = this.met.get(level);
    if (known !== undefined) return known;
    const made = new Met();
    this.met.set(level, made);
    return made;
  }

  /** Takes configurations, the last first, over the return at the end of the level. What does not fit waits. */
  private pass(stack: Configuration[]): Configuration[] {
    const due = this.dueAt(this.level);
    const next: Configuration[] = [];
    while (next.length < WIDTH) {
      const configuration = stack.pop();
      if (configuration === undefined || this.steps > this.stepsMax) return next;
      if (configuration.placed.includes(due)) this.leave(configuration, due, next);
      else this.expand(configuration, due, stack, next);
    }
    if (stack.length > 0) this.waiting.push({ level: this.level, configurations: stack });
    return next;
  }

  private forward(next: Configuration[]): Configuration[] {
    this.level += 1;
    if (this.level < this.timeline.levels.length) this.timeline.moveTo(this.level);
    if (this.waiting.length > 0) return next.reverse();
    for (const level of this.met.keys()) if (level < this.level) this.met.delete(level);
    return this.forgetShared(next).reverse();
  }

  /** Tries everything that may come next in a configuration that lacks the due operation. */
  private expand(configuration: Configuration, due: number, stack: Configuration[], next: Configuration[]): void {
    const { mutations, unknowns } = this.timeline;
    const tried = new Set<number>();
    const found: Configuration[] = [];
    for (const operation of [...mutations, ...unknowns]) {
      if (configuration.placed.includes(operation) || configuration.used.includes(operation)) continue;
      // Of operations that do the same, the one that returns first may as well be the first.
      const alike = this.alike[operation] as number;
      if (tried.has(alike)) continue;
      tried.add(alike);
      const after = this.place(configuration, operation);
      if (after === undefined) continue;
      if (after.placed.includes(due)) this.leave(after, due, next);
      else if (this.metAt(this.level).add(after)) found.push(after);
    }
    for (const after of found.reverse()) stack.push(after);
  }

  private place({ state, placed, used }: Configuration, operation: number): Configuration | undefined {
    const { isUnknown } = this.timeline.traits[operation] as Traits;
    const after = this.apply(state, operation);
    if (after === undefined || (isUnknown && after === state)) return undefined;
    const now = isUnknown
      ? { state: after, placed, used: including(used, operation) }
      : { state: after, placed: including(placed, operation), used };
    const absorbed = this.absorb(now, this.timeline.observations);
    return this.isHopeless(state, absorbed) ? undefined : absorbed;
  }

  private isHopeless(before: string, { state, placed, used }: Configuration): boolean {
    if (this.foresight === undefined) return false;
    const isPlaced = (operation: number): boolean =>
      this.timeline.isBehind(operation) || placed.includes(operation) || used.includes(operation);
    return this.foresight.isHopeless(before, state, isPlaced);
  }

  /** Over the return, into the next level, unless it was met there. */
  private leave(configuration: Configuration, due: number, next: Configuration[]): void {
    const placed = configuration.placed.filter((operation) => operation !== due);
    const after = this.arrive({ ...configuration, placed }, this.level + 1);
    if (this.metAt(this.level + 1).add(after)) next.push(after);
  }

  private arrive(configuration: Configuration, level: number): Configuration {
    const arrivals = this.timeline.levels[level]?.arrivals ?? [];
    const looking = arrivals.filter((operation) => this.timeline.traits[operation]?.observes === true);
    return this.absorb(configuration, looking);
  }

  /** Places what only looks, wherever it sees what it saw: sooner is never worse than later. */
  private absorb(configuration: Configuration, observations: readonly number[]): Configuration {
    let { placed } = configuration;
    for (const operation of observations) {
      if (!placed.includes(operation) && this.apply(configuration.state, operation) !== undefined)
        placed = including(placed, operation);
    }
    return placed === configuration.placed ? configuration : { ...configuration, placed };
  }

  private apply(state: string, operation: number): string | undefined {
    this.steps += 1;
    const { input, outcome } = this.history[operation] as Operation<I>;
    return this.model.apply(state, input, outcome);
  }

  /** Unknowns that every configuration has used need not be remembered by each. */
  private forgetShared(configurations: Configuration[]): Configuration[] {
    const first = configurations[0] as Configuration;
    if (first.used.length < USED_MANY) return configurations;
    const shared = first.used.filter((operation) => configurations.every(({ used }) => used.includes(operation)));
    if (shared.length === 0) return configurations;
    this.timeline.retire(shared);
    return configurations.map((configuration) => ({
      ...configuration,
      used: configuration.used.filter((operation) => !shared.includes(operation)),
    }));
  }
}

function numberInputs(history: readonly Operation<unknown>[]): readonly number[] {
  const numbers = new Map<string, number>();
  return history.map(({ input }) => {
    const text = JSON.stringify(input);
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, numbers.size);
    return numbers.size - 1;
  });
}
