/**
 * The state of a vault's rows at an earlier height, out of the history table (keys.ts): a row is kept there under the height
 * of the block that replaced or removed it, so what a key held at height h is its present row if that is no newer than h,
 * else the row with the smallest height above h if that one is no newer than h, else nothing.
 */
import type { ReadonlyBTree } from '../btree/tree.ts';
import { compareBytes, concatBytes } from '../bytes/compare.ts';
import type { Height } from '../ids.ts';
import type { KeyRange } from './key-reader.ts';
import { type KeyBuilder, Table } from './keys.ts';
import { isPrunedHistory } from './pruning.ts';
import { rowVersion } from './rows.ts';

const HISTORY: Uint8Array = Uint8Array.of(Table.history);
/** Behind every height of a key: heights are inverted, and none is 0. */
const LAST: Uint8Array = new Uint8Array(8).fill(0xff);
const HEIGHT_BYTES = 8;

/** A vault's rows, now or in an image of them, and the keys under which they stand. */
export interface KeyedRows {
  readonly rows: ReadonlyBTree;
  readonly keys: KeyBuilder;
}

/** A leaf's row and its key, both the caller's own. */
export interface PastRow {
  readonly key: Uint8Array;
  readonly row: Uint8Array | undefined;
  /** No height that can be read shows anything of this key: on another replica it may be gone already. */
  readonly isPruned: boolean;
}

/** The row behind a key of tables 1 to 4 as the block at `height` left it, live or not. @param leafKey may be a view of the key builder. */
export function rowAt(past: KeyedRows, leafKey: Uint8Array, height: Height): Uint8Array | undefined {
  const present = past.rows.get(leafKey);
  return present !== undefined && rowVersion(present) <= height ? present : endedRowAt(past, leafKey, height);
}

/** The row that a later block has ended, if it was there at `height`. */
function endedRowAt({ rows, keys }: KeyedRows, leafKey: Uint8Array, height: Height): Uint8Array | undefined {
  const to = keys.history(leafKey, height).slice();
  const cursor = rows.scan({ from: concatBytes(HISTORY, leafKey), to, reverse: true });
  if (!cursor.advance()) return undefined;
  const ended = cursor.value();
  return rowVersion(ended) <= height ? ended : undefined;
}

/**
 * Every key of a range that has a row now or had one before, in key order, with its row at `height`; the rows do not change meanwhile.
 * Present rows come from one walk. Of the history each key costs a descent: it may have had many rows, and none of them is walked over.
 * @param floor the oldest height that can be read
 */
export function* rowsAt(past: KeyedRows, range: KeyRange, height: Height, floor: Height): Generator<PastRow, void> {
  const present = past.rows.scan(range);
  let presentKey = present.advance() ? present.key() : undefined;
  let endedKey = nextEndedKey(past, range);
  for (;;) {
    const order = orderOf(presentKey, endedKey);
    const key = order <= 0 ? presentKey : endedKey;
    if (key === undefined) return;
    let row = order <= 0 ? present.value() : undefined;
    if (row === undefined || rowVersion(row) > height) row = order >= 0 ? endedRowAt(past, key, height) : undefined;
    yield { key, row, isPruned: row === undefined && order > 0 && isPrunedKey(past, key, floor) };
    if (order <= 0) presentKey = present.advance() ? present.key() : undefined;
    if (order >= 0) endedKey = nextEndedKey(past, { from: concatBytes(key, Uint8Array.of(0)), to: range.to });
  }
}

/** Which of two keys comes first; one that is not there is the last. */
function orderOf(a: Uint8Array | undefined, b: Uint8Array | undefined): number {
  if (b === undefined) return -1;
  return a === undefined ? 1 : compareBytes(a, b);
}

/** Whether a key without a present row has nothing but history below the floor. */
function isPrunedKey({ rows }: KeyedRows, key: Uint8Array, floor: Height): boolean {
  const newest = rows.scan({ from: concatBytes(HISTORY, key), to: concatBytes(HISTORY, key, LAST) });
  return newest.advance() && isPrunedHistory(newest.key(), floor);
}

/** The first key of a range that has history. */
function nextEndedKey({ rows }: KeyedRows, { from, to }: KeyRange): Uint8Array | undefined {
  const end = concatBytes(HISTORY, to);
  let start = concatBytes(HISTORY, from);
  for (;;) {
    const cursor = rows.scan({ from: start, to: end });
    if (!cursor.advance()) return undefined;
    const key = leafKeyOf(cursor.key());
    // Where the range begins right behind a key, that key's own history still lies in it: its heights follow the key.
    if (compareBytes(key, from) >= 0) return key;
    start = concatBytes(HISTORY, key, LAST);
  }
}

function leafKeyOf(historyKey: Uint8Array): Uint8Array {
  return historyKey.slice(1, historyKey.length - HEIGHT_BYTES);
}
