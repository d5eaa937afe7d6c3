/** What can be asked about the authorization models of a vault, and about changes of its tuples; a part of protocol.ts. */
import type { Height, Micros } from '../ids.ts';
import type { TupleCondition, TupleKey } from '../state/transaction.ts';
import type { Anchor } from './protocol.ts';

export type ModelQuery =
  /** An authorization model; id empty: the newest one. */
  | { readonly kind: 'model'; readonly id: string }
  /** Ids of the models, the newest first. after: the last id of the page before; empty: from the newest. */
  | { readonly kind: 'models'; readonly limit: number; readonly after: string }
  /**
   * What was written and deleted of tuples, in the order of writing. type: of the objects; empty: of all. after: where a page ended, or a
   * row; zeros: from the oldest height that can be read. It begins behind that one: what was there then can be listed.
   */
  | { readonly kind: 'changes'; readonly type: string; readonly after: ChangePlace; readonly limit: number };

/** A place in the order in which tuples change. */
export interface ChangePlace {
  readonly height: Height;
  /** Within the block: 1024 × the position of the transaction + that of the operation + 1; 0: in front of all. */
  readonly position: number;
}

/** A tuple that was written or deleted. condition and expiresAt of a deleted one: undefined and 0. */
export interface TupleChange extends ChangePlace {
  readonly operation: 'write' | 'delete';
  readonly tuple: TupleKey;
  readonly condition: TupleCondition | undefined;
  readonly expiresAt: number;
  /** Of the block. */
  readonly time: Micros;
}

/** An authorization model, without what it says. */
export interface ModelEntry {
  readonly id: string;
  /** Height of the block that wrote it, and that block's time. */
  readonly version: Height;
  readonly writtenAt: Micros;
}

export type ModelResult =
  /** model: RFC 8785 JSON; undefined: there is no such model (id as asked), or none at all (id empty). proof: of that id. */
  | {
      readonly kind: 'model';
      readonly id: string;
      readonly model: string | undefined;
      readonly version: Height;
      readonly anchor: Anchor;
      readonly proof: Uint8Array;
    }
  /** next: where the next page begins; empty: this was the last one. */
  | { readonly kind: 'models'; readonly models: readonly ModelEntry[]; readonly next: string; readonly anchor: Anchor }
  /** next: where to go on, always there. more: whether something may be there already. */
  | {
      readonly kind: 'changes';
      readonly changes: readonly TupleChange[];
      readonly next: ChangePlace;
      readonly more: boolean;
      readonly anchor: Anchor;
    };
