/**
 * The records inside chunks, by section. A chunk is whole records, one behind the other.
 *
 *   vaults     header of the newest block 196 ‖ u64 leaves ‖ u64 rows of its history      ascending by vault
 *   sessions   u8 1 ‖ u64 index ‖ u64 floor ‖ u64 last used ‖ u32 results                  in order of last use, then per result
 *              u8 2 ‖ u64 sequence ‖ payload hash 32 ‖ result (core/codec/client-result.ts)   ascending by sequence
 *   directory  u32 length, key ‖ u32 length, row                                           in key order, the nodes too; group 0 only
 *   leaves     vault 16 ‖ pruned tree (leaf-chunk.ts)                                      one such record a chunk
 *   history    u8 1 ‖ vault 16, where a vault with rows begins, then per row               ascending by vault
 *              u8 2 ‖ u32 length, key ‖ u32 length, value                                  tables 5 to 8 and 10 of the vault, in key order, without what
 *                                                                                        its retention does not reach back to
 *
 * Not in a snapshot, because it follows from the rest: rows of tuples, reverse tuples and entities, the expiry index, the log
 * of blocks, what each group of the directory holds.
 */
import { assert } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import { HEADER_BYTES } from '../chain/header.ts';
import { ULID_BYTES } from '../chain/ulid.ts';
import { readResult, writeResult } from '../codec/client-result.ts';
import type { LogIndex, Micros, VaultId } from '../ids.ts';
import { SNAPSHOT_CHUNK_BYTES_MAX } from '../limits.ts';
import { STATE_KEY_BYTES_MAX, Table } from '../state/keys.ts';
import type { KeptResult } from '../state/sessions.ts';
import { ulidBytes } from '../state/ulid-field.ts';

const Tag = { head: 1, item: 2 } as const;
const HASH_BYTES = 32;

export interface VaultRecord {
  /** Of its newest block. */
  readonly header: Uint8Array;
  readonly leaves: number;
  readonly historyRows: number;
}

export interface SessionHead {
  readonly index: LogIndex;
  readonly floor: number;
  readonly lastUsed: Micros;
  readonly results: number;
}

export interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Tables whose rows travel as they are. */
export function isHistoryTable(table: number): boolean {
  return (table >= Table.transaction && table <= Table.bucketHistory) || table === Table.retention;
}

export function writeVault(writer: Writer, record: VaultRecord): void {
  assert(record.header.length === HEADER_BYTES, 'a header has 196 bytes');
  writer.raw(record.header);
  writer.u64(record.leaves);
  writer.u64(record.historyRows);
}

/** Holds copies. */
export function readVault(reader: Reader): VaultRecord {
  const header = reader.copy(HEADER_BYTES);
  return { header, leaves: reader.u64(), historyRows: reader.u64() };
}

export function writeSessionHead(writer: Writer, head: SessionHead): void {
  writer.u8(Tag.head);
  writer.u64(head.index);
  writer.u64(head.floor);
  writer.u64(head.lastUsed);
  writer.u32(head.results);
}

export function readSessionHead(reader: Reader): SessionHead {
  if (reader.u8() !== Tag.head) reader.fail('bad_tag');
  const index = reader.u64() as LogIndex;
  const floor = reader.u64();
  if (index < 1 || floor < 1) reader.fail('bad_value');
  return { index, floor, lastUsed: reader.u64() as Micros, results: reader.u32() };
}

export function writeKept(writer: Writer, kept: KeptResult): void {
  writer.u8(Tag.item);
  writer.u64(kept.sequence);
  writer.raw(kept.payloadHash);
  writeResult(writer, kept.result);
}

export function readKept(reader: Reader): KeptResult {
  if (reader.u8() !== Tag.item) reader.fail('bad_tag');
  const sequence = reader.u64();
  const payloadHash = reader.copy(HASH_BYTES);
  return { sequence, payloadHash, result: readResult(reader) };
}

export function writeRow(writer: Writer, row: Row): void {
  writer.blob(row.key);
  writer.blob(row.value);
}

/** Holds copies. */
export function readRow(reader: Reader): Row {
  const key = reader.blobCopy(STATE_KEY_BYTES_MAX);
  if (key.length === 0) reader.fail('bad_length');
  return { key, value: reader.blobCopy(SNAPSHOT_CHUNK_BYTES_MAX) };
}

export function writeHistoryHead(writer: Writer, vault: VaultId): void {
  writer.u8(Tag.head);
  writer.raw(ulidBytes(vault));
}

export function writeHistoryRow(writer: Writer, row: Row): void {
  writer.u8(Tag.item);
  writeRow(writer, row);
}

/** The next record of the history: where a vault begins, or a row of the present one. */
export function readHistory(
  reader: Reader,
): { readonly kind: 'vault'; readonly id: Uint8Array } | ({ readonly kind: 'row' } & Row) {
  const tag = reader.u8();
  if (tag === Tag.head) return { kind: 'vault', id: reader.copy(ULID_BYTES) };
  if (tag !== Tag.item) reader.fail('bad_tag');
  const row = readRow(reader);
  if (!isHistoryTable(row.key[0] ?? 0)) reader.fail('bad_value');
  return { kind: 'row', ...row };
}

/** Whether 16 bytes name the vault. */
export function isVault(bytes: Uint8Array, id: VaultId): boolean {
  return equalBytes(bytes, ulidBytes(id));
}
