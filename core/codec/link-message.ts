/**
 * What every message on a peer link shares: two bytes that name version and type, and a checksum.
 *
 *   OFFSET SIZE
 *   0      1    version = 1
 *   1      1    type: 1 raft frame (frame.ts) · 2 hello · 3 manifest (hello.ts)
 *   2      …    body
 *   end-4  4    CRC-32C of everything before
 *
 * Why a checksum on top of TCP's: its 16-bit sum lets one packet in 16 million to 10 billion pass damaged (Stone and Partridge,
 * "When the CRC and TCP checksum disagree", 2000), WebSocket adds none, and what a follower believes here it writes to its
 * WAL under a fresh, valid CRC. Cost: about 1 ns a byte, once per frame. A later version may drop it under TLS.
 */
import { crc32c } from '../bytes/crc32c.ts';
import { Reader } from '../bytes/reader.ts';
import { readWord } from '../bytes/word.ts';
import type { Writer } from '../bytes/writer.ts';
import { FRAME_BYTES_MAX } from '../limits.ts';

/** Version of everything on a peer link. Nodes of another one are refused at the hello. */
export const LINK_VERSION: number = 1;

/** On the wire: do not renumber. */
export const LinkMessageType = { raft: 1, hello: 2, manifest: 3 } as const;
export type LinkMessageType = (typeof LinkMessageType)[keyof typeof LinkMessageType];

/** Bytes around a body. */
export const LINK_OVERHEAD_BYTES: number = 6;

/** Begins a message at the writer's start. */
export function beginLinkMessage(writer: Writer, type: LinkMessageType): void {
  writer.reset();
  writer.u8(LINK_VERSION);
  writer.u8(type);
}

/** Ends it: appends the checksum, and returns the whole, cut off. */
export function sealLinkMessage(writer: Writer): Uint8Array {
  writer.u32(crc32c(writer.buffer, 0, writer.length));
  return writer.cut();
}

/** The type of a message whose body is worth decoding; undefined for an empty message, another version or an unknown type. */
export function linkMessageType(bytes: Uint8Array): LinkMessageType | undefined {
  if (bytes.length < LINK_OVERHEAD_BYTES || bytes[0] !== LINK_VERSION) return undefined;
  const type = bytes[1];
  return type === LinkMessageType.raft || type === LinkMessageType.hello || type === LinkMessageType.manifest ? type : undefined;
}

/** A reader over the body. It has already failed where size, version, type or checksum are wrong. */
export function openLinkMessage(bytes: Uint8Array, type: LinkMessageType): Reader {
  const bodyEnd = bytes.length < LINK_OVERHEAD_BYTES ? bytes.length : bytes.length - 4;
  const reader = new Reader(bytes, 0, bodyEnd);
  if (bytes.length < LINK_OVERHEAD_BYTES) reader.fail('truncated');
  if (bytes.length > FRAME_BYTES_MAX) reader.fail('too_large');
  if (reader.u8() !== LINK_VERSION) reader.fail('bad_version');
  if (reader.u8() !== type) reader.fail('bad_tag');
  if (reader.failed === undefined && readWord(bytes, bodyEnd) !== crc32c(bytes, 0, bodyEnd)) reader.fail('bad_checksum');
  return reader;
}
