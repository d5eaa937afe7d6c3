/**
 * A growing big-endian writer. Why our own: the codecs are on the hot path. What costs there is not the writing but the
 * arrays: one above 64 bytes lives outside the engine's heap and costs 300 ns and its part of a collection. So hot callers
 * keep a writer and `reset` it, or know the size beforehand and `take` the array without a copy.
 */
import { assert } from '../assert.ts';
import { utf8Length, writeAscii, writeUtf8 } from './text.ts';
import { writeWord } from './word.ts';

const NONE: Uint8Array = new Uint8Array(0);
/** Why 16 KiB: a lingering cut keeps no more than this alive. */
const SLAB_BYTES: number = 16 * 1024;

export class Writer {
  private bytes: Uint8Array;
  /** Bytes written so far. */
  length: number = 0;
  /** Where cuts are put, and how much of it is taken. */
  private slab: Uint8Array = NONE;
  private slabUsed: number = 0;
  private cuts: number = 0;

  constructor(capacityBytes: number = 256) {
    this.bytes = new Uint8Array(capacityBytes);
  }

  private reserve(count: number): number {
    const at = this.length;
    const needed = at + count;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
    }
    this.length = needed;
    return at;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }
  u16(value: number): void {
    const at = this.reserve(2);
    this.bytes[at] = value >>> 8;
    this.bytes[at + 1] = value;
  }
  u32(value: number): void {
    const at = this.reserve(4);
    writeWord(value, this.bytes, at);
  }
  /** A safe non-negative integer as u64. Two u32 halves: bigint is seven times slower. */
  u64(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'a u64 is a safe non-negative integer');
    const at = this.reserve(8);
    const high = Math.floor(value / 0x1_0000_0000);
    writeWord(high, this.bytes, at);
    writeWord(value - high * 0x1_0000_0000, this.bytes, at + 4);
  }
  /** Bytes as they are, without a length. */
  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
  }
  /** u32 length, then the bytes. */
  blob(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }
  /** u32 length, then UTF-8. The text holds no lone surrogate. */
  text(text: string): void {
    const start = this.reserve(4 + text.length);
    if (writeAscii(text, this.bytes, start + 4)) {
      writeWord(text.length, this.bytes, start);
      return;
    }
    this.length = start;
    const length = utf8Length(text);
    assert(length >= 0, 'text is well-formed');
    this.u32(length);
    const at = this.reserve(length); // may replace this.bytes
    writeUtf8(text, this.bytes, at);
  }
  /** Overwrites four bytes written before, for lengths known only afterwards. */
  patchU32(at: number, value: number): void {
    assert(at + 4 <= this.length, 'patch lies within what was written');
    writeWord(value, this.bytes, at);
  }
  /** What was written, as a copy of exact size. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
  /**
   * What was written, as a copy that shares its buffer with other cuts of this writer: for small messages that live a
   * moment. Why: a slab is one array for a hundred of them. A large one, and the first of a writer, is a copy of its own.
   */
  cut(): Uint8Array {
    const { length } = this;
    this.cuts += 1;
    if (this.cuts === 1 || length > SLAB_BYTES / 8) return this.finish();
    if (this.slabUsed + length > this.slab.length) {
      this.slab = new Uint8Array(SLAB_BYTES);
      this.slabUsed = 0;
    }
    const { slab, slabUsed: at } = this;
    slab.set(this.bytes.subarray(0, length), at);
    this.slabUsed = at + length;
    return slab.subarray(at, at + length);
  }
  /** What was written, given away: without a copy where the capacity was the exact size. The writer is empty afterwards. */
  take(): Uint8Array {
    const { bytes, length } = this;
    this.bytes = NONE;
    this.length = 0;
    return bytes.length === length ? bytes : bytes.slice(0, length);
  }
  /** The array written to: its first `length` bytes are what was written. The next write may replace it. */
  get buffer(): Uint8Array {
    return this.bytes;
  }
  /** What was written, as a view that the next write may invalidate. */
  peek(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
  /** Forgets what was written, keeping the allocation. */
  reset(): void {
    this.length = 0;
  }
}
