/** What the questions of OpenFGA's API have in common: the model, tuples of the question's own, its context, and how new the answer must be. */

import type { ReadTuple } from '../../core/authz/reading.ts';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import { decodeUlid } from '../../core/chain/ulid.ts';
import type { AuthzContext } from '../../core/client/authz-protocol.ts';
import { CONTEXTUAL_TUPLES_MAX } from '../../core/limits.ts';
import { HttpError } from './errors.ts';
import { conditionOf } from './operations.ts';
import { type TupleKeyBody, tupleKeyOf } from './translate.ts';

/** As bodies of requests have it. */
export interface QuestionBody {
  readonly authorization_model_id?: string;
  readonly contextual_tuples?: { readonly tuple_keys: readonly TupleKeyBody[] } | readonly TupleKeyBody[] | null;
  readonly context?: Readonly<Record<string, unknown>> | null;
}

/** Id of the model that is asked for; empty: the newest. What is no id names no model. */
export function modelIdOf(id: string | undefined): string {
  if (id === undefined || id === '' || decodeUlid(id) !== undefined) return id ?? '';
  throw new HttpError(400, 'authorization_model_not_found', `Authorization Model '${id}' not found.`);
}

/** Tuples that hold for the question only. */
export function contextualOf(given: QuestionBody['contextual_tuples']): readonly ReadTuple[] {
  const bodies = given === undefined || given === null ? [] : 'tuple_keys' in given ? given.tuple_keys : given;
  if (bodies.length > CONTEXTUAL_TUPLES_MAX) {
    const message = `contextual_tuples has ${bodies.length} tuples; a question may bring ${CONTEXTUAL_TUPLES_MAX}.`;
    throw new HttpError(400, 'validation_error', message);
  }
  return bodies.map((body) => ({ tuple: tupleKeyOf(body), condition: conditionOf(body.condition, 'condition') }));
}

/** What a question is judged by beside the store. */
export function ownOf({ contextual_tuples: tuples, context }: QuestionBody): AuthzContext {
  const canonical = canonicalJson(context ?? {});
  if (!canonical.ok) throw new HttpError(400, 'validation_error', `The context has no canonical form (${canonical.reason}).`);
  return { contextual: contextualOf(tuples), context: canonical.text };
}
