/**
 * A certificate's statement as JSON: the question with all that it is judged by, what it is about, and the result. One statement has one
 * form: contextual tuples in the order of object, relation and user, each once; members in order; what is empty is left out.
 *
 *   { v: 2, org, store, height, block_hash, model, limits: { depth: 25 }, context?, contextual_tuples?,
 *     tuple: { user, relation, object },                                 verdict: "allow" | "deny"
 *   | list_objects: { type, relation, user },                            objects: [ object, … ]
 *   | list_users: { object, relation, user_filters: [{ type, relation? }] },   users: [ user, … ] }
 *
 * Why contexts and contextual tuples in full, and not their hashes: whoever has the file can evaluate it.
 */
import { unreachable } from '../assert.ts';
import type { Context } from '../authz/condition.ts';
import type { SubjectFilter } from '../authz/list-users.ts';
import type { ReadTuple } from '../authz/reading.ts';
import { CHECK_DEPTH_MAX } from '../limits.ts';
import { type TupleJson, tupleJson } from '../proof/statement-json.ts';
import type { Asked, Found } from './asked.ts';

export interface ContextualTupleJson extends TupleJson {
  readonly condition?: { readonly name: string; readonly context?: Context };
}

export interface CertificateStatementJson {
  readonly v: 2;
  /** ULIDs. */
  readonly org: string;
  readonly store: string;
  readonly height: number;
  /** Lower-case hex. */
  readonly block_hash: string;
  /** ULID. */
  readonly model: string;
  readonly limits: { readonly depth: number };
  readonly context?: Context;
  readonly contextual_tuples?: readonly ContextualTupleJson[];
  readonly tuple?: TupleJson;
  readonly verdict?: 'allow' | 'deny';
  readonly list_objects?: { readonly type: string; readonly relation: string; readonly user: string };
  readonly objects?: readonly string[];
  readonly list_users?: {
    readonly object: string;
    readonly relation: string;
    readonly user_filters: readonly { readonly type: string; readonly relation?: string }[];
  };
  readonly users?: readonly string[];
}

/** The field of the question, and that of its result. */
export const FIELDS_OF: Readonly<Record<Asked['kind'], readonly [string, string]>> = {
  check: ['tuple', 'verdict'],
  listObjects: ['list_objects', 'objects'],
  listUsers: ['list_users', 'users'],
};

/** What a certificate is about. */
export interface CertifiedAt {
  /** ULIDs. */
  readonly organization: string;
  readonly store: string;
  readonly height: number;
  /** Lower-case hex. */
  readonly blockHash: string;
}

/** The statement of a result. */
export function certificateStatement(at: CertifiedAt, asked: Asked, found: Found): CertificateStatementJson {
  const contextual = inOrder(asked.contextual).map(contextualTupleJson);
  return {
    v: 2,
    org: at.organization,
    store: at.store,
    height: at.height,
    block_hash: at.blockHash,
    model: asked.model,
    limits: { depth: CHECK_DEPTH_MAX },
    ...(Object.keys(asked.context).length === 0 ? {} : { context: asked.context }),
    ...(contextual.length === 0 ? {} : { contextual_tuples: contextual }),
    ...askedJson(asked),
    ...foundJson(asked.kind, found),
  };
}

/** The field of the question. */
export function askedJson(asked: Asked): Pick<CertificateStatementJson, 'tuple' | 'list_objects' | 'list_users'> {
  switch (asked.kind) {
    case 'check':
      return { tuple: tupleJson(asked.tuple) };
    case 'listObjects': {
      const { type, relation, subject } = asked.question;
      return { list_objects: { type, relation, user: subject } };
    }
    case 'listUsers': {
      const { resource, relation, filters } = asked.question;
      return { list_users: { object: resource, relation, user_filters: filters.map(filterJson) } };
    }
    default:
      return unreachable(asked);
  }
}

/** The field of the result. */
export function foundJson(kind: Asked['kind'], found: Found): Pick<CertificateStatementJson, 'verdict' | 'objects' | 'users'> {
  if (found.kind === 'check') return { verdict: found.allowed ? 'allow' : 'deny' };
  return kind === 'listObjects' ? { objects: found.members } : { users: found.members };
}

function filterJson({ type, relation }: SubjectFilter): { readonly type: string; readonly relation?: string } {
  return relation === '' ? { type } : { type, relation };
}

function contextualTupleJson({ tuple, condition }: ReadTuple): ContextualTupleJson {
  if (condition === undefined) return tupleJson(tuple);
  const { name, context } = condition;
  const value = context === '{}' ? {} : { context: JSON.parse(context) as Context };
  return { ...tupleJson(tuple), condition: { name, ...value } };
}

/** By object, relation and user; of several with one key the first, which is the one that counts. */
function inOrder(tuples: readonly ReadTuple[]): readonly ReadTuple[] {
  const sorted = tuples.map((item, index) => ({ item, index }));
  sorted.sort((a, b) => compareTuples(a.item, b.item) || a.index - b.index);
  const items = sorted.map(({ item }) => item);
  return items.filter((item, index) => index === 0 || compareTuples(items[index - 1] as ReadTuple, item) !== 0);
}

/** The order of contextual tuples in a statement. */
export function compareTuples(a: ReadTuple, b: ReadTuple): number {
  return (
    compareTexts(a.tuple.resource, b.tuple.resource) ||
    compareTexts(a.tuple.relation, b.tuple.relation) ||
    compareTexts(a.tuple.subject, b.tuple.subject)
  );
}

/** By UTF-16 code units, as members of lists are. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
