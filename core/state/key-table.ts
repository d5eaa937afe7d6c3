/**
 * The keys with which nodes sign checkpoints (core/signing), and since when: a node has at most one in force, and those that were
 * are kept, so that a note that one of them signed stays checkable. A key goes when its node registers another one, or is removed.
 *
 *   KEY                            ROW
 *   u8 9, node 16, u64 log index   public key 32, u64 log index from which it is retired; 0 = it is in force
 *   of the entry that registered it
 */
import type { BTree } from '../btree/tree.ts';
import { equalBytes } from '../bytes/compare.ts';
import { readId, writeId } from '../bytes/hex-id.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { PUBLIC_KEY_BYTES } from '../capability.ts';
import type { NodeKeyEntry } from '../client/protocol.ts';
import { INDEX_ZERO, type LogIndex, maxOf, type NodeId } from '../ids.ts';
import { NODE_KEYS_MAX } from '../limits.ts';
import { tableRange } from './key-reader.ts';

/** On disk: do not renumber. */
export const KEY_TABLE: number = 9;
const KEY_BYTES = 1 + 16 + 8;
const ROW_BYTES = PUBLIC_KEY_BYTES + 8;

export class KeyTable {
  private readonly rows: BTree;
  private known: readonly NodeKeyEntry[] = [];
  private changedAt: LogIndex = INDEX_ZERO;
  /** Whether `known` and `changedAt` are older than the rows. */
  private stale: boolean = true;

  /** @param rows the directory's tree; this table is one of those in it. */
  constructor(rows: BTree) {
    this.rows = rows;
  }

  /** Every key there is and was, by node, then by age. */
  get entries(): readonly NodeKeyEntry[] {
    if (this.stale) this.reload();
    return this.known;
  }

  /** Log index of the newest change; 0 where there was none. */
  get revision(): LogIndex {
    if (this.stale) this.reload();
    return this.changedAt;
  }

  /** The key that the node signs with by now. */
  currentOf(node: NodeId): Uint8Array | undefined {
    return this.inForce(node)?.publicKey;
  }

  /**
   * From this entry on the key is the node's, which is a member. Idempotent.
   * @returns whether it is now; else it is, or was, registered already (a key is used once), or the node has had too many
   */
  register(node: NodeId, publicKey: Uint8Array, index: LogIndex): boolean {
    const current = this.inForce(node);
    if (current !== undefined && equalBytes(current.publicKey, publicKey)) return true;
    if (this.entries.some((each) => equalBytes(each.publicKey, publicKey))) return false;
    if (this.entries.filter((each) => each.node === node).length >= NODE_KEYS_MAX) return false;
    this.retire(node, index);
    this.set({ node, publicKey: publicKey.slice(), from: index, retired: undefined });
    return true;
  }

  /** What the node signs after this entry counts for nothing. */
  retire(node: NodeId, index: LogIndex): void {
    const current = this.inForce(node);
    if (current !== undefined) this.set({ ...current, retired: index });
  }

  /** Takes over a row of a snapshot. @returns false where it cannot be a row of this table. */
  restoreRow(key: Uint8Array, row: Uint8Array): boolean {
    if (key.length !== KEY_BYTES || row.length !== ROW_BYTES) return false;
    const { from, retired } = readEntry(key, row);
    if (from === INDEX_ZERO || (retired !== undefined && retired <= from)) return false;
    this.rows.set(key, row);
    this.stale = true;
    return true;
  }

  private inForce(node: NodeId): NodeKeyEntry | undefined {
    return this.entries.find((each) => each.node === node && each.retired === undefined);
  }

  private set(entry: NodeKeyEntry): void {
    const key = new Writer(KEY_BYTES);
    key.u8(KEY_TABLE);
    writeId(key, entry.node);
    key.u64(entry.from);
    const row = new Writer(ROW_BYTES);
    row.raw(entry.publicKey);
    row.u64(entry.retired ?? INDEX_ZERO);
    this.rows.set(key.peek(), row.finish());
    this.stale = true;
  }

  private reload(): void {
    const entries: NodeKeyEntry[] = [];
    let changedAt = INDEX_ZERO;
    for (const { key, value } of this.rows.scan(tableRange(KEY_TABLE))) {
      const entry = readEntry(key, value);
      changedAt = maxOf(changedAt, maxOf(entry.from, entry.retired ?? INDEX_ZERO));
      entries.push(entry);
    }
    this.known = entries;
    this.changedAt = changedAt;
    this.stale = false;
  }
}

function readEntry(key: Uint8Array, row: Uint8Array): NodeKeyEntry {
  const place = new Reader(key, 1);
  const node = readId<'NodeId'>(place);
  const from = place.u64() as LogIndex;
  const retired = new Reader(row, PUBLIC_KEY_BYTES).u64() as LogIndex;
  return { node, publicKey: row.slice(0, PUBLIC_KEY_BYTES), from, retired: retired === INDEX_ZERO ? undefined : retired };
}
