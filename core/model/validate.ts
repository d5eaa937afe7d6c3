/**
 * Whether a model makes sense: names, what rewrites and types of users refer to, relations that nobody could ever have, relations that are
 * defined by themselves, and conditions. Words and order are OpenFGA's, because its users look for them.
 * Source: OpenFGA, validation of authorization models of the versions 1.1 and 1.2.
 */
import type { Conditions } from '../authz/condition.ts';
import { utf8Length } from '../bytes/text.ts';
import { CONDITION_EXPRESSION_BYTES_MAX, CONDITION_PARAMETERS_MAX, MODEL_TYPES_MAX } from '../limits.ts';
import { entrypointsOf } from './entrypoints.ts';
import { type Condition, type DirectType, type Model, type Relation, type Rewrite, relationOf } from './model.ts';
import { isTupleset, partsOf } from './tuplesets.ts';

const TYPE_NAME = /^[^:#@*\s]{1,254}$/;
const RELATION_NAME = /^[^:#@*\s]{1,50}$/;
const CONDITION_NAME = /^[^*:#@\s]{1,50}$/;
const RESERVED: ReadonlySet<string> = new Set(['self', 'this']);

/** A relation, and where it stands. */
interface Place {
  readonly model: Model;
  readonly type: string;
  readonly relation: Relation;
}

/** @param model as parse.ts read it @returns in words what is wrong with it */
export function modelProblem(model: Model, conditions: Conditions): string | undefined {
  if (model.types.size > MODEL_TYPES_MAX) {
    return `The number of type definitions in an authorization model exceeds the allowed limit of ${MODEL_TYPES_MAX}`;
  }
  const named = namesProblem(model);
  if (named !== undefined) return named;
  const granted = entrypointsOf(model);
  for (const place of placesOf(model)) {
    const problem = rewriteProblem(place) ?? directProblem(place);
    if (problem !== undefined) return problem;
  }
  for (const place of placesOf(model)) {
    const isLoop = isCyclic(place);
    if (!granted.has(`${place.type}#${place.relation.name}`)) {
      return invalidRelation(place, isLoop ? 'potential loop' : 'no entrypoints defined');
    }
    if (isLoop) return invalidRelation(place, 'an authorization model cannot contain a cycle');
  }
  for (const condition of model.conditions.values()) {
    const problem = conditionProblem(condition) ?? conditions.problem(condition);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function placesOf(model: Model): readonly Place[] {
  const names = [...model.types.keys()].sort();
  return names.flatMap((type) => {
    const relations = [...(model.types.get(type)?.relations.values() ?? [])];
    return relations.sort((a, b) => (a.name < b.name ? -1 : 1)).map((relation) => ({ model, type, relation }));
  });
}

function invalidRelation({ type, relation }: { readonly type: string; readonly relation: Relation }, cause: string): string {
  return `the definition of relation '${relation.name}' in object type '${type}' is invalid: ${cause}`;
}

function namesProblem(model: Model): string | undefined {
  for (const [type, { relations }] of model.types) {
    if (type === '') return 'the type name of a type definition cannot be an empty string';
    if (RESERVED.has(type)) return `the definition of type '${type}' is invalid: self and this are reserved keywords`;
    if (!TYPE_NAME.test(type)) return `the type name '${type}' is invalid: it must match ${TYPE_NAME.source}`;
    for (const relation of relations.values()) {
      const { name } = relation;
      if (name === '') return `type '${type}' defines a relation with an empty string for a name`;
      if (RESERVED.has(name)) return invalidRelation({ type, relation }, 'self and this are reserved keywords');
      if (!RELATION_NAME.test(name)) return invalidRelation({ type, relation }, `its name must match ${RELATION_NAME.source}`);
    }
  }
  return undefined;
}

/** Whatever a rewrite refers to is there and may be referred to. */
function rewriteProblem(place: Place): string | undefined {
  for (const part of partsOf(place.relation.rewrite)) {
    const problem =
      part.kind === 'computed'
        ? computedProblem(place, part.relation)
        : part.kind === 'tupleToUserset'
          ? tuplesetProblem(place, part)
          : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function computedProblem(place: Place, computed: string): string | undefined {
  const { model, type, relation } = place;
  if (computed === relation.name) return invalidRelation(place, 'invalid userset rewrite definition');
  return relationOf(model, type, computed) === undefined ? `'${type}#${computed}' relation is undefined` : undefined;
}

function tuplesetProblem(
  { model, type }: Place,
  { tupleset, computed }: Extract<Rewrite, { readonly kind: 'tupleToUserset' }>,
): string | undefined {
  const parents = relationOf(model, type, tupleset);
  if (parents === undefined) return `'${type}#${tupleset}' relation is undefined`;
  if (parents.rewrite.kind !== 'this') {
    return `the '${type}#${tupleset}' relation is referenced in at least one tupleset and thus must be a direct relation`;
  }
  const isAnywhere = parents.directTypes.some((direct) => relationOf(model, direct.type, computed) !== undefined);
  return isAnywhere ? undefined : `'${computed}' relation is undefined`;
}

/** Whom tuples of the relation may name. */
function directProblem({ model, type, relation }: Place): string | undefined {
  const { name, directTypes } = relation;
  const isAssignable = partsOf(relation.rewrite).some(({ kind }) => kind === 'this');
  if (isAssignable && directTypes.length === 0) {
    return `the assignable relation '${name}' in object type '${type}' must contain at least one relation type`;
  }
  if (!isAssignable && directTypes.length > 0) {
    return `the non-assignable relation '${name}' in object type '${type}' should not contain a relation type`;
  }
  for (const direct of directTypes) {
    const problem = directTypeProblem({ model, type, relation }, direct);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function directTypeProblem({ model, type, relation }: Place, direct: DirectType): string | undefined {
  const isPlain = direct.relation === '' && !direct.wildcard;
  const isKnown =
    model.types.has(direct.type) &&
    !(direct.wildcard && direct.relation !== '') &&
    (direct.relation === '' || relationOf(model, direct.type, direct.relation) !== undefined);
  if (!isKnown || (!isPlain && isTupleset(model, type, relation.name))) {
    const text = `${direct.type}${direct.relation === '' ? '' : `#${direct.relation}`}${direct.wildcard ? ':*' : ''}`;
    return `the relation type '${text}' on '${relation.name}' in object type '${type}' is not valid`;
  }
  if (direct.condition !== '' && !model.conditions.has(direct.condition)) {
    return `condition ${direct.condition} is undefined for relation ${relation.name}`;
  }
  return undefined;
}

/** Whether the relation leads through computed relations of the same type to one that is reached again. */
function isCyclic({ model, type, relation }: Place): boolean {
  const done = new Set<string>();
  const open = new Set<string>();
  const visit = (name: string): boolean => {
    if (open.has(name)) return true;
    if (done.has(name)) return false;
    open.add(name);
    const found = relationOf(model, type, name);
    const parts = found === undefined ? [] : partsOf(found.rewrite);
    const isFound = parts.some((part) => part.kind === 'computed' && visit(part.relation));
    open.delete(name);
    done.add(name);
    return isFound;
  };
  return visit(relation.name);
}

function conditionProblem({ name, expression, parameters }: Condition): string | undefined {
  if (!CONDITION_NAME.test(name)) return `the condition name '${name}' is invalid: it must match ${CONDITION_NAME.source}`;
  if (expression === '') return `the condition '${name}' has no expression`;
  if (utf8Length(expression) > CONDITION_EXPRESSION_BYTES_MAX) {
    return `the expression of the condition '${name}' has more than ${CONDITION_EXPRESSION_BYTES_MAX} bytes`;
  }
  if (parameters.size > CONDITION_PARAMETERS_MAX) {
    return `the condition '${name}' has more than ${CONDITION_PARAMETERS_MAX} parameters`;
  }
  return undefined;
}
