/**
 * How far a history can be explained: the longest order of operations, respecting real time, that explains every return before
 * the one that nothing explains. For people to look at; the verdict is linearizable.ts's, which keeps no orders because most
 * histories need none.
 *
 * The same walk (Lowe 2017), depth first and with the way it came: from return to return, what is due before what is not, and
 * what only looks as soon as it fits.
 */
import type { Model, Operation } from './model.ts';

/** One operation behind another, up to the first. */
interface Place {
  readonly operation: number;
  readonly before: Place | undefined;
  readonly count: number;
}

interface Stand {
  readonly state: string;
  readonly place: Place | undefined;
  /** Returns that are behind. */
  readonly level: number;
  /** Placed and not returned yet, or of unknown outcome; ascending. */
  readonly open: readonly number[];
}

/**
 * @param stuck the operation that no order explains.
 * @param stepsMax questions to the model before the longest order so far is taken.
 * @returns operations in that order, without the one that is stuck.
 */
export function longestOrder<I>(
  model: Model<I>,
  history: readonly Operation<I>[],
  stuck: Operation<I>,
  stepsMax: number,
): readonly Operation<I>[] {
  const before = history
    .filter((operation) => operation !== stuck && operation.outcome !== 'fail' && operation.invokedAt <= stuck.returnedAt)
    .sort((a, b) => a.returnedAt - b.returnedAt || a.invokedAt - b.invokedAt);
  const found = new Walk(model, before, stuck.returnedAt, stepsMax).run();
  const order: Operation<I>[] = [];
  for (let place = found; place !== undefined; place = place.before) order.push(before[place.operation] as Operation<I>);
  return order.reverse();
}

class Walk<I> {
  private readonly model: Model<I>;
  /** In order of return, so that a number is also a level. */
  private readonly operations: readonly Operation<I>[];
  /** How many return before the end. */
  private readonly levels: number;
  private readonly stepsMax: number;
  private readonly met: Set<string> = new Set();
  private steps: number = 0;

  constructor(model: Model<I>, operations: readonly Operation<I>[], end: number, stepsMax: number) {
    this.model = model;
    this.operations = operations;
    this.levels = operations.filter(({ returnedAt }) => returnedAt < end).length;
    this.stepsMax = stepsMax;
  }

  run(): Place | undefined {
    const stack: Stand[] = [this.settle({ state: this.model.initial, place: undefined, level: 0, open: [] })];
    let best = stack[0] as Stand;
    for (let stand = stack.pop(); stand !== undefined && this.steps <= this.stepsMax; stand = stack.pop()) {
      if (stand.level > best.level || (stand.level === best.level && countOf(stand) > countOf(best))) best = stand;
      if (best.level >= this.levels) break;
      // The last is taken first: what returns sooner is pushed later.
      for (const operation of this.candidates(stand).reverse()) {
        const next = this.placed(stand, operation);
        if (next !== undefined && this.isNew(next)) stack.push(next);
      }
    }
    return best.place;
  }

  private isNew({ level, state, open }: Stand): boolean {
    const key = `${level} ${open.join(',')} ${state}`;
    if (this.met.has(key)) return false;
    this.met.add(key);
    return true;
  }

  /** What may come next: invoked before the return that is due, or with it. In order of return. */
  private candidates({ level, open }: Stand): number[] {
    const due = this.operations[level] as Operation<I>;
    const found: number[] = [];
    for (let i = level; i < this.operations.length; i += 1)
      if ((this.operations[i] as Operation<I>).invokedAt <= due.returnedAt && !open.includes(i)) found.push(i);
    return found;
  }

  private placed(stand: Stand, operation: number): Stand | undefined {
    const state = this.apply(stand.state, operation);
    if (state === undefined) return undefined;
    const { outcome } = this.operations[operation] as Operation<I>;
    if (outcome === 'info' && state === stand.state) return undefined; // placing it explains nothing
    return this.settle({ ...behind(stand, operation), state });
  }

  /** Places what only looks and fits, and goes over every return that is placed. */
  private settle(start: Stand): Stand {
    let stand = start;
    for (;;) {
      if (stand.level >= this.levels) return stand;
      if (stand.open.includes(stand.level)) {
        const { level } = stand;
        stand = { ...stand, level: level + 1, open: stand.open.filter((one) => one !== level) };
        continue;
      }
      const { state } = stand;
      const looking = this.candidates(stand).find(
        (operation) => this.observes(operation) && this.apply(state, operation) !== undefined,
      );
      if (looking === undefined) return stand;
      stand = behind(stand, looking);
    }
  }

  private observes(operation: number): boolean {
    const { input, outcome } = this.operations[operation] as Operation<I>;
    return outcome === 'ok' && this.model.observes?.(input, outcome) === true;
  }

  private apply(state: string, operation: number): string | undefined {
    this.steps += 1;
    const { input, outcome } = this.operations[operation] as Operation<I>;
    return this.model.apply(state, input, outcome);
  }
}

function countOf({ place }: Stand): number {
  return place?.count ?? 0;
}

function behind(stand: Stand, operation: number): Stand {
  const place = { operation, before: stand.place, count: countOf(stand) + 1 };
  return { ...stand, place, open: [...stand.open, operation].sort((a, b) => a - b) };
}
