/**
 * Operations and transactions: what a client asks to be applied atomically to one vault.
 * Names are texts without control characters; sizes are bounded by core/limits.ts and checked at admission and again at decode.
 */
import type { Height } from '../ids.ts';

/** A relationship tuple's identity: resource#relation@subject. */
export interface TupleKey {
  /** `type:id` */
  readonly resource: string;
  readonly relation: string;
  /** `type:id`, `type:*` or `type:id#relation` */
  readonly subject: string;
}

/** A condition attached to a tuple. context is RFC 8785 JSON text; `{}` when none was given. */
export interface TupleCondition {
  readonly name: string;
  readonly context: string;
}

/** A precondition on an entity key; evaluated against the live value at the block's time. An absent entity has version 0. */
export type EntityCondition =
  | { readonly kind: 'mustNotExist' }
  | { readonly kind: 'mustExist' }
  | { readonly kind: 'versionEquals'; readonly version: Height }
  | { readonly kind: 'valueEquals'; readonly value: Uint8Array };

/**
 * How much of a vault's past can be read: all of it, so many newest blocks, or a time up to the newest block's. What falls out
 * of that is removed for good: headers stay, transactions and earlier states do not.
 */
export type Retention =
  | { readonly kind: 'all' }
  /** From 1 on: the newest block alone. */
  | { readonly kind: 'heights'; readonly heights: number }
  /** Microseconds of block time. */
  | { readonly kind: 'duration'; readonly micros: number };

/**
 * expiresAt: microseconds since 1970, 0 = never.
 * onDuplicate 'ignore': a live tuple with the same condition and expiry stays as it is; one that differs in either is
 * refused with `tuple_condition_differs`, because ignoring would silently drop what the caller asked for.
 */
export type Operation =
  | {
      readonly op: 'writeTuple';
      readonly tuple: TupleKey;
      readonly condition: TupleCondition | undefined;
      readonly expiresAt: number;
      readonly onDuplicate: 'error' | 'ignore';
    }
  | { readonly op: 'deleteTuple'; readonly tuple: TupleKey; readonly onMissing: 'error' | 'ignore' }
  | {
      readonly op: 'setEntity';
      readonly key: string;
      readonly value: Uint8Array;
      readonly expiresAt: number;
      readonly condition: EntityCondition | undefined;
    }
  | { readonly op: 'deleteEntity'; readonly key: string; readonly condition: EntityCondition | undefined }
  /** From this block on. A vault that keeps exactly that already is not changed by it. */
  | { readonly op: 'setRetention'; readonly retention: Retention }
  /**
   * A new authorization model, for good: its id follows from the block (model-id.ts). One in a transaction at most.
   * model: RFC 8785 JSON of {schema_version, type_definitions, conditions?}.
   */
  | { readonly op: 'writeModel'; readonly model: string };

export interface Transaction {
  /** Who asks, for the audit trail; inside the hash. May be empty. */
  readonly actor: string;
  /** Why; inside the hash. May be empty. */
  readonly reason: string;
  /** Applied in order, all or nothing. */
  readonly operations: readonly Operation[];
}

/** Why a whole transaction was refused at apply. Deterministic; recorded under (session, sequence). */
export type RejectCode =
  | 'tuple_exists'
  | 'tuple_missing'
  | 'tuple_condition_differs'
  | 'entity_exists'
  | 'entity_missing'
  | 'version_differs'
  | 'value_differs';

export type TransactionOutcome =
  /** changed: whether any leaf, or the retention, changed. Where nothing changed (all ignored) there is no transaction in the block. */
  /** model: id of the authorization model that it wrote; empty: none. */
  | { readonly ok: true; readonly changed: boolean; readonly height: Height; readonly model: string }
  /** operation: index of the first one that could not be applied. */
  | { readonly ok: false; readonly code: RejectCode; readonly operation: number };
