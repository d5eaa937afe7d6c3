/** What a vault is asked, and answers, about authorization models and changes of tuples. */
import type { ChangePlace, TupleChange } from '../../core/client/model-protocol.ts';
import type { Anchor } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import type { ReadOptions } from './vault.ts';

/** An authorization model. */
export interface StoredModel {
  readonly id: string;
  /** RFC 8785 text, as it is committed. */
  readonly json: string;
  /** Height of the block that wrote it. */
  readonly version: Height;
  readonly anchor: Anchor;
}

export interface ChangesOptions extends ReadOptions {
  /** Only of objects of this type. Default: of all. */
  readonly type?: string;
  /** Behind a change, or where a page ended. Default: from the oldest height that can be read. */
  readonly after?: ChangePlace;
  readonly limit?: number;
}

export interface ChangesPage {
  readonly changes: readonly TupleChange[];
  readonly next: ChangePlace;
  /** Whether something may be there already. */
  readonly more: boolean;
  readonly anchor: Anchor;
}
