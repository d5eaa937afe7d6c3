/** What ended a run, whoever threw it: an oracle, an assertion in the core, or a defect. */
import { InvariantError } from '../core/assert.ts';
import { type Evidence, Violation } from './observer.ts';
import type { RunVerdict, RunViolation } from './result.ts';
import { ScenarioError } from './scenario-error.ts';

export interface Failure {
  readonly verdict: Exclude<RunVerdict, 'pass'>;
  readonly violation: RunViolation;
  readonly evidence: Evidence;
}

/** @throws what is wrong with the scenario itself: that is no finding. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ScenarioError) throw error;
  if (error instanceof Violation) {
    const { oracle, message, kind, evidence } = error;
    return { verdict: kind === 'safety' ? 'violation' : kind, violation: { oracle, message }, evidence };
  }
  if (error instanceof InvariantError)
    return { verdict: 'violation', violation: { oracle: 'core-invariant', message: error.message }, evidence: {} };
  if (error instanceof Error)
    return { verdict: 'violation', violation: { oracle: 'crash', message: `${error.name}: ${error.message}` }, evidence: {} };
  throw error;
}
