/**
 * What a model lets be written and asked. Beyond well-formed names (core/state/names.ts): types and relations that it has, whom a relation's tuples
 * may name, and conditions with contexts of their types. Words and order of the checks are OpenFGA's, because its users look for them.
 * Source: OpenFGA, tuple and request validation.
 */
import { unreachable } from '../assert.ts';
import { utf8Length } from '../bytes/text.ts';
import { CONTEXT_BYTES_MAX } from '../limits.ts';
import { type Model, type Relation, relationOf } from '../model/model.ts';
import { isTupleset } from '../model/tuplesets.ts';
import type { TupleKey } from '../state/transaction.ts';
import type { Conditions, Context } from './condition.ts';
import { type Subject, subjectOf, typeOf } from './names.ts';
import type { AuthzError, ReadTuple } from './reading.ts';
import { isAllowed } from './tuple-holds.ts';

const OBJECT = /^[^:#\t\n\f\r ]+:[^#:\t\n\f\r ]+$/;
const USERSET = /^[^:#\t\n\f\r ]+:[^#:\t\n\f\r ]+#[^:#\t\n\f\r ]+$/;
const RELATION = /^[^:#@\t\n\f\r ]+$/;

type Words = AuthzError | undefined;

function invalid(message: string): AuthzError {
  return { code: 'invalid', message };
}

function typeMissing(type: string): AuthzError {
  return { code: 'type_missing', message: `type '${type}' not found` };
}

function relationMissing(type: string, relation: string): AuthzError {
  return { code: 'relation_missing', message: `relation '${type}#${relation}' not found` };
}

function textOf({ resource, relation, subject }: TupleKey): string {
  return `${resource}#${relation}@${subject}`;
}

/** Why a model does not let a tuple be written. */
export function writeProblem(model: Model, conditions: Conditions, item: ReadTuple): Words {
  const { resource, relation, subject } = item.tuple;
  const isImplicit = subject === `${resource}#${relation}`;
  const problem = isImplicit ? 'cannot write a tuple that is implicit' : keyProblem(model, item.tuple);
  return tupleProblem(model, conditions, { item, problem, code: 'invalid_tuple' });
}

/** Why a model does not let tuples come with a question. */
export function contextualProblem(model: Model, conditions: Conditions, tuples: readonly ReadTuple[]): Words {
  for (const item of tuples) {
    const found = tupleProblem(model, conditions, {
      item,
      problem: keyProblem(model, item.tuple),
      code: 'invalid_contextual_tuple',
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Why a model does not let a check be asked. @param contextual tuples that come with it */
export function checkProblem(
  model: Model,
  conditions: Conditions,
  { tuple, contextual }: { readonly tuple: TupleKey; readonly contextual: readonly ReadTuple[] },
): Words {
  const problem = keyProblem(model, tuple);
  return problem === undefined ? contextualProblem(model, conditions, contextual) : invalid(problem);
}

/** Why a model does not let an expansion be asked. */
export function expandProblem(
  model: Model,
  conditions: Conditions,
  question: { readonly resource: string; readonly relation: string; readonly contextual: readonly ReadTuple[] },
): Words {
  const problem = objectProblem(model, question.resource) ?? relationProblem(model, question);
  return problem === undefined ? contextualProblem(model, conditions, question.contextual) : invalid(problem);
}

export function listObjectsProblem(
  model: Model,
  conditions: Conditions,
  question: {
    readonly type: string;
    readonly relation: string;
    readonly subject: string;
    readonly contextual: readonly ReadTuple[];
  },
): Words {
  const found = contextualProblem(model, conditions, question.contextual) ?? missingProblem(model, question);
  if (found !== undefined) return found;
  const problem = subjectProblem(model, question.subject);
  return problem === undefined ? undefined : invalid(`invalid 'user' value: ${problem}`);
}

export function listUsersProblem(
  model: Model,
  conditions: Conditions,
  question: {
    readonly resource: string;
    readonly relation: string;
    /** relation: empty for plain subjects. */
    readonly filters: readonly { readonly type: string; readonly relation: string }[];
    readonly contextual: readonly ReadTuple[];
  },
): Words {
  const { resource, relation, filters, contextual } = question;
  if (!OBJECT.test(resource)) return invalid("invalid 'object' field format");
  const found = contextualProblem(model, conditions, contextual);
  if (found !== undefined) return found;
  for (const filter of filters) {
    const missing = missingProblem(model, filter);
    if (missing !== undefined) return missing;
  }
  return missingProblem(model, { type: typeOf(resource), relation });
}

/** A type, and a relation of it unless that is empty, that the model lacks. */
function missingProblem(model: Model, { type, relation }: { readonly type: string; readonly relation: string }): Words {
  if (!model.types.has(type)) return typeMissing(type);
  if (relation !== '' && relationOf(model, type, relation) === undefined) return relationMissing(type, relation);
  return undefined;
}

/** Names that are malformed, or that the model does not know. */
function keyProblem(model: Model, tuple: TupleKey): string | undefined {
  return subjectProblem(model, tuple.subject) ?? objectProblem(model, tuple.resource) ?? relationProblem(model, tuple);
}

function subjectProblem(model: Model, subject: string): string | undefined {
  const isUserset = subject.includes('#');
  if (!(isUserset ? USERSET : OBJECT).test(subject)) return "the 'user' field is malformed";
  const of = subjectOf(subject);
  if (!model.types.has(of.type)) return `type '${of.type}' not found`;
  if (of.kind !== 'userset') return undefined;
  if (of.object.endsWith(':*')) return "the 'user' field is malformed";
  return relationOf(model, of.type, of.relation) === undefined ? `relation '${of.type}#${of.relation}' not found` : undefined;
}

function objectProblem(model: Model, resource: string): string | undefined {
  if (!OBJECT.test(resource)) return "invalid 'object' field format";
  if (!model.types.has(typeOf(resource))) return `type '${typeOf(resource)}' not found`;
  return resource.endsWith(':*') ? "the 'object' field cannot reference a typed wildcard" : undefined;
}

function relationProblem(
  model: Model,
  { resource, relation }: { readonly resource: string; readonly relation: string },
): string | undefined {
  if (!RELATION.test(relation)) return "the 'relation' field is malformed";
  const type = typeOf(resource);
  return relationOf(model, type, relation) === undefined ? `relation '${type}#${relation}' not found` : undefined;
}

/** @param problem what is wrong with its names */
function tupleProblem(
  model: Model,
  conditions: Conditions,
  found: { readonly item: ReadTuple; readonly problem: string | undefined; readonly code: AuthzError['code'] },
): Words {
  const { item, code } = found;
  const { tuple } = item;
  const refuse = (reason: string): AuthzError => ({ code, message: `Invalid tuple '${textOf(tuple)}'. Reason: ${reason}` });
  if (found.problem !== undefined) return refuse(found.problem);
  const type = typeOf(tuple.resource);
  const relation = relationOf(model, type, tuple.relation);
  if (relation === undefined) return refuse(`relation '${type}#${tuple.relation}' not found`);
  const of = subjectOf(tuple.subject);
  if (isTupleset(model, type, tuple.relation) && of.kind !== 'plain') {
    return refuse(`unexpected user '${tuple.subject}' with tupleset relation '${type}#${tuple.relation}'`);
  }
  const name = item.condition?.name ?? '';
  if (!relation.directTypes.some((direct) => isAllowed({ ...direct, condition: name }, tuple.subject, name))) {
    return refuse(restrictionWords(of, `${type}#${tuple.relation}`, tuple.subject));
  }
  const problem = conditionProblem(model, conditions, { item, relation });
  if (problem === undefined) return undefined;
  const suffix = name === '' ? '' : ` (condition ${name})`;
  return invalid(`Invalid tuple '${textOf(tuple)}${suffix}'. Reason: ${problem}`);
}

function restrictionWords(of: Subject, relation: string, subject: string): string {
  switch (of.kind) {
    case 'plain':
      return `type '${of.type}' is not an allowed type restriction for '${relation}'`;
    case 'wildcard':
      return `the typed wildcard '${subject}' is not an allowed type restriction for '${relation}'`;
    case 'userset':
      return `'${of.type}#${of.relation}' is not an allowed type restriction for '${relation}'`;
    default:
      return unreachable(of);
  }
}

function conditionProblem(
  model: Model,
  conditions: Conditions,
  { item, relation }: { readonly item: ReadTuple; readonly relation: Relation },
): string | undefined {
  const { tuple, condition } = item;
  const name = condition?.name ?? '';
  const isListed = relation.directTypes.some((direct) => isAllowed(direct, tuple.subject, name));
  if (condition === undefined) return isListed ? undefined : 'condition is missing';
  const defined = model.conditions.get(name);
  if (defined === undefined) return 'undefined condition';
  if (!isListed) return 'invalid condition for type restriction';
  const bytes = utf8Length(condition.context);
  if (bytes < 0 || bytes > CONTEXT_BYTES_MAX) {
    return `condition context size limit exceeded: ${bytes} bytes exceeds ${CONTEXT_BYTES_MAX} bytes`;
  }
  return conditions.contextProblem(defined, JSON.parse(condition.context) as Context);
}
