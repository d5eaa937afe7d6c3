/**
 * The records inside chunks, by section. A chunk is whole records, one behind the other.
 *
 *   vaults     header of the newest block 196 ‖ u64 leaves ‖ u64 rows of its history      ascending by vault
 *   sessions   u8 1 ‖ u64 index ‖ u64 floor ‖ u64 last used ‖ u32 results                  in order of last use, then per result
 *              u8 2 ‖ u64 sequence ‖ payload hash 32 ‖ result (core/codec/client-result.ts)   ascending by sequence
 *              u8 3 ‖ vault 16 ‖ the same, of a vault's command
 *              u8 4 ‖ vault 16 ‖ organization 16: a deleted vault                      ahead of the sessions, ascending by vault
 *   directory  u32 length, key ‖ u32 length, row                                           in key order, the nodes too; group 0 only
 *   leaves     vault 16 ‖ pruned tree (leaf-chunk.ts)                                      one such record a chunk
 *   history    u8 1 ‖ vault 16, where a vault or a chunk begins, then per row              ascending by vault
 *              u8 2 ‖ u32 length, key ‖ u32 length, value                                  tables 5 to 8 and 10 of the vault, in key order, without what
 *                                                                                        its retention does not reach back to
 *
 * Not in a snapshot, because it follows from the rest: rows of tuples, reverse tuples and entities, the expiry index, the log
 * of blocks, what each group of the directory holds.
 */
import { assert } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import { HEADER_BYTES } from '../chain/header.ts';
import { ULID_BYTES } from '../chain/ulid.ts';
import { readResult, writeResult } from '../codec/client-result.ts';
import type { LogIndex, Micros, VaultId } from '../ids.ts';
import { SNAPSHOT_CHUNK_BYTES_MAX } from '../limits.ts';
import type { DeletedVault } from '../state/gone-vaults.ts';
import { STATE_KEY_BYTES_MAX, Table } from '../state/keys.ts';
import type { KeptResult } from '../state/sessions.ts';
import { readUlid, ulidBytes, writeUlid } from '../state/ulid-field.ts';

const Tag = { head: 1, item: 2, vaultItem: 3, deleted: 4 } as const;
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

function readSessionHead(reader: Reader): SessionHead {
  const index = reader.u64() as LogIndex;
  const floor = reader.u64();
  if (index < 1 || floor < 1) reader.fail('bad_value');
  return { index, floor, lastUsed: reader.u64() as Micros, results: reader.u32() };
}

export function writeKept(writer: Writer, kept: KeptResult): void {
  writer.u8(kept.vault === undefined ? Tag.item : Tag.vaultItem);
  if (kept.vault !== undefined) writeUlid(writer, kept.vault);
  writer.u64(kept.sequence);
  writer.raw(kept.payloadHash);
  writeResult(writer, kept.result);
}

function readKept(reader: Reader, vault: VaultId | undefined): KeptResult {
  const sequence = reader.u64();
  const payloadHash = reader.copy(HASH_BYTES);
  return { sequence, payloadHash, result: readResult(reader), vault };
}

export function writeDeleted(writer: Writer, { vault, organization }: DeletedVault): void {
  writer.u8(Tag.deleted);
  writeUlid(writer, vault);
  writeUlid(writer, organization);
}

export type SessionRecord =
  | { readonly kind: 'head'; readonly head: SessionHead }
  | { readonly kind: 'kept'; readonly kept: KeptResult }
  | { readonly kind: 'deleted'; readonly deleted: DeletedVault };

/** The next record of the sessions. */
export function readSessionRecord(reader: Reader): SessionRecord {
  const tag = reader.u8();
  switch (tag) {
    case Tag.head:
      return { kind: 'head', head: readSessionHead(reader) };
    case Tag.item:
      return { kind: 'kept', kept: readKept(reader, undefined) };
    case Tag.vaultItem: {
      const vault: VaultId = readUlid(reader);
      return { kind: 'kept', kept: readKept(reader, vault) };
    }
    default: {
      if (tag !== Tag.deleted) reader.fail('bad_tag');
      const vault: VaultId = readUlid(reader);
      return { kind: 'deleted', deleted: { vault, organization: readUlid(reader) } };
    }
  }
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

/** Records of one vault, as they stand in a chunk. */
export interface VaultRun {
  readonly vault: VaultId;
  readonly bytes: Uint8Array;
}

/** Whose records stand where in a chunk of the history; views. undefined where it does not begin with a vault, or does not decode. */
export function historyRuns(chunk: Uint8Array): readonly VaultRun[] | undefined {
  const runs: VaultRun[] = [];
  const reader = new Reader(chunk);
  let vault: VaultId | undefined;
  let start = 0;
  while (reader.remaining > 0 && reader.failed === undefined) {
    const at = reader.at;
    if (reader.u8() === Tag.head) {
      if (vault !== undefined) runs.push({ vault, bytes: chunk.subarray(start, at) });
      vault = readUlid(reader);
      start = at;
    } else {
      reader.blob(STATE_KEY_BYTES_MAX);
      reader.blob(SNAPSHOT_CHUNK_BYTES_MAX);
    }
    if (vault === undefined) return undefined;
  }
  if (vault !== undefined) runs.push({ vault, bytes: chunk.subarray(start) });
  return reader.failed === undefined ? runs : undefined;
}

/** Whether 16 bytes name the vault. */
export function isVault(bytes: Uint8Array, id: VaultId): boolean {
  return equalBytes(bytes, ulidBytes(id));
}
