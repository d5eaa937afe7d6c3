/** The tape as the witness of a replay: gives its records in order, and compares what happens with what stands there. */

import { readId } from '../../core/bytes/hex-id.ts';
import type { OutboundFrame } from '../../core/codec/outbox.ts';
import type { Clocks, Effect } from '../../core/effect.ts';
import { digestEffect, digestFrame, EffectCode } from '../../core/recording/effect-digest.ts';
import { EndReason, RecordKind } from '../../core/recording/tape-format.ts';
import type { TapeReader, TapeRecord } from '../../core/recording/tape-reader.ts';
import { TraceHash } from '../trace.ts';
import { Departure, TapeDamaged, TapeOver } from './departure.ts';
import type { Answers } from './replaying-capabilities.ts';

/** closed, limit: the tape says so. killed: it ends behind a whole chunk, without a word. torn: within one. */
export type Ending = 'closed' | 'limit' | 'killed' | 'torn';

const TEXT_BYTES_MAX = 1 << 24;
const EFFECT_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(EffectCode).map(([name, code]) => [code, name]));
const RECORD_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(RecordKind).map(([name, kind]) => [kind, name]));

export class Witness implements Answers {
  /** Folds what happened in the replay. */
  readonly trace: TraceHash = new TraceHash();
  ending: Ending | undefined = undefined;
  private readonly tape: TapeReader;

  constructor(tape: TapeReader) {
    this.tape = tape;
  }

  /** The next record; undefined: the tape is over, and `ending` says how. */
  peek(): TapeRecord | undefined {
    if (this.ending !== undefined) return undefined;
    const record = this.tape.peek();
    if (record !== undefined && record.kind !== RecordKind.end) return record;
    this.ending = record === undefined ? this.unsaid() : record.body.u8() === EndReason.closed ? 'closed' : 'limit';
    return undefined;
  }

  next(): TapeRecord | undefined {
    return this.peek() === undefined ? undefined : this.tape.next();
  }

  take(kinds: readonly RecordKind[], question: string): TapeRecord {
    const record = this.next();
    if (record === undefined) throw new TapeOver(`the tape ends where ${question} is asked for`);
    if (!kinds.includes(record.kind)) throw new Departure('what the core asks for', wordsOf(record), question);
    return record;
  }

  /** What the opening or a step wanted. @returns whether the tape still says anything about it */
  stepped(effects: readonly Effect[], { now }: Clocks): boolean {
    this.trace.event(now, 0, RecordKind.stepped);
    const digests = effects.map(digestEffect);
    for (const [i, effect] of effects.entries()) {
      this.trace.word(EffectCode[effect.kind]);
      this.trace.word(digests[i] as number);
    }
    const record = this.next();
    if (record === undefined) return false;
    if (record.kind !== RecordKind.stepped) throw new Departure('what the step did', wordsOf(record), 'it ended');
    const count = record.body.u32();
    for (let i = 0; i < Math.max(count, effects.length); i += 1) {
      const recorded = i < count ? { code: record.body.u8(), digest: record.body.u32() } : undefined;
      this.same(i, recorded, effects[i], digests[i]);
    }
    return true;
  }

  /** A step, or the opening, ended with an exception. */
  threw(detail: string): boolean {
    this.trace.text(detail);
    const record = this.next();
    if (record === undefined) return false;
    const recorded = record.kind === RecordKind.threw ? record.body.text(TEXT_BYTES_MAX) : wordsOf(record);
    if (recorded !== JSON.stringify(detail)) throw new Departure('an exception', recorded, JSON.stringify(detail));
    return true;
  }

  /** Frames that left at the end of a turn. */
  released(frames: readonly OutboundFrame[], { now }: Clocks): void {
    if (frames.length === 0) return;
    this.trace.event(now, 0, RecordKind.released);
    for (const frame of frames) this.trace.bytes(frame.bytes);
    const record = this.next();
    if (record === undefined) return;
    if (record.kind !== RecordKind.released)
      throw new Departure('what leaves', `none (${wordsOf(record)})`, `${frames.length} frames`);
    const count = record.body.u32();
    for (let i = 0; i < Math.max(count, frames.length); i += 1) {
      const recorded = i < count ? frameWords(readId(record.body), record.body.u32(), record.body.u32()) : 'no frame';
      const frame = frames[i];
      const replayed = frame === undefined ? 'no frame' : frameWords(frame.to, frame.bytes.length, digestFrame(frame));
      if (recorded !== replayed) throw new Departure(`frame ${i + 1} at the end of the turn`, recorded, replayed);
    }
  }

  /** The core was asked for its digest. @returns whether the tape has it */
  digest(digest: string): boolean {
    this.trace.text(digest);
    const record = this.next();
    if (record === undefined) return false;
    const recorded = record.kind === RecordKind.digest ? record.body.text(TEXT_BYTES_MAX) : wordsOf(record);
    if (recorded !== digest) throw new Departure('the digest of the state', recorded, digest);
    return true;
  }

  private same(
    i: number,
    recorded: { readonly code: number; readonly digest: number } | undefined,
    effect: Effect | undefined,
    digest: number | undefined,
  ): void {
    const before = recorded === undefined ? 'no effect' : (EFFECT_NAMES.get(recorded.code) ?? `kind ${recorded.code}`);
    const what = `effect ${i + 1}`;
    if (effect === undefined) throw new Departure(what, before, 'no effect');
    if (recorded?.code !== EffectCode[effect.kind]) throw new Departure(what, before, describe(effect));
    if (recorded.digest !== digest) throw new Departure(what, `another ${before}`, describe(effect));
  }

  private unsaid(): Ending {
    const { end } = this.tape;
    if (end?.state === 'damaged') throw new TapeDamaged(end.offset);
    return end?.state === 'torn' ? 'torn' : 'killed';
  }
}

function frameWords(to: string, length: number, digest: number): string {
  return `${length} bytes to ${to} (${digest.toString(16).padStart(8, '0')})`;
}

/** What stands on the tape there. */
export function wordsOf(record: TapeRecord): string {
  return `a record "${RECORD_NAMES.get(record.kind) ?? record.kind}"`;
}

function describe(effect: Effect): string {
  switch (effect.kind) {
    case 'persist':
      return `persist ${effect.seq} of ${effect.ops.length} operations`;
    case 'send':
      return `send ${effect.envelope.message.kind} of group ${effect.envelope.group} to ${effect.to} after ${effect.after}`;
    case 'reply':
      return `reply ${effect.result.kind} to request ${effect.id} after ${effect.after}`;
    case 'exported':
      return `exported ${effect.piece.bytes.length} bytes`;
    case 'fatal':
      return `fatal ${effect.code}: ${effect.detail}`;
    case 'alarm':
      return `alarm ${effect.code}`;
  }
}
