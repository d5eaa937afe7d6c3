/**
 * An audit file: one vault's blocks from the first to the newest, for `vouch audit verify`. It is written and read from front to
 * back, so that neither side holds more of it than one record.
 *
 *   OFFSET SIZE
 *        0    8  'VOUCHAUD'
 *        8    2  format = 1
 *       10    6  zero
 *       16    …  records:
 *                  0   4  CRC-32C over the u64 offset of the record in the file and bytes 4 to its end
 *                  4   1  kind
 *                  5   3  zero
 *                  8   4  payload length
 *                 12   …  payload
 *
 *   kind 1 vault  organization 16 ‖ vault 16 ‖ u64 blocks ‖ u64 first: the lowest height whose transactions follow, 1 = all ‖ text version of Vouch
 *        2 block  core/chain/block-bytes.ts
 *        4 note   text: a checkpoint of this vault's log with the signatures of nodes, no larger than the blocks
 *        3 end    u64 blocks ‖ u64 transactions ‖ hash of the newest block 32 ‖ root of the log 32 ‖ u64 bytes before this record ‖ SHA-256 of them
 *
 * Order: vault, note where there is one, block 1, 2, …, end. Nothing stands behind `end`. The checksums find what happened to the file; what somebody did
 * to it, who computes checksums as well, is found by the chain (auditor.ts), and what nothing in a file can show by a hash from elsewhere.
 */
import { assert } from '../assert.ts';
import { decodePlacedRecord, encodePlacedRecord, PLACED_RECORD_BYTES, placedRecordBytes } from '../bytes/placed-record.ts';
import { Reader } from '../bytes/reader.ts';
import { toUtf8 } from '../bytes/text.ts';
import type { Writer } from '../bytes/writer.ts';
import { readBlock, writeBlock } from '../chain/block-bytes.ts';
import { ULID_BYTES } from '../chain/ulid.ts';
import type { KeptBlock } from '../client/chain-protocol.ts';
import type { Decoded } from '../errors.ts';
import { AUDIT_RECORD_BYTES_MAX } from '../limits.ts';
import { NOTE_CHARACTERS_MAX } from '../note/note.ts';

const MAGIC: Uint8Array = toUtf8('VOUCHAUD') as Uint8Array;
/** Of the files written here. */
export const AUDIT_FORMAT: number = 1;
/** Where the first record stands. */
export const AUDIT_HEADER_BYTES: number = 16;
/** Bytes in front of a record's payload. */
export const AUDIT_RECORD_BYTES: number = PLACED_RECORD_BYTES;
const HASH_BYTES = 32;
const VERSION_BYTES_MAX = 256;
/** A character has at most three bytes in UTF-8 (UTF-16 counts the longer ones twice). */
const NOTE_BYTES_MAX = 3 * NOTE_CHARACTERS_MAX;

/** On disk: do not renumber. */
const RecordKind = { vault: 1, block: 2, end: 3, note: 4 } as const;

/** Whose blocks they are, and how many. */
export interface AuditedVault {
  /** 16 bytes each. */
  readonly organization: Uint8Array;
  readonly vault: Uint8Array;
  readonly blocks: number;
  /** The lowest height whose transactions are there; below it are headers alone. */
  readonly first: number;
  /** Of the Vouch that wrote it. */
  readonly version: string;
}

/** What the blocks come to. */
export interface AuditEnd {
  readonly blocks: number;
  readonly transactions: number;
  readonly blockHash: Uint8Array;
  readonly logRoot: Uint8Array;
  readonly bytes: number;
  readonly sha256: Uint8Array;
}

export type AuditRecord =
  | ({ readonly kind: 'vault' } & AuditedVault)
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'block'; readonly block: KeptBlock }
  | ({ readonly kind: 'end' } & AuditEnd);

/** The bytes an audit file begins with. */
export function encodeAuditHeader(): Uint8Array {
  const bytes = new Uint8Array(AUDIT_HEADER_BYTES);
  bytes.set(MAGIC);
  bytes[9] = AUDIT_FORMAT;
  return bytes;
}

/** @returns its format; 'foreign' where it is no audit file's beginning, 'damaged' where it is one with bytes that nobody writes. */
export function decodeAuditHeader(bytes: Uint8Array): number | 'foreign' | 'damaged' {
  if (bytes.length !== AUDIT_HEADER_BYTES || MAGIC.some((byte, at) => bytes[at] !== byte)) return 'foreign';
  const format = new Reader(bytes, MAGIC.length).u16();
  const isClear = bytes.subarray(10).every((byte) => byte === 0);
  return format > AUDIT_FORMAT || (format === AUDIT_FORMAT && isClear) ? format : 'damaged';
}

function writePayload(out: Writer, record: AuditRecord): void {
  switch (record.kind) {
    case 'vault':
      assert(record.organization.length === ULID_BYTES && record.vault.length === ULID_BYTES, 'ids have 16 bytes');
      out.raw(record.organization);
      out.raw(record.vault);
      out.u64(record.blocks);
      out.u64(record.first);
      return out.text(record.version);
    case 'note':
      return out.text(record.text);
    case 'block':
      return writeBlock(out, record.block);
    case 'end':
      out.u64(record.blocks);
      out.u64(record.transactions);
      out.raw(record.blockHash);
      out.raw(record.logRoot);
      out.u64(record.bytes);
      return out.raw(record.sha256);
  }
}

/** @param offset where the record will stand: one in another place is not believed. */
export function encodeAuditRecord(offset: number, record: AuditRecord): Uint8Array {
  return encodePlacedRecord(offset, RecordKind[record.kind], (out) => writePayload(out, record));
}

/** Length of the whole record whose first AUDIT_RECORD_BYTES these are; undefined where there can be none. */
export function auditRecordBytes(head: Uint8Array): number | undefined {
  return placedRecordBytes(head, AUDIT_RECORD_BYTES_MAX);
}

/** Strict. What is returned holds copies. @param bytes the whole record and nothing else. */
export function decodeAuditRecord(offset: number, bytes: Uint8Array): Decoded<AuditRecord> {
  return decodePlacedRecord(offset, bytes, readPayload);
}

function readPayload(reader: Reader, kind: number): AuditRecord {
  switch (kind) {
    case RecordKind.vault: {
      const organization = reader.copy(ULID_BYTES);
      const vault = reader.copy(ULID_BYTES);
      const blocks = reader.u64();
      const first = reader.u64();
      if (first < 1 || first > blocks) reader.fail('bad_value');
      return { kind: 'vault', organization, vault, blocks, first, version: reader.text(VERSION_BYTES_MAX) };
    }
    case RecordKind.note:
      return { kind: 'note', text: reader.text(NOTE_BYTES_MAX) };
    case RecordKind.block:
      return { kind: 'block', block: readBlock(reader) };
    default: {
      if (kind !== RecordKind.end) reader.fail('bad_tag');
      const blocks = reader.u64();
      const transactions = reader.u64();
      const blockHash = reader.copy(HASH_BYTES);
      const logRoot = reader.copy(HASH_BYTES);
      const bytes = reader.u64();
      return { kind: 'end', blocks, transactions, blockHash, logRoot, bytes, sha256: reader.copy(HASH_BYTES) };
    }
  }
}
