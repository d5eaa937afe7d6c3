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
export function rowAt(leaves: KeyedRows, leafKey: Uint8Array, height: Height): Uint8Array | undefined {
  const { rows, keys } = leaves;
  const present = rows.get(leafKey);
  if (present !== undefined && rowVersion(present) <= height) return present;
  const to = keys.history(leafKey, height).slice();
  const cursor = rows.scan({ from: concatBytes(HISTORY, leafKey), to, reverse: true });
  if (!cursor.advance()) return undefined;
  const ended = cursor.value();
  return rowVersion(ended) <= height ? ended : undefined;
}

/** Every key of a range that has a row now or had one before, in key order, with its row at `height`. @param floor the oldest height that can be read */
export function* rowsAt(leaves: KeyedRows, range: KeyRange, height: Height, floor: Height): Generator<PastRow, void> {
  let key = nextKey(leaves, range);
  while (key !== undefined) {
    const row = rowAt(leaves, key, height);
    yield { key, row, isPruned: row === undefined && isPrunedKey(leaves, key, floor) };
    key = nextKey(leaves, { from: concatBytes(key, Uint8Array.of(0)), to: range.to });
  }
}

/** Whether a key has nothing but history below the floor. */
function isPrunedKey({ rows }: KeyedRows, key: Uint8Array, floor: Height): boolean {
  if (rows.has(key)) return false;
  const newest = rows.scan({ from: concatBytes(HISTORY, key), to: concatBytes(HISTORY, key, LAST) });
  return newest.advance() && isPrunedHistory(newest.key(), floor);
}

/** The first key of a range. Why two descents a key: a key may have had many rows, and none of them is walked over. */
function nextKey(leaves: KeyedRows, range: KeyRange): Uint8Array | undefined {
  const present = leaves.rows.scan(range);
  const presentKey = present.advance() ? present.key() : undefined;
  const endedKey = nextEndedKey(leaves, range);
  if (presentKey === undefined || endedKey === undefined) return presentKey ?? endedKey;
  return compareBytes(presentKey, endedKey) <= 0 ? presentKey : endedKey;
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
