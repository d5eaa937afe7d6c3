/** A vault as one of its blocks left it: what every read looks at. The newest one reads rows where they stand, an older one their history. */
import { unreachable } from '../assert.ts';
import type { Anchor, ClientResult, ReadPoint } from '../client/protocol.ts';
import { HEIGHT_ZERO, type Height, type Micros, plus } from '../ids.ts';
import type { KeyRange } from './key-reader.ts';
import { type PastRow, rowAt } from './past.ts';
import { errorResult, VAULT_MISSING_THEN } from './results.ts';
import { oldestHeight } from './retention.ts';
import { decodeEntityRow, decodeTupleRow, type EntityLeaf, type TupleLeaf } from './rows.ts';
import { RowsAt } from './rows-at.ts';
import type { TupleKey } from './transaction.ts';
import type { Vault } from './vault.ts';

export class VaultView {
  readonly vault: Vault;
  readonly height: Height;
  /** Time of the block: decides what is live. */
  readonly time: Micros;

  /** @param height 1 to the vault's own. */
  constructor(vault: Vault, height: Height) {
    this.vault = vault;
    this.height = height;
    this.time = height === vault.height ? vault.time : vault.timeAt(height);
  }

  get isNewest(): boolean {
    return this.height === this.vault.height;
  }

  /** Whether the vault's retention does not reach back to this block. */
  get isPruned(): boolean {
    return !this.isNewest && this.height < oldestHeight(this.vault);
  }

  get anchor(): Anchor {
    return this.vault.anchorAt(this.height);
  }

  /** The stored tuple, live or not. */
  tuple(tuple: TupleKey): TupleLeaf | undefined {
    const { leaves } = this.vault;
    if (this.isNewest) return leaves.tuple(tuple);
    const row = rowAt(leaves, leaves.keys.tuple(tuple), this.height);
    return row === undefined ? undefined : decodeTupleRow(row);
  }

  /** The stored entity, live or not. */
  entity(key: string): EntityLeaf | undefined {
    const { leaves } = this.vault;
    if (this.isNewest) return leaves.entity(key);
    const row = rowAt(leaves, leaves.keys.entity(key), this.height);
    return row === undefined ? undefined : decodeEntityRow(row);
  }

  /** Rows of a range of tables 1 to 3 in key order; of an older block also keys that had no row then, or none that can be read. */
  rows(range: KeyRange): Iterable<PastRow> {
    const { rows, keys } = this.vault.leaves;
    const { height, isNewest } = this;
    return new RowsAt({ rows, keys, height, floor: oldestHeight(this.vault), isNewest }).scan(range);
  }
}

/** The view of a point, or the error that there is none. The vault has its first block. */
export function viewAt(vault: Vault, point: ReadPoint): VaultView | ClientResult {
  switch (point.kind) {
    case 'newest':
      return new VaultView(vault, vault.height);
    case 'height':
      if (point.height <= vault.height) return new VaultView(vault, point.height);
      return errorResult('height_missing', `the newest block of this vault is ${vault.height}`);
    case 'time': {
      const height = heightAt(vault, point.time);
      return height === HEIGHT_ZERO ? VAULT_MISSING_THEN : new VaultView(vault, height);
    }
    default:
      return unreachable(point);
  }
}

/** Height of the last block with a time at or before the given one; 0 where there is none. Block times grow. */
function heightAt(vault: Vault, time: Micros): Height {
  if (vault.time <= time) return vault.height;
  let low = HEIGHT_ZERO;
  let high = vault.height;
  while (low < high) {
    const middle = plus(low, Math.ceil((high - low) / 2));
    if (vault.timeAt(middle) <= time) low = middle;
    else high = plus(middle, -1);
  }
  return low;
}
