/** Conditions of one verification: each evaluation counts as work, and one that was made is remembered, for it comes out the same. */
import type { Conditions, ConditionVerdict, Context } from '../authz/condition.ts';
import { canonicalJson } from '../bytes/canonical-json.ts';
import type { Condition } from '../model/model.ts';

/**
 * Work of one evaluation. Why 16: some microseconds where a condition is as people write them, as much as so many reads; a list of objects
 * under 60,000 conditions has room.
 */
const EVALUATION_WORK: number = 16;

/** Work that is left; below 0 it is used up, and nothing that was found since counts. */
export interface Budget {
  left: number;
}

export class MeteredConditions implements Conditions {
  private readonly conditions: Conditions;
  private readonly budget: Budget;
  /** By condition, then by both contexts. */
  private readonly known: Map<Condition, Map<string, ConditionVerdict>> = new Map();

  constructor(conditions: Conditions, budget: Budget) {
    this.conditions = conditions;
    this.budget = budget;
  }

  problem(condition: Condition): string | undefined {
    return this.conditions.problem(condition);
  }

  contextProblem(condition: Condition, context: Context): string | undefined {
    return this.conditions.contextProblem(condition, context);
  }

  evaluate(condition: Condition, stored: Context, asked: Context): ConditionVerdict {
    if (this.budget.left < 0) return { kind: 'failed', reason: 'no work is left' };
    const contexts = canonicalJson([stored, asked]);
    const verdicts = this.verdictsOf(condition);
    const known = contexts.ok ? verdicts.get(contexts.text) : undefined;
    if (known !== undefined) return known;
    this.budget.left -= EVALUATION_WORK;
    const verdict = this.conditions.evaluate(condition, stored, asked);
    // What has no text of its own, being too deep, is not told from others.
    if (contexts.ok) verdicts.set(contexts.text, verdict);
    return verdict;
  }

  private verdictsOf(condition: Condition): Map<string, ConditionVerdict> {
    const known = this.known.get(condition);
    if (known !== undefined) return known;
    const made = new Map<string, ConditionVerdict>();
    this.known.set(condition, made);
    return made;
  }
}
