/**
 * The checker's checker: tries every order of every subset. Shares no code with sim/check/linearizable.ts but the model's
 * type, and is hopeless beyond a handful of operations, which is the point: nothing in it is clever.
 */
import type { Model, Operation } from '../../../sim/check/model.ts';

export function isLinearizableByEnumeration<I>(model: Model<I>, history: readonly Operation<I>[]): boolean {
  return tryNext(model, history, model.initial, []);
}

function tryNext<I>(model: Model<I>, history: readonly Operation<I>[], state: string, placed: readonly number[]): boolean {
  const open = history.map((_, index) => index).filter((index) => !placed.includes(index));
  // What is unknown may never have happened; everything else must be placed.
  if (open.every((index) => history[index]?.outcome === 'info')) return true;
  for (const candidate of open) {
    const operation = history[candidate] as Operation<I>;
    const tooEarly = open.some(
      (other) => other !== candidate && (history[other] as Operation<I>).returnedAt < operation.invokedAt,
    );
    if (tooEarly) continue;
    const next = model.apply(state, operation.input, operation.outcome);
    if (next !== undefined && tryNext(model, history, next, [...placed, candidate])) return true;
  }
  return false;
}
