/**
 * The records of an exact index, in segments that are filled one after the other. Once there may be no more segments, the next
 * one to be filled is swept first: dead records go, half of the segment stays at most, and of what is live those records
 * stay that were read since the last sweep (a clock). So memory is bounded whatever is asked, and one call sweeps at most a few
 * segments.
 *
 *   RECORD  word 0  bits 0-12 length of the key in bytes; flags
 *           word 1  space
 *           key, zero-padded to whole words, little-endian
 *           two words expires_at, high and low, only with the flag
 *           perhaps a word, so that records begin at even words
 */
import { assert } from '../assert.ts';
import { HASHED_BYTES_MAX, type KeyHash } from './key-hash.ts';
import { REFERENCE_MAX } from './slots.ts';
import type { Table } from './table.ts';

export const LENGTH_MASK: number = 0x1fff;
/** Read since the last sweep. */
export const REFERENCED: number = 1 << 16;
/** The key has no row. */
export const IS_ABSENT: number = 1 << 17;
/** expires_at stands in the record; else it is 0. */
export const HAS_EXPIRY: number = 1 << 18;
/** In no slot any more. */
const IS_DEAD = 1 << 19;

const HEAD_WORDS = 2;
/** A reference counts units of two words. */
const UNIT_SHIFT = 1;
/** Bits of a word within its segment. Why 2^16 words: a quarter of a MiB is swept in a few hundred microseconds. */
const SEGMENT_SHIFT = 16;
const SEGMENT_WORDS_MAX = 1 << SEGMENT_SHIFT;
const UNITS_SHIFT = SEGMENT_SHIFT - UNIT_SHIFT;
const UNITS_MASK = (1 << UNITS_SHIFT) - 1;
const SEGMENTS_MAX = (REFERENCE_MAX + 1) >>> UNITS_SHIFT;
/** Size of the first segment at first. Why small: a node has many groups, and most hold little. */
const SEGMENT_WORDS_MIN = 1 << 10;
/** A segment's first record. Why not 0: no reference is 0. */
const FIRST_WORD = 1 << UNIT_SHIFT;
const WORD = 0x1_0000_0000;

/** Words of a record, behind which the next one begins. */
function recordWords(header: number): number {
  return (HEAD_WORDS + (((header & LENGTH_MASK) + 3) >>> 2) + ((header & HAS_EXPIRY) === 0 ? 0 : 2) + 1) & ~1;
}

/** Where expires_at begins, from the start of the record. */
function expiryWord(header: number): number {
  return HEAD_WORDS + (((header & LENGTH_MASK) + 3) >>> 2);
}

export interface RecordsOptions {
  readonly budgetBytes: number;
  /** Holds the key that is compared or appended. */
  readonly keys: KeyHash;
  /** Told of records that move or are given up; asked whether it is full. */
  readonly table: Table;
  /** A live record of the space was given up. */
  readonly forgotten: (space: number) => void;
}

export class Records {
  private readonly keys: KeyHash;
  private readonly table: Table;
  private readonly forgotten: (space: number) => void;
  private readonly segments: Int32Array[] = [];
  /** Behind the last record of each segment. */
  private readonly ends: number[] = [];
  private readonly segmentWords: number;
  private readonly segmentsMax: number;
  /** The segment that is being filled. */
  private filling: number = 0;

  constructor(options: RecordsOptions) {
    this.keys = options.keys;
    this.table = options.table;
    this.forgotten = options.forgotten;
    const words = Math.floor(options.budgetBytes / 4);
    this.segmentWords = Math.min(SEGMENT_WORDS_MAX, Math.floor(words / 4));
    this.segmentsMax = Math.min(SEGMENTS_MAX, Math.floor(words / this.segmentWords));
    this.addSegment(Math.min(this.segmentWords, SEGMENT_WORDS_MIN));
  }

  get bytes(): number {
    let words = 0;
    for (const segment of this.segments) words += segment.length;
    return 4 * words;
  }

  segmentOf(reference: number): Int32Array {
    return this.segments[reference >>> UNITS_SHIFT] as Int32Array;
  }

  /** Where in its segment a record begins. */
  wordOf(reference: number): number {
    return (reference & UNITS_MASK) << UNIT_SHIFT;
  }

  /** Whether the record is of the key in `keys.words`. @param length of the key, bytes */
  matches(reference: number, space: number, length: number): boolean {
    const segment = this.segmentOf(reference);
    const at = this.wordOf(reference);
    if (((segment[at] as number) & LENGTH_MASK) !== length || segment[at + 1] !== space) return false;
    const { words } = this.keys;
    const count = (length + 3) >>> 2;
    for (let i = 0; i < count; i += 1) if (segment[at + HEAD_WORDS + i] !== words[i]) return false;
    return true;
  }

  /** Of a record with the flag. */
  expiresAt(reference: number): number {
    const segment = this.segmentOf(reference);
    const at = this.wordOf(reference);
    const expiryAt = at + expiryWord(segment[at] as number);
    return ((segment[expiryAt] as number) >>> 0) * WORD + ((segment[expiryAt + 1] as number) >>> 0);
  }

  markAbsent(reference: number): void {
    this.mark(reference, IS_ABSENT);
  }

  /** The record is in no slot any more. */
  markDead(reference: number): void {
    this.mark(reference, IS_DEAD);
  }

