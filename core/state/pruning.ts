/**
 * Removes the history that nobody may read any more (retention.ts), some rows behind each entry. It decides nothing: below the
 * floor every replica answers `pruned_height` at once, and snapshots leave out what is below it, however far the removal is.
 * So nothing of it is replicated or persisted: after a restart it begins again when a floor moves next.
 *
 * How much is left behind: a sweep reads at least 4 rows for each one that the block added to the history (half of a block's
 * writes at most), so while it goes once through n rows, n/4 fall below the floor: what is on disk is at most a third more than
 * what is needed, as long as the floor follows the blocks. A floor that jumps leaves more behind for a while.
 */
import type { BTree } from '../btree/tree.ts';
import { readWord } from '../bytes/word.ts';
import type { Height, VaultId } from '../ids.ts';
import { PRUNE_ROWS_MIN, PRUNE_ROWS_PER_WRITE } from '../limits.ts';
import type { KeyRange } from './key-reader.ts';
import { Table } from './keys.ts';
import { oldestHeight, raiseFloor } from './retention.ts';
import type { Vault } from './vault.ts';

const BODIES: KeyRange = { from: Uint8Array.of(Table.transaction), to: Uint8Array.of(Table.header) };
const HISTORY: Uint8Array = Uint8Array.of(Table.history);
const END: Uint8Array = Uint8Array.of(Table.expiry);
const TWO_32 = 0x1_0000_0000;

function heightAt(key: Uint8Array, at: number): number {
  return readWord(key, at) * TWO_32 + readWord(key, at + 4);
}

/** The height at the end of a key in which newer ones sort first. */
function invertedHeight(key: Uint8Array): number {
  const at = key.length - 8;
  return (~readWord(key, at) >>> 0) * TWO_32 + (~readWord(key, at + 4) >>> 0);
}

/** Which rows of tables 5 to 8 a vault with this floor needs. To be asked in key order: of each bucket the newest row below counts. */
export class NeededRows {
  /** May rise on the way: then of a bucket under way one row more is kept than is needed. */
  floor: Height;
  /** The bucket whose newest row at or below the floor was seen. */
  private bucket: number = -1;

  constructor(floor: Height) {
    this.floor = floor;
  }

  has(key: Uint8Array): boolean {
    switch (key[0]) {
      case Table.transaction:
        return heightAt(key, 1) >= this.floor;
      case Table.history:
        // It ended in that block, so the one before it is the last to show it.
        return invertedHeight(key) > this.floor;
      case Table.bucketHistory: {
        if (invertedHeight(key) > this.floor) return true;
        const isNewest = key[1] !== this.bucket;
        this.bucket = key[1] as number;
        return isNewest;
      }
      default:
        return true;
    }
  }
}

/** Whether a key of the history table is of a row that no height from the floor on shows. */
export function isPrunedHistory(key: Uint8Array, floor: Height): boolean {
  return invertedHeight(key) <= floor;
}

/** One walk over a vault's history; bodies, which stand in order of height, are found without one. */
class Sweep {
  /** The floor that the vault had when it began: nothing at or below it is left behind once it is over. */
  readonly floor: Height;
  private readonly needed: NeededRows;
  private from: Uint8Array = HISTORY;

  constructor(floor: Height) {
    this.floor = floor;
    this.needed = new NeededRows(floor);
  }

  /** Reads so many rows at most. @param floor the vault's own by now @returns whether the walk is over. */
  step(rows: BTree, rowsMax: number, floor: Height): boolean {
    this.needed.floor = floor;
    const gone: Uint8Array[] = [];
    this.findBodies(rows, rowsMax, gone);
    const isOver = this.walk(rows, rowsMax - gone.length, gone);
    for (const key of gone) rows.delete(key);
    return isOver;
  }

  private findBodies(rows: BTree, rowsMax: number, gone: Uint8Array[]): void {
    const cursor = rows.scan(BODIES);
    while (gone.length < rowsMax && cursor.advance()) {
      const key = cursor.key();
      if (this.needed.has(key)) return;
      gone.push(key);
    }
  }

  private walk(rows: BTree, rowsMax: number, gone: Uint8Array[]): boolean {
    const cursor = rows.scan({ from: this.from, to: END });
    for (let read = 0; read < rowsMax; read += 1) {
      if (!cursor.advance()) return true;
      const key = cursor.key();
      if (!this.needed.has(key)) gone.push(key);
      this.from = after(key);
    }
    return false;
  }
}

/** The first key there can be behind another. */
function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** How fast it goes. It may differ between replicas, and between two lives of one. */
export interface PruningPace {
  /** Rows looked at behind each block of a vault that has something to remove, and behind each entry. */
  readonly rowsMin: number;
  /** More for each row that the block wrote. */
  readonly rowsPerWrite: number;
}

export const DEFAULT_PRUNING_PACE: PruningPace = { rowsMin: PRUNE_ROWS_MIN, rowsPerWrite: PRUNE_ROWS_PER_WRITE };

export class Pruning {
  private readonly pace: PruningPace;
  /** Sweeps under way, the one that waits longest first. */
  private readonly sweeps: Map<VaultId, Sweep> = new Map();

  constructor(pace: PruningPace) {
    this.pace = pace;
  }

  /** A vault sealed a block. @param writes how often its rows were written for that. */
  sealed(vault: Vault, writes: number): void {
    if (raiseFloor(vault) && !this.sweeps.has(vault.id)) this.sweeps.set(vault.id, new Sweep(oldestHeight(vault)));
    this.work(vault, this.pace.rowsMin + this.pace.rowsPerWrite * writes);
  }

  /** A vault of which there is something left to remove. */
  get next(): VaultId | undefined {
    return this.sweeps.keys().next().value;
  }

  /** The vault is not there any more. */
  forget(vault: VaultId): void {
    this.sweeps.delete(vault);
  }

  /** Goes on with a vault. @param rowsMax rows that are read at most. */
  work(vault: Vault, rowsMax: number = this.pace.rowsMin): void {
    const sweep = this.sweeps.get(vault.id);
    if (sweep === undefined) return;
    const floor = oldestHeight(vault);
    const isOver = sweep.step(vault.leaves.rows, rowsMax, floor);
    this.sweeps.delete(vault.id);
    if (!isOver) this.sweeps.set(vault.id, sweep);
    else if (floor > sweep.floor) this.sweeps.set(vault.id, new Sweep(floor));
  }
}
