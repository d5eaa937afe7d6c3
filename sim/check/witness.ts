/**
 * The linear-time way to show that a history is linearizable: a replicated log knows in which order its entries took effect,
 * and each answer may name the index it was given at. If that order explains every answer and respects real time, it is a
 * proof. If not, nothing is shown, and the search (linearizable.ts) decides: a wrong witness costs time, never the verdict.
 */
import type { Model, Operation } from './model.ts';

/** @returns whether the order of the indexes explains the operations. */
export function isExplainedByIndexes<I>(model: Model<I>, history: readonly Operation<I>[]): boolean {
  const definite = history.filter(({ outcome }) => outcome !== 'info');
  if (definite.length === 0 || definite.some(({ index }) => index === undefined)) return false;
  const looks = (operation: Operation<I>): number => (model.observes?.(operation.input, operation.outcome) === true ? 1 : 0);
  // What only looks has seen the entry of its index.
  const order = definite.sort(
    (a, b) => (a.index as number) - (b.index as number) || looks(a) - looks(b) || a.invokedAt - b.invokedAt,
  );
  const unknowns = history.filter(({ outcome, input }) => outcome === 'info' && model.observes?.(input, outcome) !== true);
  const walk = new Walk(model, unknowns);
  return order.every((operation) => walk.place(operation));
}

class Walk<I> {
  private readonly model: Model<I>;
  /** Unknown outcomes that nothing has needed so far. */
  private unknowns: readonly Operation<I>[];
  private state: string;
  /** Latest invocation among what was placed: nothing that returned before it may come now. */
  private newestInvocation: number = Number.NEGATIVE_INFINITY;

  constructor(model: Model<I>, unknowns: readonly Operation<I>[]) {
    this.model = model;
    this.unknowns = unknowns;
    this.state = model.initial;
  }

  place(operation: Operation<I>): boolean {
    if (operation.returnedAt < this.newestInvocation) return false;
    const next = this.model.apply(this.state, operation.input, operation.outcome) ?? this.afterUnknown(operation);
    if (next === undefined) return false;
    this.state = next;
    this.newestInvocation = Math.max(this.newestInvocation, operation.invokedAt);
    return true;
  }

  /** One operation of unknown outcome that took effect just before would explain it. */
  private afterUnknown(operation: Operation<I>): string | undefined {
    for (const unknown of this.unknowns) {
      if (unknown.invokedAt > operation.returnedAt) continue;
      const between = this.model.apply(this.state, unknown.input, 'info');
      if (between === undefined) continue;
      const next = this.model.apply(between, operation.input, operation.outcome);
      if (next === undefined) continue;
      this.unknowns = this.unknowns.filter((other) => other !== unknown);
      this.newestInvocation = Math.max(this.newestInvocation, unknown.invokedAt);
      return next;
    }
    return undefined;
  }
}
