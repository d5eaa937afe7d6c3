/** Whether a tuple that is there counts: the model that is asked allows it, and its condition is met. */
import { unreachable } from '../assert.ts';
import type { Condition, DirectType, Model, Relation } from '../model/model.ts';
import type { Conditions, Context } from './condition.ts';
import { subjectOf } from './names.ts';
import type { AuthzError, ReadTuple } from './reading.ts';

/** @param relation of which the tuple is @returns an error where the condition has no verdict */
export function holds(
  scope: { readonly model: Model; readonly conditions: Conditions; readonly context: Context },
  relation: Relation,
  found: ReadTuple,
): boolean | AuthzError {
  const name = found.condition?.name ?? '';
  if (!relation.directTypes.some((type) => isAllowed(type, found.tuple.subject, name))) return false;
  if (found.condition === undefined) return true;
  const condition = scope.model.conditions.get(name);
  if (condition === undefined) return false;
  const verdict = scope.conditions.evaluate(condition, JSON.parse(found.condition.context) as Context, scope.context);
  switch (verdict.kind) {
    case 'met':
      return true;
    case 'unmet':
      return false;
    case 'missing':
      return failed(condition, `tuple '${textOf(found)}' is missing context parameters '[${verdict.parameters.join(' ')}]'`);
    case 'failed':
      return failed(condition, verdict.reason);
    default:
      return unreachable(verdict);
  }
}

function textOf({ tuple: { resource, relation, subject } }: ReadTuple): string {
  return `${resource}#${relation}@${subject}`;
}

/** In OpenFGA's words. */
function failed({ name }: Condition, why: string): AuthzError {
  return { code: 'condition_failed', message: `failed to evaluate relationship condition: '${name}' - ${why}` };
}

/** Whether a direct type covers a subject under a condition. */
export function isAllowed(type: DirectType, subject: string, condition: string): boolean {
  if (type.condition !== condition) return false;
  const of = subjectOf(subject);
  if (of.type !== type.type) return false;
  if (of.kind === 'wildcard') return type.wildcard;
  return of.kind === 'userset' ? type.relation === of.relation : type.relation === '' && !type.wildcard;
}
