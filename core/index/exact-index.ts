/**
 * Exact keys without the ordered tree: from a key to the expires_at of its row, in bounded memory.
 *
 * Why records of its own instead of references into pages: a page moves at its first change after a checkpoint, and what stood
 * there before may stay readable for a snapshot, with the key and an old row in it. A copy of the key and the one field a check
 * needs goes stale only by a write to that key, and every write passes here. It also answers without a page in memory.
 *
 * It holds nothing that decides: whatever it does not know is UNKNOWN, and the tree is asked. It knows that a key is absent by
 * a record that says so, or because its space is complete: every write since the space was empty has passed here and no live
 * record was given up.
 */
import { assert } from '../assert.ts';
import type { SeedWords } from '../random.ts';
import { KeyHash } from './key-hash.ts';
import { HAS_EXPIRY, IS_ABSENT, REFERENCED, Records } from './records.ts';
import { REFERENCE_BITS } from './slots.ts';
import { Table } from './table.ts';

/** The key has no row. */
export const ABSENT: number = -1;
/** Not known here: ask the tree, then `learn`. */
export const UNKNOWN: number = -2;

/** Smallest budget, bytes. */
export const INDEX_BYTES_MIN: number = 1024;
/** Largest budget, bytes. Why: what a quarter of it is for the table, and references count no further in the rest. */
export const INDEX_BYTES_MAX: number = 160 << 20;

export class ExactIndex {
  private readonly keys: KeyHash;
  private readonly table: Table;
  private readonly records: Records;
  /** 1 at a space: what has no live record there has no row. */
  private complete: Uint8Array = new Uint8Array(16);
  private spaces: number = 0;
  /** Hash of the key that was located last. */
  private hash: number = 0;

  /**
   * @param options.budgetBytes bound of what it holds, INDEX_BYTES_MIN to INDEX_BYTES_MAX.
   * @param options.seed equal seeds make equal tables; an unknown one keeps writers from choosing keys that collide.
   */
  constructor(options: { readonly budgetBytes: number; readonly seed: SeedWords }) {
    const { budgetBytes, seed } = options;
    assert(budgetBytes >= INDEX_BYTES_MIN && budgetBytes <= INDEX_BYTES_MAX, 'an index has a budget that it can use');
    this.keys = new KeyHash(seed);
    // A quarter at most for the table: with keys of usual length the records are what runs out first.
    const tableBytesMax = budgetBytes >>> 2;
    this.table = new Table(tableBytesMax);
    this.records = new Records({
      budgetBytes: budgetBytes - tableBytesMax,
      keys: this.keys,
      table: this.table,
      forgotten: (space) => {
        this.complete[space] = 0;
      },
    });
  }

  /** Keys it knows something of. */
  get count(): number {
    return this.table.count;
  }

  /** Bytes of its table and records. */
  get bytes(): number {
    return this.table.bytes + this.records.bytes;
  }

  /** A new space of keys. @param isEmpty whether there is no row yet, so that the index can know all of them. */
  openSpace(isEmpty: boolean): number {
    const space = this.spaces;
    this.spaces += 1;
    if (space === this.complete.length) {
      const grown = new Uint8Array(2 * space);
      grown.set(this.complete);
      this.complete = grown;
    }
    this.complete[space] = isEmpty ? 1 : 0;
    return space;
  }

  /** Whether every key of the space without a live record is known to be absent. */
  isComplete(space: number): boolean {
    return this.complete[space] === 1;
  }

  /** expires_at of the key's row, microseconds, 0 = never; or ABSENT, or UNKNOWN. */
  find(space: number, key: Uint8Array): number {
    const reference = this.locate(space, key);
    if (reference === 0) return this.complete[space] === 1 ? ABSENT : UNKNOWN;
    const segment = this.records.segmentOf(reference);
    const at = this.records.wordOf(reference);
    const header = segment[at] as number;
    if ((header & REFERENCED) === 0) segment[at] = header | REFERENCED;
    if ((header & (IS_ABSENT | HAS_EXPIRY)) === 0) return 0;
    return (header & IS_ABSENT) !== 0 ? ABSENT : this.records.expiresAt(reference);
  }

  /** What the tree said after UNKNOWN. @param expiresAt of the row, or ABSENT */
  learn(space: number, key: Uint8Array, expiresAt: number): void {
    assert(this.complete[space] === 0, 'a complete space has nothing to learn');
    this.set(space, key, expiresAt);
  }

  /** The key's row was written. An incomplete space only keeps what it holds: a load must not push out what is read. */
  written(space: number, key: Uint8Array, expiresAt: number): void {
    if (this.complete[space] === 1 || this.locate(space, key) !== 0) this.set(space, key, expiresAt);
  }

  /** The key's row was removed, or there was none. */
  removed(space: number, key: Uint8Array): void {
    const reference = this.locate(space, key);
    if (reference === 0) return;
    if (this.complete[space] === 1) this.drop(reference, this.hash);
    else this.records.markAbsent(reference);
  }

  private set(space: number, key: Uint8Array, expiresAt: number): void {
    const reference = this.locate(space, key);
    const { hash } = this;
    if (reference !== 0) {
      if (expiresAt === ABSENT) return this.records.markAbsent(reference);
      if (this.records.overwrite(reference, expiresAt)) return;
      this.drop(reference, hash);
    }
    const flags = expiresAt === ABSENT ? IS_ABSENT : expiresAt === 0 ? 0 : HAS_EXPIRY;
    const added = this.records.append({ space, header: key.length | flags, expiresAt, hash });
    if (added === 0)
      this.complete[space] = 0; // too long to be held: no longer known
    else this.table.add(hash, added);
  }

  private drop(reference: number, hash: number): void {
    this.table.remove(hash, reference);
    this.records.markDead(reference);
  }

  /** Reference of the key's record, 0 = none. The key is then in `keys.words`, its hash in `hash`. */
  private locate(space: number, key: Uint8Array): number {
    const hash = this.keys.load(space, key);
    this.hash = hash;
    const { entries, shift, mask } = this.table.partOf(hash);
    for (let slot = hash >>> shift; ; slot = (slot + 1) & mask) {
      const entry = entries[slot] as number;
      if (entry === 0) return 0;
      // The same 8 bits of the hash: nothing above the reference is left.
      const reference = entry ^ (hash << REFERENCE_BITS);
      if (reference >>> REFERENCE_BITS === 0 && this.records.matches(reference, space, key.length)) return reference;
    }
  }
}
