/** Options that say what a question is judged by: a model, a context, tuples that hold for it only. */
import type { Command } from 'commander';
import type { Context } from '../../core/authz/condition.ts';
import type { ReadTuple } from '../../core/authz/reading.ts';
import { parseContext, parseContextual } from './context-notation.ts';

export interface Judging {
  readonly model?: string;
  readonly context?: string;
  readonly contextual?: readonly string[];
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function withJudgingOptions(command: Command): Command {
  return command
    .option('--model <id>', 'judge by this authorization model (default: the newest)')
    .option('--context <json>', 'parameters of conditions, a JSON object')
    .option('--contextual <tuple>', 'a tuple that holds for this question only; may be given more than once', collect);
}

/** The fields of a request in OpenFGA's form. */
export function judgingBody({ model, context, contextual }: Judging): Readonly<Record<string, unknown>> {
  const tuples = parseContextual(contextual);
  return {
    ...(model === undefined ? {} : { authorization_model_id: model }),
    ...(context === undefined ? {} : { context: parseContext(context) }),
    ...(tuples.length === 0 ? {} : { contextual_tuples: { tuple_keys: tuples.map(tupleJson) } }),
  };
}

function tupleJson({ tuple, condition }: ReadTuple): unknown {
  const key = { user: tuple.subject, relation: tuple.relation, object: tuple.resource };
  if (condition === undefined) return key;
  return { ...key, condition: { name: condition.name, context: JSON.parse(condition.context) as unknown } };
}

/** What an answer has to be judged by. @param answered the model that it names, where none was asked for */
export function underOf(
  options: Judging,
  answered: string,
): { readonly model: string; readonly context: Context; readonly contextual: readonly ReadTuple[] } {
  const { model = answered, context, contextual } = options;
  return { model, context: parseContext(context), contextual: parseContextual(contextual) };
}
