/** Conditions on tuples: what the evaluator needs of an expression language, so that core holds none (cel.ts beside it is ours). */
import type { Condition } from '../model/model.ts';

/** A context: a parsed JSON object. */
export type Context = Readonly<Record<string, unknown>>;

export type ConditionVerdict =
  | { readonly kind: 'met' }
  | { readonly kind: 'unmet' }
  /** Parameters that the expression needs and neither context has, sorted. */
  | { readonly kind: 'missing'; readonly parameters: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string };

export interface Conditions {
  /** Why a condition cannot be evaluated at all: syntax, types, parameters it does not declare. */
  problem(condition: Condition): string | undefined;
  /** Why values of a context are not of the declared types; names that are not declared are a problem, too. */
  contextProblem(condition: Condition, context: Context): string | undefined;
  /** @param stored the tuple's own context, which wins over @param asked the one of the question; names not declared in it are ignored */
  evaluate(condition: Condition, stored: Context, asked: Context): ConditionVerdict;
}
