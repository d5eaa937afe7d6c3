/**
 * A history cut at its returns: level n lasts from the n-th return to the next one, and at its end one operation is due.
 * Who is open on a level does not depend on choices, so it is kept once and moved along, forwards and back.
 */
import { assert } from '../../core/assert.ts';
import type { Model, Operation } from './model.ts';

export interface Level {
  /** Operations invoked since the return before. */
  readonly arrivals: readonly number[];
  /** The operation that returns at the end of the level. */
  readonly due: number;
}

/** What the search wants to know of an operation, apart from its input. */
export interface Traits {
  readonly observes: boolean;
  /** It may take effect at any time after its invocation, or never. */
  readonly isUnknown: boolean;
}

export class Timeline {
  readonly levels: readonly Level[];
  readonly traits: readonly Traits[];
  private readonly history: readonly Operation<unknown>[];
  /** Level at whose end each operation returns; Infinity where it never does. */
  private readonly returnLevel: Float64Array;
  private readonly retired: Set<number> = new Set();
  private level: number = 0;
  /** Open operations that change the state and will return: the next to return first. */
  readonly mutations: number[] = [];
  /** Open operations that only look. */
  readonly observations: number[] = [];
  /** Operations of unknown outcome that were invoked; open for ever. */
  unknowns: number[] = [];

  constructor(model: Model<never>, history: readonly Operation<unknown>[]) {
    this.history = history;
    this.traits = history.map(({ input, outcome }) => ({
      observes: model.observes?.(input as never, outcome) === true,
      isUnknown: outcome === 'info',
    }));
    this.levels = cut(history, this.traits);
    this.returnLevel = new Float64Array(history.length).fill(Number.POSITIVE_INFINITY);
    for (const [level, { due }] of this.levels.entries()) this.returnLevel[due] = level;
    for (const operation of this.levels[0]?.arrivals ?? []) this.open(operation);
  }

  /** Shows who is open on another level. */
  moveTo(level: number): void {
    while (this.level < level) {
      this.close(this.levelAt(this.level).due);
      this.level += 1;
      for (const operation of this.levelAt(this.level).arrivals) this.open(operation);
    }
    while (this.level > level) {
      for (const operation of this.levelAt(this.level).arrivals) this.close(operation);
      this.level -= 1;
      this.open(this.levelAt(this.level).due);
    }
  }

  /** Whether the operation is placed in every configuration of the present level: it has returned, or was retired. */
  isBehind(operation: number): boolean {
    return (this.returnLevel[operation] as number) < this.level || this.retired.has(operation);
  }

  /** These unknowns took effect in every order that is left. */
  retire(placed: readonly number[]): void {
    for (const operation of placed) this.retired.add(operation);
    this.unknowns = this.unknowns.filter((operation) => !placed.includes(operation));
  }

  private levelAt(level: number): Level {
    return this.levels[level] as Level;
  }

  private listOf(operation: number): number[] {
    const { observes, isUnknown } = this.traits[operation] as Traits;
    return observes ? this.observations : isUnknown ? this.unknowns : this.mutations;
  }

  private open(operation: number): void {
    const list = this.listOf(operation);
    let at = list.length;
    if (list === this.mutations) while (at > 0 && this.returnOf(list[at - 1]) > this.returnOf(operation)) at -= 1;
    list.splice(at, 0, operation);
  }

  private close(operation: number): void {
    const list = this.listOf(operation);
    const at = list.lastIndexOf(operation);
    assert(at >= 0, 'what closes was open');
    list.splice(at, 1);
  }

  private returnOf(operation: number | undefined): number {
    return (this.history[operation as number] as Operation<unknown>).returnedAt;
  }
}

/** An unknown observation says nothing and is left out. At one instant calls come before returns: touching is concurrent. */
function cut(history: readonly Operation<unknown>[], traits: readonly Traits[]): readonly Level[] {
  const timeOf = (operation: number, side: 'invokedAt' | 'returnedAt'): number =>
    (history[operation] as Operation<unknown>)[side];
  const telling = history.map((_, operation) => operation).filter((operation) => isTelling(traits[operation] as Traits));
  const calls = [...telling].sort((a, b) => timeOf(a, 'invokedAt') - timeOf(b, 'invokedAt'));
  const returns = telling
    .filter((operation) => traits[operation]?.isUnknown === false)
    .sort((a, b) => timeOf(a, 'returnedAt') - timeOf(b, 'returnedAt'));
  let next = 0;
  return returns.map((due) => {
    const from = next;
    const end = timeOf(due, 'returnedAt');
    while (next < calls.length && timeOf(calls[next] as number, 'invokedAt') <= end) next += 1;
    return { due, arrivals: calls.slice(from, next) };
  });
}

function isTelling({ observes, isUnknown }: Traits): boolean {
  return !(observes && isUnknown);
}
