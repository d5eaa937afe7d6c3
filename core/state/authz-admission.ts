/**
 * Which authorization queries a node takes: sizes and shapes. Whether names are well-formed and known is judged by the model, check by
 * check, in OpenFGA's words (core/authz/admit.ts).
 */
import { unreachable } from '../assert.ts';
import type { ReadTuple } from '../authz/reading.ts';
import { isCanonicalObject } from '../bytes/canonical-json.ts';
import { utf8Length } from '../bytes/text.ts';
import { decodeUlid } from '../chain/ulid.ts';
import type { AuthzContext, AuthzQuery } from '../client/authz-protocol.ts';
import {
  CHECKS_MAX,
  CONTEXT_BYTES_MAX,
  CONTEXTUAL_TUPLES_MAX,
  NAME_BYTES_MAX,
  OBJECT_BYTES_MAX,
  USER_FILTERS_MAX,
} from '../limits.ts';
import { isPlainText } from './names.ts';

const MODEL = 'a model is named by its id, a ULID of 26 characters, or left out for the newest';
const CONTEXT = `a context must be a JSON object in canonical form (RFC 8785) of at most ${CONTEXT_BYTES_MAX} bytes`;
const NAMES = `an object or user has at most ${OBJECT_BYTES_MAX} bytes, a relation or type ${NAME_BYTES_MAX}, none of them control characters`;

export function authzQueryProblem(query: AuthzQuery): string | undefined {
  if (query.model !== '' && decodeUlid(query.model) === undefined) return MODEL;
  switch (query.kind) {
    case 'check': {
      const { length } = query.checks;
      if (length < 1 || length > CHECKS_MAX) return `a request asks 1 to ${CHECKS_MAX} checks, not ${length}`;
      for (const { tuple, ...own } of query.checks) {
        const problem = namesProblem([tuple.resource, tuple.subject], [tuple.relation]) ?? ownProblem(own);
        if (problem !== undefined) return problem;
      }
      return undefined;
    }
    case 'listObjects':
      return namesProblem([query.subject], [query.type, query.relation]) ?? ownProblem(query);
    case 'listUsers': {
      const { filters, resource, relation } = query;
      if (filters.length < 1 || filters.length > USER_FILTERS_MAX) return `users are of 1 to ${USER_FILTERS_MAX} kinds`;
      const names = filters.flatMap((filter) => [filter.type, filter.relation]);
      return namesProblem([resource], [relation, ...names]) ?? ownProblem(query);
    }
    case 'expand':
      return namesProblem([query.resource], [query.relation]) ?? contextualProblem(query.contextual);
    default:
      return unreachable(query);
  }
}

function namesProblem(objects: readonly string[], names: readonly string[]): string | undefined {
  const fit =
    objects.every((text) => isPlainText(text, OBJECT_BYTES_MAX)) && names.every((text) => isPlainText(text, NAME_BYTES_MAX));
  return fit ? undefined : NAMES;
}

function ownProblem({ contextual, context }: AuthzContext): string | undefined {
  return isContext(context) ? contextualProblem(contextual) : CONTEXT;
}

function contextualProblem(contextual: readonly ReadTuple[]): string | undefined {
  if (contextual.length > CONTEXTUAL_TUPLES_MAX) {
    return `at most ${CONTEXTUAL_TUPLES_MAX} tuples come with a question, not ${contextual.length}`;
  }
  for (const { tuple, condition } of contextual) {
    const problem = namesProblem([tuple.resource, tuple.subject], [tuple.relation, condition?.name ?? '']);
    if (problem !== undefined) return problem;
    if (condition !== undefined && !(condition.name !== '' && isContext(condition.context))) return CONTEXT;
  }
  return undefined;
}

function isContext(text: string): boolean {
  const length = utf8Length(text);
  return length >= 0 && length <= CONTEXT_BYTES_MAX && isCanonicalObject(text);
}
