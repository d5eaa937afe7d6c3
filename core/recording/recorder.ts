/**
 * Writes the tape of one node's life: everything that its core was given and answered, and what it wanted (tape-format.ts). The core
 * does not know of it: it is opened with the capabilities that `capabilities` wraps, and the runtime tells of turns and steps.
 *
 * Order: the inputs of a turn are handed to the sink before the first of them is stepped, so that an input that kills the process is on
 * the tape; what came of them follows with the next turn, or when whoever owns the recorder flushes.
 * Bounded: a chunk with which the tape would exceed its limit is not written. The tape ends there, whole, and nothing more is recorded.
 */
import { crc32c } from '../bytes/crc32c.ts';
import { writeId } from '../bytes/hex-id.ts';
import { Writer } from '../bytes/writer.ts';
import { type Cipher, type KeyHandle, TAG_BYTES } from '../capability.ts';
import type { OutboundFrame } from '../codec/outbox.ts';
import type { Clocks, Effect, InputBody } from '../effect.ts';
import { digestEffect, digestFrame, EffectCode } from './effect-digest.ts';
import { writeInput } from './input-bytes.ts';
import {
  CHUNK_HEADER_BYTES,
  EndReason,
  encodeHead,
  nonceOf,
  RECORD_HEADER_BYTES,
  RecordKind,
  type TapeHead,
} from './tape-format.ts';

/** Where a tape goes. */
export interface TapeSink {
  /** Appends bytes, which are valid during the call only. Throws what the operating system says; the tape then takes no more. */
  append(bytes: Uint8Array): void;
}

export type Standing = 'recording' | 'closed' | 'full' | 'failed';

export interface RecorderOptions {
  readonly sink: TapeSink;
  readonly head: TapeHead;
  /** Bytes that the file may have. */
  readonly limitBytes: number;
  /** Seals the chunks, under a key that the head wraps. */
  readonly seal: { readonly cipher: Cipher; readonly key: KeyHandle } | undefined;
  /** It records no more; called once. */
  readonly onStop: (standing: Exclude<Standing, 'recording'>, detail: string) => void;
}

/** What is buffered at most before it goes to the sink, bytes. */
const PENDING_BYTES_MAX = 1 << 20;
/** An end fits always: its chunk, sealed or not. */
const END_BYTES = 64;

export class Recorder {
  standing: Standing = 'recording';
  /** Bytes of the file so far. */
  writtenBytes: number = 0;
  private readonly options: RecorderOptions;
  private readonly head: Uint8Array;
  private checksum: number;
  private chunks: number = 0;
  private pending: Writer = new Writer(PENDING_BYTES_MAX >> 4);
  private readonly frame: Writer = new Writer(CHUNK_HEADER_BYTES);

  constructor(options: RecorderOptions) {
    this.options = options;
    this.head = encodeHead(options.head);
    this.checksum = crc32c(this.head);
    this.append(this.head);
  }

  get isRecording(): boolean {
    return this.standing === 'recording';
  }

  /** What a turn gives to the core, before its first step. */
  turn({ now, wall }: Clocks, batch: readonly InputBody[]): void {
    if (!this.isRecording) return;
    this.record(RecordKind.turn, (out) => {
      out.u64(now);
      out.u64(wall);
      out.u32(batch.length);
      for (const input of batch) writeInput(out, input);
    });
    this.flush();
  }

  /** What one step wanted, or the opening. */
  stepped(effects: readonly Effect[]): void {
    if (!this.isRecording) return;
    this.record(RecordKind.stepped, (out) => {
      out.u32(effects.length);
      for (const effect of effects) {
        out.u8(EffectCode[effect.kind]);
        out.u32(digestEffect(effect));
      }
    });
  }

  /** The frames that leave at the end of a turn. */
  released(frames: readonly OutboundFrame[]): void {
    if (!this.isRecording || frames.length === 0) return;
    this.record(RecordKind.released, (out) => {
      out.u32(frames.length);
      for (const frame of frames) {
        writeId(out, frame.to);
        out.u32(frame.bytes.length);
        out.u32(digestFrame(frame));
      }
    });
  }

  threw(detail: string): void {
    this.answer(RecordKind.threw, (out) => out.text(JSON.stringify(detail)));
    this.flush();
  }

  /** Takes the core's digest: what it reads for that stands in between. Throws what taking it throws. */
  digest(take: () => string): void {
    if (!this.isRecording) return;
    this.answer(RecordKind.look, () => undefined);
    const digest = take();
    this.answer(RecordKind.digest, (out) => out.text(digest));
  }

  /** Something that the core was answered. */
  answer(kind: RecordKind, write: (out: Writer) => void): void {
    if (!this.isRecording) return;
    this.record(kind, write);
    if (this.pending.length > PENDING_BYTES_MAX) this.flush();
  }

  /** Hands over what is buffered. */
  flush(): void {
    const { pending } = this;
    if (!this.isRecording || pending.length === 0) return;
    const bytes = this.writtenBytes + CHUNK_HEADER_BYTES + pending.length + TAG_BYTES + END_BYTES;
    if (bytes > this.options.limitBytes) return this.full();
    this.chunk(this.sealed(pending.peek()));
    if (pending.buffer.length > 2 * PENDING_BYTES_MAX) this.pending = new Writer(PENDING_BYTES_MAX >> 4);
    else pending.reset();
  }

  /** The node ends, orderly. */
  close(): void {
    this.answer(RecordKind.end, (out) => out.u8(EndReason.closed));
    this.flush();
    if (this.isRecording) this.stop('closed', '');
  }

  /** What follows would not be what happened: the tape ends without a word. */
  fail(detail: string): void {
    if (this.isRecording) this.stop('failed', detail);
  }

  private full(): void {
    this.pending.reset();
    this.record(RecordKind.end, (out) => out.u8(EndReason.limit));
    this.chunk(this.sealed(this.pending.peek()));
    if (this.isRecording) this.stop('full', '');
  }

  private stop(standing: Exclude<Standing, 'recording'>, detail: string): void {
    this.standing = standing;
    this.options.onStop(standing, detail);
  }

  private record(kind: RecordKind, write: (out: Writer) => void): void {
    const out = this.pending;
    const start = out.length;
    out.u8(kind);
    out.u32(0);
    try {
      write(out);
    } catch (error) {
      out.length = start; // a node does not end because it is watched
      return this.stop('failed', messageOf(error));
    }
    out.patchU32(start + 1, out.length - start - RECORD_HEADER_BYTES);
  }

  private sealed(payload: Uint8Array): Uint8Array {
    const { seal } = this.options;
    return seal === undefined ? payload : seal.cipher.seal(seal.key, nonceOf(this.chunks), this.head, payload);
  }

  private chunk(payload: Uint8Array): void {
    this.chunks += 1;
    const { frame } = this;
    frame.reset();
    frame.u32(payload.length);
    const ofLength = crc32c(frame.buffer, 0, 4, this.checksum);
    this.checksum = crc32c(payload, 0, payload.length, ofLength);
    frame.u32(ofLength);
    frame.u32(this.checksum);
    const isLarge = payload.length > PENDING_BYTES_MAX; // a second call costs less than a copy that is kept
    if (!isLarge) frame.raw(payload);
    this.append(frame.peek());
    if (isLarge && this.isRecording) this.append(payload);
  }

  private append(bytes: Uint8Array): void {
    try {
      this.options.sink.append(bytes);
      this.writtenBytes += bytes.length;
    } catch (error) {
      this.stop('failed', messageOf(error));
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
