/**
 * Reads a tape, record by record, and says where and how it ends: whole, torn (the process was killed while it wrote), or damaged.
 * Total: any bytes give records, then one of these ends.
 */
import { crc32c } from '../bytes/crc32c.ts';
import { Reader } from '../bytes/reader.ts';
import type { Cipher, KeyHandle } from '../capability.ts';
import { CHUNK_HEADER_BYTES, HEAD_AT, HEAD_BYTES_MAX, nonceOf, type ReadHead, RecordKind, readHead } from './tape-format.ts';

/** The bytes of a tape's file. */
export interface TapeBytes {
  readonly size: number;
  /** Up to so many bytes from offset; shorter only at the end. */
  read(offset: number, lengthBytes: number): Uint8Array;
}

export interface TapeRecord {
  readonly kind: RecordKind;
  /** Of the body; views of the reader's bytes. */
  readonly body: Reader;
}

/** over: behind a whole chunk, wherever the writer was. torn, damaged: at that offset of the file. */
export type TapeEnd =
  | { readonly state: 'over' }
  | { readonly state: 'torn'; readonly offset: number }
  | { readonly state: 'damaged'; readonly offset: number };

/** Of a tail that may be zeros, looked at in one go. */
const TAIL_BYTES = 1 << 20;
const KINDS: ReadonlySet<number> = new Set(Object.values(RecordKind));

/** Opens a tape by its head. */
export function openTape(bytes: TapeBytes): ReadHead {
  return readHead(bytes.read(0, Math.min(bytes.size, HEAD_AT + HEAD_BYTES_MAX + 4)));
}

export class TapeReader {
  /** Why there is no further record; undefined while there may be one. */
  end: TapeEnd | undefined = undefined;
  private readonly bytes: TapeBytes;
  private readonly head: Uint8Array;
  private readonly seal: { readonly cipher: Cipher; readonly key: KeyHandle } | undefined;
  private offset: number;
  private checksum: number;
  private chunks: number = 0;
  private payload: Reader = new Reader(new Uint8Array(0));
  private ahead: TapeRecord | undefined = undefined;

  /** @param head as `openTape` gave it. @param seal of a sealed tape */
  constructor(bytes: TapeBytes, head: Uint8Array, seal?: { readonly cipher: Cipher; readonly key: KeyHandle }) {
    this.bytes = bytes;
    this.head = head;
    this.seal = seal;
    this.offset = head.length;
    this.checksum = crc32c(head);
  }

  /** The next record, left where it is. undefined: `end` says why there is none. */
  peek(): TapeRecord | undefined {
    if (this.ahead !== undefined) return this.ahead;
    while (this.end === undefined && this.payload.remaining === 0) this.nextChunk();
    if (this.end !== undefined) return undefined;
    this.ahead = this.nextRecord();
    return this.ahead;
  }

  next(): TapeRecord | undefined {
    const record = this.peek();
    this.ahead = undefined;
    return record;
  }

  private nextRecord(): TapeRecord | undefined {
    const { payload } = this;
    const kind = payload.u8();
    const length = payload.u32();
    const body = payload.raw(length);
    if (payload.failed === undefined && KINDS.has(kind)) return { kind: kind as RecordKind, body: new Reader(body) };
    this.end = { state: 'damaged', offset: this.offset };
    return undefined;
  }

  private nextChunk(): void {
    const { offset, bytes } = this;
    if (offset === bytes.size) {
      this.end = { state: 'over' };
      return;
    }
    const header = bytes.read(offset, CHUNK_HEADER_BYTES);
    const fields = new Reader(header);
    const [length, ofLength, ofPayload] = [fields.u32(), fields.u32(), fields.u32()];
    if (fields.failed !== undefined) return this.torn();
    if (crc32c(header, 0, 4, this.checksum) !== ofLength) return this.broken();
    const from = offset + CHUNK_HEADER_BYTES;
    if (from + length > bytes.size) return this.torn();
    const sealed = bytes.read(from, length);
    if (crc32c(sealed, 0, sealed.length, ofLength) !== ofPayload) return this.broken();
    const payload =
      this.seal === undefined ? sealed : this.seal.cipher.open(this.seal.key, nonceOf(this.chunks), this.head, sealed);
    if (payload === undefined) return this.broken();
    this.checksum = ofPayload;
    this.chunks += 1;
    this.offset = from + length;
    this.payload = new Reader(payload);
  }

  private torn(): void {
    this.end = { state: 'torn', offset: this.offset };
  }

  /** A tail of zeros is what a power cut leaves of a file that had grown; anything else was whole once. */
  private broken(): void {
    this.end = { state: this.isZeroFrom(this.offset) ? 'torn' : 'damaged', offset: this.offset };
  }

  private isZeroFrom(offset: number): boolean {
    for (let at = offset; at < this.bytes.size; at += TAIL_BYTES) {
      if (this.bytes.read(at, TAIL_BYTES).some((byte) => byte !== 0)) return false;
    }
    return true;
  }
}
