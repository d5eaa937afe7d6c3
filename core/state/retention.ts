/**
 * How much of a vault's past can be read, and from which height on. Both stand in one row of the vault's own tree, so that
 * they travel with its snapshots; neither is a leaf of the commitment tree: what is kept is no statement about access, and
 * the transaction that asked for it is in the chain (docs/decisions/0054-retention.md).
 *
 *   KEY: u8 10 (keys.ts)
 *   OFFSET  SIZE  FIELD
 *   0       1     kind: 0 all, 1 heights, 2 duration
 *   1       8     heights: how many · duration: microseconds · all: 0
 *   9       8     floor: the oldest height that can be read, from 1
 * No row: everything is kept, and always was.
 *
 * The floor is a fold over the vault's blocks, their heights and times, and nothing else; it never goes down.
 */
import { assert } from '../assert.ts';
import type { BTree, ReadonlyBTree } from '../btree/tree.ts';
import { Reader } from '../bytes/reader.ts';
import { writeU64 } from '../bytes/u64.ts';
import { HEIGHT_ZERO, type Height, maxOf, plus } from '../ids.ts';
import { Table } from './keys.ts';
import { isSameRetention, KEEP_ALL, retentionCode, retentionOfCode } from './retention-code.ts';
import type { Retention } from './transaction.ts';
import type { Vault } from './vault.ts';

const ROW_BYTES = 17;
const FIRST: Height = plus(HEIGHT_ZERO, 1);
/** The one key of its table. */
export const RETENTION_KEY: Uint8Array = Uint8Array.of(Table.retention);

export interface RetentionState {
  readonly retention: Retention;
  /** The oldest height that can be read. */
  readonly floor: Height;
}

function encodeRow({ retention, floor }: RetentionState): Uint8Array {
  const { kind, amount } = retentionCode(retention);
  const row = new Uint8Array(ROW_BYTES);
  row[0] = kind;
  writeU64(amount, row, 1);
  writeU64(floor, row, 9);
  return row;
}

/** Undefined where the bytes are no such row. */
export function decodeRetentionRow(row: Uint8Array): RetentionState | undefined {
  const reader = new Reader(row);
  const retention = retentionOfCode(reader.u8(), reader.u64());
  const floor = reader.u64() as Height;
  const isRow = reader.finish(true).ok && floor >= FIRST;
  return isRow && retention !== undefined ? { retention, floor } : undefined;
}

/** What the rows of a vault say, now or in a snapshot of them. */
export function retentionOf(rows: ReadonlyBTree): RetentionState {
  const row = rows.get(RETENTION_KEY);
  if (row === undefined) return { retention: KEEP_ALL, floor: FIRST };
  const state = decodeRetentionRow(row);
  assert(state !== undefined, 'a retention row decodes');
  return state;
}

/** The oldest height of a vault that can be read. */
export function oldestHeight(vault: Vault): Height {
  return retentionOf(vault.leaves.rows).floor;
}

/** Sets what is kept from now on. What is gone stays gone: the floor stays where it is. @returns whether that is news. */
export function changeRetention(rows: BTree, retention: Retention): boolean {
  const present = retentionOf(rows);
  if (isSameRetention(present.retention, retention)) return false;
  rows.set(RETENTION_KEY, encodeRow({ retention, floor: present.floor }));
  return true;
}

/**
 * Behind each block: the floor goes up to where the retention says.
 * heights: so many blocks can be read, the newest among them. duration: every moment of that time up to the newest block's can
 * be read, so the block that was in force when it began is the oldest one.
 * @returns whether it moved.
 */
export function raiseFloor(vault: Vault): boolean {
  const { rows } = vault.leaves;
  const { retention, floor } = retentionOf(rows);
  const raised = maxOf(floor, wantedFloor(vault, retention, floor));
  if (raised === floor) return false;
  rows.set(RETENTION_KEY, encodeRow({ retention, floor: raised }));
  return true;
}

function wantedFloor(vault: Vault, retention: Retention, floor: Height): Height {
  switch (retention.kind) {
    case 'all':
      return floor;
    case 'heights':
      return retention.heights >= vault.height ? FIRST : plus(vault.height, 1 - retention.heights);
    case 'duration':
      return lastBlockUpTo(vault, vault.time - retention.micros, floor);
  }
}

/** The last block from `floor` on with a time at or before the given one; `floor` where there is none. Block times grow. */
function lastBlockUpTo(vault: Vault, time: number, floor: Height): Height {
  let low = floor;
  let high = vault.height;
  // The usual case first: with most blocks that are sealed none leaves the window.
  if (low < high && vault.timeAt(plus(low, 1)) > time) return low;
  while (low < high) {
    const middle = plus(low, Math.ceil((high - low) / 2));
    if (vault.timeAt(middle) <= time) low = middle;
    else high = plus(middle, -1);
  }
  return low;
}
