/** A vault's rows as one of its blocks left them: of the newest one where they stand, of an older one out of their history. */
import type { Cursor } from '../btree/cursor.ts';
import type { ReadonlyBTree } from '../btree/tree.ts';
import type { Height } from '../ids.ts';
import type { KeyRange } from './key-reader.ts';
import type { KeyBuilder } from './keys.ts';
import { type KeyedRows, type PastRow, rowAt, rowsAt } from './past.ts';

export class RowsAt implements KeyedRows {
  readonly rows: ReadonlyBTree;
  readonly keys: KeyBuilder;
  readonly height: Height;
  private readonly floor: Height;
  private readonly isNewest: boolean;

  /**
   * @param options.isNewest whether `rows` end with the block at height
   * @param options.floor the oldest height that can be read, at most `height`
   */
  constructor(options: KeyedRows & { readonly height: Height; readonly floor: Height; readonly isNewest: boolean }) {
    this.rows = options.rows;
    this.keys = options.keys;
    this.height = options.height;
    this.floor = options.floor;
    this.isNewest = options.isNewest;
  }

  /** The row behind a key of tables 1 to 4, live or not; a copy. @param leafKey may be a view of the key builder. */
  row(leafKey: Uint8Array): Uint8Array | undefined {
    return this.isNewest ? this.rows.get(leafKey) : rowAt(this, leafKey, this.height);
  }

  /** Rows of a range of tables 1 to 3 in key order; of an older block also keys that had no row then, or none that can be read. */
  scan(range: KeyRange): Iterable<PastRow> {
    return this.isNewest ? this.presentRows(range) : rowsAt(this, range, this.height, this.floor);
  }

  /** The same of the newest block, without a generator around it; undefined for an older one. */
  cursor(range: KeyRange): Cursor | undefined {
    return this.isNewest ? this.rows.scan(range) : undefined;
  }

  private *presentRows(range: KeyRange): Generator<PastRow, void> {
    for (const { key, value } of this.rows.scan(range)) yield { key, row: value, isPruned: false };
  }
}
