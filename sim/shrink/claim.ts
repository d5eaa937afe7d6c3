/**
 * What a failing run shows to be untrue: the thing that must stay the same while everything else is taken away.
 * Oracles that stand for one property each are told apart by name; those that stand for many (a broken assertion, a crash, a
 * cluster that is stuck in some phase) also by what they say, with its particulars left out.
 */
import type { RunReport, RunVerdict } from '../result.ts';

export interface Claim {
  readonly verdict: Exclude<RunVerdict, 'pass'>;
  readonly oracle: string;
  /** '' where the oracle's name says it all. */
  readonly words: string;
}

/** Oracles of many properties. */
const MANY: readonly string[] = ['liveness', 'crash', 'core-invariant', 'no-fatal'];

/** @returns undefined where the run passed. */
export function claimOf(report: Pick<RunReport, 'verdict' | 'violation'>): Claim | undefined {
  const { verdict, violation } = report;
  if (verdict === 'pass' || violation === null) return undefined;
  const { oracle, message } = violation;
  return { verdict, oracle, words: MANY.includes(oracle) ? withoutParticulars(message, oracle) : '' };
}

export function isSameClaim(a: Claim | undefined, b: Claim | undefined): boolean {
  return a?.verdict === b?.verdict && a?.oracle === b?.oracle && a?.words === b?.words;
}

/** Numbers vary from run to run; behind the first colon of a liveness violation stands the state of each node. */
function withoutParticulars(message: string, oracle: string): string {
  const sentence = oracle === 'liveness' ? (message.split(':')[0] as string) : message;
  return sentence.replace(/[0-9]+/g, '#');
}