  private mark(reference: number, flag: number): void {
    const segment = this.segmentOf(reference);
    const at = this.wordOf(reference);
    segment[at] = (segment[at] as number) | flag;
  }

  /** The key has a row with this expires_at. @returns false where the record has no room to say so. */
  overwrite(reference: number, expiresAt: number): boolean {
    const segment = this.segmentOf(reference);
    const at = this.wordOf(reference);
    const header = segment[at] as number;
    if ((header & HAS_EXPIRY) !== 0) putExpiry(segment, at + expiryWord(header), expiresAt);
    else if (expiresAt !== 0) return false;
    segment[at] = header & ~IS_ABSENT;
    return true;
  }

  /** A record of the key in `keys.words`. @returns its reference; 0 where it is too long to be held. */
  append(record: { readonly space: number; readonly header: number; readonly expiresAt: number; readonly hash: number }): number {
    const { space, header, expiresAt, hash } = record;
    const size = recordWords(header);
    if (size > (this.segmentWords - FIRST_WORD) >>> 1) return 0;
    this.makeRoom(size, hash);
    const segment = this.segments[this.filling] as Int32Array;
    const at = this.ends[this.filling] as number;
    segment[at] = header;
    segment[at + 1] = space;
    const { words } = this.keys;
    const count = ((header & LENGTH_MASK) + 3) >>> 2;
    for (let i = 0; i < count; i += 1) segment[at + HEAD_WORDS + i] = words[i] as number;
    if ((header & HAS_EXPIRY) !== 0) putExpiry(segment, at + expiryWord(header), expiresAt);
    this.ends[this.filling] = at + size;
    return (this.filling << UNITS_SHIFT) | (at >>> UNIT_SHIFT);
  }

  private addSegment(words: number): void {
    this.filling = this.segments.length;
    this.segments.push(new Int32Array(words));
    this.ends.push(FIRST_WORD);
  }

  /** Until a slot is free for the hash and the segment that is being filled has room for so many words. */
  private makeRoom(size: number, hash: number): void {
    for (;;) {
      const current = this.segments[this.filling] as Int32Array;
      if (this.table.isFull(hash)) this.sweepNext(0.5);
      else if ((this.ends[this.filling] as number) + size <= current.length) return;
      else if (current.length < this.segmentWords) {
        const grown = new Int32Array(Math.min(2 * current.length, this.segmentWords));
        grown.set(current);
        this.segments[this.filling] = grown;
      } else if (this.segments.length < this.segmentsMax) this.addSegment(this.segmentWords);
      else this.sweepNext(1);
    }
  }

  /**
   * Gives up at least half of the next segment, dead records first, moves the rest together, and goes on filling it.
   * @param share of what is live that may stay
   */
  private sweepNext(share: number): void {
    this.filling = (this.filling + 1) % this.segments.length;
    const number = this.filling;
    const segment = this.segments[number] as Int32Array;
    const end = this.ends[number] as number;
    let live = this.liveWords(segment, end);
    const keepMax = Math.min((this.segmentWords - FIRST_WORD) >>> 1, Math.floor(live * share));
    let excess = live - keepMax;
    let to = FIRST_WORD;
    for (let at = FIRST_WORD, size = 0; at < end; at += size) {
      const header = segment[at] as number;
      size = recordWords(header);
      if ((header & IS_DEAD) !== 0) continue;
      live -= size;
      // What was read stays, unless the records behind it are not enough.
      if (excess > 0 && ((header & REFERENCED) === 0 || live < excess)) {
        excess -= size;
        this.giveUp(number, at);
        continue;
      }
      segment[at] = header & ~REFERENCED;
      if (to !== at) this.move(number, at, to, size);
      to += size;
    }
    this.ends[number] = to;
  }

  private liveWords(segment: Int32Array, end: number): number {
    let live = 0;
    for (let at = FIRST_WORD, size = 0; at < end; at += size) {
      size = recordWords(segment[at] as number);
      if (((segment[at] as number) & IS_DEAD) === 0) live += size;
    }
    return live;
  }

  private giveUp(number: number, at: number): void {
    const segment = this.segments[number] as Int32Array;
    if (((segment[at] as number) & IS_ABSENT) === 0) this.forgotten(segment[at + 1] as number);
    this.table.remove(this.hashAt(segment, at), (number << UNITS_SHIFT) | (at >>> UNIT_SHIFT));
  }

  private move(number: number, from: number, to: number, size: number): void {
    const segment = this.segments[number] as Int32Array;
    const before = (number << UNITS_SHIFT) | (from >>> UNIT_SHIFT);
    this.table.replace(this.hashAt(segment, from), before, (number << UNITS_SHIFT) | (to >>> UNIT_SHIFT));
    segment.copyWithin(to, from, from + size);
  }

  private hashAt(segment: Int32Array, at: number): number {
    const length = (segment[at] as number) & LENGTH_MASK;
    return this.keys.ofWords(segment[at + 1] as number, segment, at + HEAD_WORDS, length);
  }
}

function putExpiry(segment: Int32Array, at: number, expiresAt: number): void {
  segment[at] = Math.floor(expiresAt / WORD);
  segment[at + 1] = expiresAt % WORD;
}

assert(HASHED_BYTES_MAX <= LENGTH_MASK, 'the length of a key fits its field');
