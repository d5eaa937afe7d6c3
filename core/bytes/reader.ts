/**
 * A strict big-endian reader over bytes from outside. It never throws: the first violation makes it `failed`, further
 * reads return zeros, and the caller checks once at the end (`finish`). Bytes returned are views, never kept.
 */
import type { Decoded, DecodeError } from '../errors.ts';
import type { IdTexts } from './id-text.ts';
import { fromUtf8 } from './text.ts';
import { readWord } from './word.ts';

const NONE: Uint8Array = new Uint8Array(0);

export class Reader {
  private readonly bytes: Uint8Array;
  private readonly end: number;
  /** Offset of the next byte, from the start of the array given. */
  at: number;
  /** The first violation, if any. */
  failed: DecodeError | undefined = undefined;

  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.at;
  }

  /** Records the first violation; later ones are consequences. */
  fail(reason: DecodeError): void {
    if (this.failed === undefined) this.failed = reason;
  }

  private take(count: number): number {
    const at = this.at;
    if (this.failed !== undefined) return -1;
    if (count > this.end - at) {
      this.fail('truncated');
      return -1;
    }
    this.at = at + count;
    return at;
  }

  u8(): number {
    const at = this.take(1);
    return at < 0 ? 0 : (this.bytes[at] as number);
  }
  u16(): number {
    const at = this.take(2);
    return at < 0 ? 0 : ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
  }
  u32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : readWord(this.bytes, at);
  }
  /** A u64 that a double holds exactly; larger ones are `bad_value`. */
  u64(): number {
    const at = this.take(8);
    if (at < 0) return 0;
    const high = readWord(this.bytes, at);
    if (high > 0x1f_ffff) {
      this.fail('bad_value');
      return 0;
    }
    return high * 0x1_0000_0000 + readWord(this.bytes, at + 4);
  }
  /** A view of the next count bytes. */
  raw(count: number): Uint8Array {
    const at = this.take(count);
    return at < 0 ? NONE : this.bytes.subarray(at, at + count);
  }
  /** A view of a u32-length-prefixed run of at most maxBytes. */
  blob(maxBytes: number): Uint8Array {
    const length = this.u32();
    if (length > maxBytes) {
      this.fail('too_large');
      return NONE;
    }
    return this.raw(length);
  }
  /** A copy of the next count bytes, to be kept. */
  copy(count: number): Uint8Array {
    const at = this.take(count);
    return at < 0 ? NONE : this.bytes.slice(at, at + count);
  }
  /** A copy of a u32-length-prefixed run of at most maxBytes, to be kept. */
  blobCopy(maxBytes: number): Uint8Array {
    const length = this.u32();
    if (length > maxBytes) {
      this.fail('too_large');
      return NONE;
    }
    return this.copy(length);
  }
  /** u32-length-prefixed UTF-8 of at most maxBytes bytes; malformed UTF-8 is fatal. */
  text(maxBytes: number): string {
    const length = this.u32();
    if (length > maxBytes) {
      this.fail('too_large');
      return '';
    }
    const at = this.take(length);
    if (at < 0) return '';
    const text = fromUtf8(this.bytes, at, at + length);
    if (text === undefined) {
      this.fail('bad_utf8');
      return '';
    }
    return text;
  }
  /** The text of the next 16 bytes, an id; the empty one after a failure. */
  id(texts: IdTexts): string {
    const at = this.take(16);
    return at < 0 ? '' : texts.textOf(this.bytes, at);
  }
  /** A u8 that is 0 or 1. */
  flag(): boolean {
    const value = this.u8();
    if (value > 1) this.fail('bad_value');
    return value === 1;
  }
  /** The value if nothing failed and nothing is left over. */
  finish<T>(value: T): Decoded<T> {
    if (this.failed === undefined && this.at !== this.end) this.fail('trailing_bytes');
    return this.failed === undefined ? { ok: true, value } : { ok: false, reason: this.failed, offset: this.at };
  }
}
