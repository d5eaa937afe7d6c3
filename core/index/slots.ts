/**
 * An open-addressing table from hashes to references: linear probing, no tombstones.
 * A search reads one array of 4-byte slots: 8 bits of the hash, which keep it from looking at records in vain, and 24 bits of
 * reference. The whole hashes lie in an array beside it, which only changes to the table read: so what a search walks
 * through is half as large, and more of it stays in the processor's caches. The home slot is the top bits of the hash: a
 * table that doubles is read and written in order.
 * Invariant: from the home of an entry to its slot there is no empty one.
 */
import { assert } from '../assert.ts';

/** Slots of a new table. */
export const SLOTS_MIN: number = 16;
/** Bits of a reference. */
export const REFERENCE_BITS: number = 24;
/** Largest reference; the smallest is 1. */
export const REFERENCE_MAX: number = 2 ** REFERENCE_BITS - 1;
/** Both arrays. */
export const SLOT_BYTES: number = 8;

/** What a slot holds for an entry. 0 = empty. */
function entryOf(hash: number, reference: number): number {
  return (hash << REFERENCE_BITS) | reference;
}

export class Slots {
  /** One word a slot: the low 8 bits of the hash above the reference; 0 = empty. */
  entries: Int32Array = new Int32Array(SLOTS_MIN);
  /** Home slot = hash >>> shift. */
  shift: number = Math.clz32(SLOTS_MIN) + 1;
  mask: number = SLOTS_MIN - 1;
  count: number = 0;
  private hashes: Int32Array = new Int32Array(SLOTS_MIN);
  private readonly slotsMax: number;

  /** @param slotsMax a power of two, at least 16 */
  constructor(slotsMax: number) {
    assert(slotsMax >= SLOTS_MIN && (slotsMax & (slotsMax - 1)) === 0, 'a table has a power of two of slots');
    this.slotsMax = slotsMax;
  }

  get bytes(): number {
    return SLOT_BYTES * this.entries.length;
  }

  /** Whether no entry may be added: three quarters are in use, and it is as large as it may be. */
  get isFull(): boolean {
    return this.isCrowded && this.mask + 1 === this.slotsMax;
  }

  private get isCrowded(): boolean {
    return 4 * (this.count + 1) > 3 * (this.mask + 1);
  }

  /** Adds an entry that is not there. @param reference 1 to REFERENCE_MAX */
  add(hash: number, reference: number): void {
    assert(reference > 0 && reference <= REFERENCE_MAX && !this.isFull, 'an entry is added where there is room');
    if (this.isCrowded) this.double();
    this.place(hash, entryOf(hash, reference));
    this.count += 1;
  }

  /** What an entry refers to moved. */
  replace(hash: number, before: number, after: number): void {
    this.entries[this.slotOf(hash, before)] = entryOf(hash, after);
  }

  /** Removes an entry; those behind it move up. Source: Knuth, TAOCP 6.4, algorithm R. */
  remove(hash: number, reference: number): void {
    const { entries, hashes, mask, shift } = this;
    let hole = this.slotOf(hash, reference);
    for (let slot = (hole + 1) & mask; entries[slot] !== 0; slot = (slot + 1) & mask) {
      const home = (hashes[slot] as number) >>> shift;
      // It stays where its home lies behind the hole (cyclically): else a search would stop at the hole.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      hashes[hole] = hashes[slot] as number;
      entries[hole] = entries[slot] as number;
      hole = slot;
    }
    entries[hole] = 0;
    this.count -= 1;
  }

  private slotOf(hash: number, reference: number): number {
    const entry = entryOf(hash, reference);
    let slot = hash >>> this.shift;
    while (this.entries[slot] !== entry) {
      assert(this.entries[slot] !== 0, 'an entry is where its hash says');
      slot = (slot + 1) & this.mask;
    }
    return slot;
  }

  private place(hash: number, entry: number): void {
    const { entries, mask } = this;
    let slot = hash >>> this.shift;
    while (entries[slot] !== 0) slot = (slot + 1) & mask;
    entries[slot] = entry;
    this.hashes[slot] = hash;
  }

  private double(): void {
    const { entries, hashes } = this;
    this.entries = new Int32Array(2 * entries.length);
    this.hashes = new Int32Array(2 * entries.length);
    this.shift -= 1;
    this.mask = 2 * this.mask + 1;
    for (let slot = 0; slot < entries.length; slot += 1) {
      if (entries[slot] !== 0) this.place(hashes[slot] as number, entries[slot] as number);
    }
  }
}
