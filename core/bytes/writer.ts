/** A growing big-endian writer. Why our own: the codecs are on the hot path and DataView calls inline well. */
import { assert } from '../assert.ts';
import { utf8Length, writeUtf8 } from './text.ts';

export class Writer {
  private bytes: Uint8Array;
  private view: DataView;
  /** Bytes written so far. */
  length: number = 0;

  constructor(capacityBytes: number = 256) {
    this.bytes = new Uint8Array(capacityBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  private reserve(count: number): number {
    const at = this.length;
    const needed = at + count;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
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
    this.view.setUint16(at, value);
  }
  u32(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value);
  }
  /** A safe non-negative integer as u64. Two u32 halves: bigint is seven times slower. */
  u64(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'a u64 is a safe non-negative integer');
    const at = this.reserve(8);
    const high = Math.floor(value / 0x1_0000_0000);
    this.view.setUint32(at, high);
    this.view.setUint32(at + 4, value - high * 0x1_0000_0000);
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
    const length = utf8Length(text);
    assert(length >= 0, 'text is well-formed');
    this.u32(length);
    const at = this.reserve(length);
    writeUtf8(text, this.bytes, at);
  }
  /** Overwrites four bytes written before, for lengths known only afterwards. */
  patchU32(at: number, value: number): void {
    assert(at + 4 <= this.length, 'patch lies within what was written');
    this.view.setUint32(at, value);
  }
  /** What was written, as a copy of exact size. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
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
