/** What may be asked of a vault through its authorization models, and what is answered. */
import type { ExpandTree } from '../authz/expand.ts';
import type { AuthzError, AuthzErrorCode, ReadTuple } from '../authz/reading.ts';
import type { TupleKey } from '../state/transaction.ts';
import type { Anchor, ClientErrorCode } from './protocol.ts';

/** A question's own tuples and context. */
export interface AuthzContext {
  /** Tuples that hold for this question only, at most CONTEXTUAL_TUPLES_MAX. */
  readonly contextual: readonly ReadTuple[];
  /** Parameters of conditions: a JSON object in canonical form (RFC 8785). */
  readonly context: string;
}

export interface CheckQuestion extends AuthzContext {
  readonly tuple: TupleKey;
}

/**
 * model: id of the model; empty = the newest as of the moment that is asked about. A vault without models answers checks alone, by
 * whether the exact tuple is there.
 */
export type AuthzQuery =
  /** From 1 to CHECKS_MAX, each judged by the same block. */
  | { readonly kind: 'check'; readonly model: string; readonly checks: readonly CheckQuestion[] }
  | ({
      readonly kind: 'listObjects';
      readonly model: string;
      readonly type: string;
      readonly relation: string;
      readonly subject: string;
    } & AuthzContext)
  | ({
      readonly kind: 'listUsers';
      readonly model: string;
      readonly resource: string;
      readonly relation: string;
      /** relation: empty for plain subjects and wildcards of the type. */
      readonly filters: readonly { readonly type: string; readonly relation: string }[];
    } & AuthzContext)
  /** What the relation consists of. Never with a proof. */
  | {
      readonly kind: 'expand';
      readonly model: string;
      readonly resource: string;
      readonly relation: string;
      readonly contextual: readonly ReadTuple[];
    };

/** error: why there is no verdict on this check. The others are answered all the same. */
export type CheckVerdict = { readonly ok: true; readonly allowed: boolean } | { readonly ok: false; readonly error: AuthzError };

/**
 * Kinds are those of the questions. model: the id by which it was judged; empty in a vault without models. proof: empty unless asked
 * for; a pruned tree that shows what the verdicts rest on, all of them together (core/certificate).
 */
export type AuthzResult =
  | {
      readonly kind: 'check';
      readonly model: string;
      readonly verdicts: readonly CheckVerdict[];
      readonly anchor: Anchor;
      readonly proof: Uint8Array;
    }
  /** found: sorted. */
  | {
      readonly kind: 'listObjects' | 'listUsers';
      readonly model: string;
      readonly found: readonly string[];
      readonly anchor: Anchor;
      readonly proof: Uint8Array;
    }
  | { readonly kind: 'expand'; readonly model: string; readonly tree: ExpandTree; readonly anchor: Anchor };

/** The code under which a client is told of an evaluation's error. */
export const CLIENT_CODE_OF: Readonly<Record<AuthzErrorCode, ClientErrorCode>> = {
  invalid: 'invalid_argument',
  condition_failed: 'condition_failed',
  too_complex: 'too_complex',
  type_missing: 'type_missing',
  relation_missing: 'relation_missing',
  invalid_tuple: 'invalid_tuple',
  invalid_contextual_tuple: 'invalid_contextual_tuple',
  incomplete: 'proof_unavailable',
};
