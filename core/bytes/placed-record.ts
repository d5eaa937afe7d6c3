/**
 * Records of files that are written from front to end: each with its place under its checksum, so that one in another place is not
 * believed. Big-endian.
 *
 *   OFFSET SIZE
 *        0    4  CRC-32C over the u64 offset of the record in the file and bytes 4 to its end
 *        4    1  kind
 *        5    3  zero
 *        8    4  payload length
 *       12    …  payload
 */
import type { Decoded } from '../errors.ts';
import { crc32c } from './crc32c.ts';
import { Reader } from './reader.ts';
import { writeU64 } from './u64.ts';
import { readWord, writeWord } from './word.ts';
import { Writer } from './writer.ts';

/** Bytes in front of a record's payload. */
export const PLACED_RECORD_BYTES: number = 12;
const KIND = 4;
const LENGTH = 8;

/** @param offset where the record will stand. */
export function encodePlacedRecord(offset: number, kind: number, writePayload: (out: Writer) => void): Uint8Array {
  const out = new Writer();
  for (let at = 0; at < PLACED_RECORD_BYTES; at += 1) out.u8(0);
  writePayload(out);
  const bytes = out.finish();
  bytes[KIND] = kind;
  writeWord(bytes.length - PLACED_RECORD_BYTES, bytes, LENGTH);
  writeWord(crcAt(offset, bytes), bytes, 0);
  return bytes;
}

function crcAt(offset: number, record: Uint8Array): number {
  const position = new Uint8Array(8);
  writeU64(offset, position, 0);
  return crc32c(record, KIND, record.length, crc32c(position));
}

/** Length of the whole record whose first bytes these are; undefined where there can be none. @param payloadMax bytes */
export function placedRecordBytes(head: Uint8Array, payloadMax: number): number | undefined {
  if (head.length < PLACED_RECORD_BYTES) return undefined;
  const length = readWord(head, LENGTH);
  return length > payloadMax ? undefined : PLACED_RECORD_BYTES + length;
}

/** Strict. @param bytes the whole record and nothing else. */
export function decodePlacedRecord<T>(
  offset: number,
  bytes: Uint8Array,
  readPayload: (reader: Reader, kind: number) => T,
): Decoded<T> {
  const reader = new Reader(bytes);
  const crc = reader.u32();
  const kind = reader.u8();
  for (let at = 0; at < 3; at += 1) if (reader.u8() !== 0) reader.fail('bad_value');
  if (reader.u32() !== bytes.length - PLACED_RECORD_BYTES) reader.fail('bad_length');
  if (reader.failed === undefined && crc !== crcAt(offset, bytes)) reader.fail('bad_checksum');
  return reader.finish(readPayload(reader, kind));
}
