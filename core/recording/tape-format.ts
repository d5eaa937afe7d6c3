/**
 * The file of a tape: one life of one node, from the opening of its directory on. Append-only. Big-endian.
 *
 *   OFFSET SIZE  HEAD
 *   0      8     'VOUCHREC'
 *   8      1     format, 1
 *   9      4     length of the text
 *   13     …     TapeHead as JSON, UTF-8
 *   …      4     CRC-32C over everything before
 *
 *   OFFSET SIZE  CHUNK, UNTIL THE FILE ENDS
 *   0      4     length of the payload
 *   4      4     CRC-32C over the length, continued from the checksum before: a chunk that is left out or moved is noticed
 *   8      4     CRC-32C over the payload, continued from that one
 *   12     …     payload: records; of an encrypted node sealed (AES-256-GCM), under the key that the head wraps, nonce = number of
 *                the chunk from 0, additional data = the head
 *
 *   OFFSET SIZE  RECORD
 *   0      1     kind
 *   1      4     length of the body
 *   5      …     body
 *
 *   KIND            BODY
 *   1 turn          u64 now, u64 wall, u32 count, that many inputs (input-bytes.ts): what one turn of the runtime gives to the core
 *   2 stepped       u32 count, that many { u8 effect code, u32 digest } (effect-digest.ts): what one step, or the opening, wanted
 *   3 released      u32 count, that many { id to, u32 length, u32 digest }: frames that left at the end of a turn
 *   4 threw         text, a JSON string: the step, or the opening, ended with an exception of this message
 *   5 digest        text: the core's own digest, behind what it read for that
 *   6 end           u8 reason: 0 the node was closed, 1 the limit was reached
 *   7 look          nothing: the core is asked for its digest
 *   What the core was answered, in the order in which it asked:
 *   16 list         u32 count, that many texts
 *   17 size         text file, u8 known, u64 size
 *   18 read         text file, u64 offset, u32 asked, u32 length, blob: without the zeros it ends in
 *   19 refused      text file, text code, text message: the directory could not be read
 *   20 entropy      blob
 *   21 secret       nothing: a signing key was drawn
 *   22 signer       blob public key
 *   23 signature    blob
 *   24 key          blob: a data key was drawn, as the master key wraps it
 *
 * A file that ends within a chunk, or in zeros alone, is torn: the process was killed, or power lost, while it wrote. Everything before
 * is whole. Anything else that does not check is damage; a length that was altered is, too, and not taken for a torn chunk.
 */
import { crc32c } from '../bytes/crc32c.ts';
import { Reader } from '../bytes/reader.ts';
import { fromUtf8, toUtf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import { NONCE_BYTES } from '../capability.ts';
import type { ReplicaOptions } from '../replica/options.ts';

/** In files: do not renumber. */
export const RecordKind = {
  turn: 1,
  stepped: 2,
  released: 3,
  threw: 4,
  digest: 5,
  end: 6,
  look: 7,
  list: 16,
  size: 17,
  read: 18,
  refused: 19,
  entropy: 20,
  secret: 21,
  signer: 22,
  signature: 23,
  key: 24,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** In files: do not renumber. */
export const EndReason = { closed: 0, limit: 1 } as const;

/** What a replica is configured with, apart from what is injected. */
export type RecordedOptions = Omit<
  ReplicaOptions,
  'hasher' | 'cipher' | 'entropy' | 'conditions' | 'signing' | 'buggify' | 'observer' | 'probe'
>;

export interface TapeHead {
  /** The code that ran (node/cli/build-id.ts), and its version for people. */
  readonly build: string;
  readonly version: string;
  readonly node: string;
  /** Both clocks when the directory was opened, microseconds. */
  readonly now: number;
  readonly wall: number;
  /** Whether the node signs checkpoints. */
  readonly signs: boolean;
  /** Of an encrypted node: hex of the chunks' key under the master key, and that one's id. */
  readonly sealed: { readonly key: string; readonly masterKeyId: string } | undefined;
  readonly options: RecordedOptions;
}

export const TAPE_MAGIC: Uint8Array = toUtf8('VOUCHREC') as Uint8Array;
export const TAPE_FORMAT = 1;
/** Bytes ahead of the head's text. */
export const HEAD_AT = 13;
/** A head is shorter; what claims more was not written here. */
export const HEAD_BYTES_MAX: number = 1 << 20;
export const CHUNK_HEADER_BYTES = 12;
export const RECORD_HEADER_BYTES = 5;

export function encodeHead(head: TapeHead): Uint8Array {
  const out = new Writer();
  out.raw(TAPE_MAGIC);
  out.u8(TAPE_FORMAT);
  out.text(JSON.stringify(head));
  out.u32(crc32c(out.peek()));
  return out.finish();
}

export function isTape(bytes: Uint8Array): boolean {
  return TAPE_MAGIC.every((byte, i) => bytes[i] === byte);
}

export type ReadHead =
  | { readonly ok: true; readonly head: TapeHead; readonly bytes: Uint8Array }
  /** Completes "the file …". */
  | { readonly ok: false; readonly reason: string };

/** @param bytes the beginning of the file: HEAD_AT + HEAD_BYTES_MAX + 4 bytes, or all there are */
export function readHead(bytes: Uint8Array): ReadHead {
  if (!isTape(bytes)) return { ok: false, reason: 'is no tape of a node: it begins otherwise' };
  const reader = new Reader(bytes);
  reader.raw(TAPE_MAGIC.length);
  const format = reader.u8();
  if (format > TAPE_FORMAT) return { ok: false, reason: `has a newer format (${format}): replay it with a newer Vouch` };
  const text = fromUtf8(reader.blob(HEAD_BYTES_MAX));
  const checked = reader.at;
  const checksum = reader.u32();
  if (reader.failed === 'truncated')
    return { ok: false, reason: 'ends within its head: the node was stopped before it had opened anything' };
  if (text === undefined || reader.failed !== undefined || checksum !== crc32c(bytes, 0, checked))
    return { ok: false, reason: 'is damaged in its head' };
  return { ok: true, head: JSON.parse(text) as TapeHead, bytes: bytes.slice(0, reader.at) };
}

/** The nonce of a chunk: a key seals one tape, and no number comes twice in it. */
export function nonceOf(chunk: number): Uint8Array {
  const out = new Writer(NONCE_BYTES);
  out.u32(0);
  out.u64(chunk);
  return out.finish();
}
