/**
 * The table of an exact index in parts, each chosen by bits of the hash. Why parts: one that doubles is done in less than a
 * millisecond, where a whole table of a million entries takes tens of them in one step.
 */
import { assert } from '../assert.ts';
import { SLOT_BYTES, SLOTS_MIN, Slots } from './slots.ts';

/** Slots of one part at most. */
const PART_SLOTS_MAX = 1 << 15;
/** Behind the bits that a slot keeps, before those that choose a slot. */
const PART_SHIFT = 8;
/** Bits between them. */
const PARTS_MAX = 1 << 9;

/** Stands where a part has no entry yet, and stays empty: a young index takes little. */
const EMPTY: Slots = new Slots(SLOTS_MIN);

export class Table {
  private readonly parts: Slots[];
  private readonly partMask: number;
  private readonly partSlotsMax: number;
  count: number = 0;
  bytes: number = 0;

  /** @param bytesMax bound of its arrays, at least 16 slots of 8 bytes */
  constructor(bytesMax: number) {
    const slotsMax = 2 ** (31 - Math.clz32(bytesMax / SLOT_BYTES));
    assert(slotsMax >= SLOTS_MIN, 'a table has room for a part');
    this.partSlotsMax = Math.min(PART_SLOTS_MAX, slotsMax);
    const parts = Math.min(PARTS_MAX, slotsMax / PART_SLOTS_MAX);
    this.parts = new Array<Slots>(Math.max(1, parts)).fill(EMPTY);
    this.partMask = this.parts.length - 1;
  }

  /** The part that holds the entries of a hash. */
  partOf(hash: number): Slots {
    return this.parts[(hash >>> PART_SHIFT) & this.partMask] as Slots;
  }

  /** Whether no entry with this hash may be added. */
  isFull(hash: number): boolean {
    const part = this.partOf(hash);
    return part !== EMPTY && part.isFull;
  }

  /** Adds an entry that is not there. @param reference 1 to REFERENCE_MAX */
  add(hash: number, reference: number): void {
    let part = this.partOf(hash);
    if (part === EMPTY) {
      part = new Slots(this.partSlotsMax);
      this.parts[(hash >>> PART_SHIFT) & this.partMask] = part;
      this.bytes += part.bytes;
    }
    const before = part.bytes;
    part.add(hash, reference);
    this.bytes += part.bytes - before;
    this.count += 1;
  }

  /** What an entry refers to moved. */
  replace(hash: number, before: number, after: number): void {
    this.partOf(hash).replace(hash, before, after);
  }

  remove(hash: number, reference: number): void {
    this.partOf(hash).remove(hash, reference);
    this.count -= 1;
  }
}
