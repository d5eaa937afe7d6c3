/**
 * What is wrong with a scenario, as opposed to what a scenario has found: its own code threw, or asked for what cannot be.
 * It ends no run with a verdict, because it says nothing about the system under test; whoever called runSeed is told.
 */
import { Violation } from './observer.ts';

/** The scenario's own code failed. The message says which part of it, and how; the cause is what was thrown. */
export class ScenarioError extends Error {
  override readonly name: string = 'ScenarioError';
}

/** Thrown by what a run must not ask (a clock, a die), so that the stack says from where. Not the scenario's own mistake alone. */
export class EscapeError extends Error {
  override readonly name: string = 'EscapeError';
}

/** What failed while the scenario's code was on the stack, but is none of its doing. */
export type IsForeign = (error: unknown) => boolean;

const NOTHING_IS: IsForeign = () => false;

/**
 * Runs a part of a scenario's own code.
 * @param part how the part is called in a sentence. @param isForeign says what to pass on as it is: a defect of the core that a
 * story only met is a finding. A Violation always is.
 */
export function inScenario<T>(part: string, act: () => T, isForeign: IsForeign = NOTHING_IS): T {
  let result: T;
  try {
    result = act();
  } catch (error) {
    const passes = error instanceof Violation || error instanceof ScenarioError || error instanceof EscapeError;
    if (passes || isForeign(error)) throw error;
    throw new ScenarioError(`${part} failed: ${describe(error)}`, { cause: error });
  }
  demandSynchronous(part, result);
  return result;
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** What comes after the first await would run when the run is long over. */
function demandSynchronous(part: string, result: unknown): void {
  const then = (result as { readonly then?: unknown } | null | undefined)?.then;
  if (typeof then !== 'function') return;
  // Whatever it fails with later was not asked for.
  then.call(
    result,
    () => undefined,
    () => undefined,
  );
  throw new ScenarioError(`${part} must not be async: use story.after to go on later in virtual time`);
}
