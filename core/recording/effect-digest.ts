/**
 * What an effect comes to on a tape: its kind and 32 bits over everything in it, so that a replay says which effect is another one.
 * Of a message that is sent its place and kind count here; its bytes count in the frame that it leaves in (`digestFrame`).
 * What is written to SIGNING counts by its length alone: it holds the node's secret key, which stands on no tape, and a replay has
 * a substitute instead.
 */
import { InvariantError, unreachable } from '../assert.ts';
import { crc32c } from '../bytes/crc32c.ts';
import { writeId } from '../bytes/hex-id.ts';
import { Writer } from '../bytes/writer.ts';
import type { ClientResult } from '../client/protocol.ts';
import { encodeClientResult } from '../codec/client-frame.ts';
import type { OutboundFrame } from '../codec/outbox.ts';
import type { Effect, FileOp } from '../effect.ts';
import type { RequestId } from '../ids.ts';
import { SIGNING_FILE } from '../signing/record-file.ts';

/** On tapes: do not renumber. */
export const EffectCode: Readonly<Record<Effect['kind'], number>> = {
  persist: 1,
  send: 2,
  reply: 3,
  exported: 4,
  fatal: 5,
  alarm: 6,
};
const OP: Readonly<Record<FileOp['op'], number>> = { create: 1, write: 2, sync: 3, rename: 4, remove: 5, syncDirectory: 6 };
const NODE_SCOPE = 0xffff_ffff;

const scratch = new Writer(1024);
const answers = new Writer(4096);

/** 32 bits over the effect. */
export function digestEffect(effect: Effect): number {
  const out = scratch;
  out.reset();
  switch (effect.kind) {
    case 'persist':
      out.u64(effect.seq);
      for (const op of effect.ops) operation(out, op);
      break;
    case 'send':
      writeId(out, effect.to);
      out.u64(effect.after);
      out.u32(effect.envelope.group);
      out.text(effect.envelope.message.kind);
      break;
    case 'reply':
      out.u64(effect.after);
      answer(out, effect.id, effect.result);
      break;
    case 'exported':
      out.u64(effect.id);
      out.u8(effect.piece.last ? 1 : 0);
      out.u32(crc32c(effect.piece.bytes));
      break;
    case 'fatal':
      out.u32(effect.scope === 'node' ? NODE_SCOPE : effect.scope);
      units(out, effect.code);
      units(out, effect.detail);
      break;
    case 'alarm':
      out.u32(effect.group);
      units(out, effect.code);
      units(out, effect.detail);
      break;
    default:
      return unreachable(effect);
  }
  return crc32c(out.buffer, 0, out.length);
}

/** 32 bits over a frame. */
export function digestFrame({ bytes }: OutboundFrame): number {
  return crc32c(bytes);
}

function operation(out: Writer, op: FileOp): void {
  out.u8(OP[op.op]);
  switch (op.op) {
    case 'create':
      out.text(op.file);
      return out.u64(op.sizeBytes);
    case 'write':
      out.text(op.file);
      out.u64(op.offset);
      out.u32(op.bytes.length);
      return op.file.startsWith(SIGNING_FILE) ? undefined : out.u32(crc32c(op.bytes));
    case 'sync':
    case 'remove':
      return out.text(op.file);
    case 'rename':
      out.text(op.from);
      return out.text(op.to);
    case 'syncDirectory':
      return;
    default:
      return unreachable(op);
  }
}

/** An answer that the wire has no form for (it quotes a text with a lone surrogate) counts by its JSON. */
function answer(out: Writer, id: RequestId, result: ClientResult): void {
  try {
    out.raw(encodeClientResult({ id, result }, answers));
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    units(out, JSON.stringify(result));
  }
}

/** A text by its code units: total, unlike UTF-8. */
function units(out: Writer, text: string): void {
  out.u32(text.length);
  for (let i = 0; i < text.length; i += 1) out.u16(text.charCodeAt(i));
}
