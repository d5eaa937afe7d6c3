/**
 * The catalog of a checkpoint: a small tree beside the group's own ones that says where they are, and holds what has no tree.
 *
 *   KEY                    ROW
 *   1, vault 16            organization 16 ‖ u8 1 = reverse leaves ‖ u32 root page ‖ u64 rows ‖ u64 leaves ‖
 *                          u64 first expiry, 0 = none ‖ header of the newest block 196
 *   2                      configuration in force at the checkpoint's index (core/raft/configuration-bytes.ts)
 *   3                      u32 root page ‖ u64 rows: the directory; group 0 only
 *   4, u32 number          deleted vaults, then sessions in order of last use, as the records of a snapshot (core/snapshot/records.ts)
 */
import { assert } from '../assert.ts';
import type { TreeRoot } from '../btree/tree.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { HEADER_BYTES } from '../chain/header.ts';
import { ULID_BYTES } from '../chain/ulid.ts';
import { type Micros, NEVER, type OrganizationId, type VaultId } from '../ids.ts';
import type { PageId } from '../page/store.ts';
import { readSessionRecord, type SessionHead, writeDeleted, writeKept, writeSessionHead } from '../snapshot/records.ts';
import type { VaultImage } from '../state/capture.ts';
import type { DeletedVault } from '../state/gone-vaults.ts';
import type { KeptResult, SessionImage } from '../state/sessions.ts';
import { readUlid, ulidBytes, writeUlid } from '../state/ulid-field.ts';
import type { StoredVault } from '../state/vault.ts';

/** On disk: do not renumber. */
export const CatalogTable = { vault: 1, configuration: 2, directory: 3, sessions: 4 } as const;

export const CONFIGURATION_KEY: Uint8Array = Uint8Array.of(CatalogTable.configuration);
export const DIRECTORY_KEY: Uint8Array = Uint8Array.of(CatalogTable.directory);

export function vaultKey(id: VaultId): Uint8Array {
  const key = new Uint8Array(1 + ULID_BYTES);
  key[0] = CatalogTable.vault;
  key.set(ulidBytes(id), 1);
  return key;
}

export function sessionsKey(number: number): Uint8Array {
  const writer = new Writer(5);
  writer.u8(CatalogTable.sessions);
  writer.u32(number);
  return writer.finish();
}

export function encodeVaultRow(image: VaultImage): Uint8Array {
  const { vault, rows, leaves, firstExpiry, header } = image;
  const writer = new Writer(256);
  writeUlid(writer, vault.organization);
  writer.u8(vault.leaves.reverse ? 1 : 0);
  writeRoot(writer, rows.root);
  writer.u64(leaves);
  writer.u64(firstExpiry === NEVER ? 0 : firstExpiry);
  assert(header.length === HEADER_BYTES, 'a header has 196 bytes');
  writer.raw(header);
  return writer.finish();
}

/** A vault's row, read. */
export interface CatalogVault {
  readonly id: VaultId;
  readonly organization: OrganizationId;
  readonly reverse: boolean;
  readonly stored: StoredVault;
}

/** Holds copies. @returns undefined where it is no vault's row */
export function decodeVaultRow(key: Uint8Array, row: Uint8Array): CatalogVault | undefined {
  const name = new Reader(key, 1);
  const id = readUlid<'VaultId'>(name) as VaultId;
  const reader = new Reader(row);
  const organization = readUlid<'OrganizationId'>(reader) as OrganizationId;
  const reverse = reader.u8() === 1;
  const rows = readRoot(reader);
  const leaves = reader.u64();
  const expiry = reader.u64();
  const header = reader.copy(HEADER_BYTES);
  if (!name.finish(true).ok || !reader.finish(true).ok) return undefined;
  const firstExpiry = expiry === 0 ? NEVER : (expiry as Micros);
  return { id, organization, reverse, stored: { rows, leaves, firstExpiry, header } };
}

export function encodeRoot(root: TreeRoot): Uint8Array {
  const writer = new Writer(12);
  writeRoot(writer, root);
  return writer.finish();
}

export function decodeRoot(row: Uint8Array): TreeRoot | undefined {
  const reader = new Reader(row);
  const root = readRoot(reader);
  return reader.finish(true).ok ? root : undefined;
}

function writeRoot(writer: Writer, { page, count }: TreeRoot): void {
  writer.u32(page);
  writer.u64(count);
}

function readRoot(reader: Reader): TreeRoot {
  return { page: reader.u32() as PageId, count: reader.u64() };
}

export function writeSession(writer: Writer, { index, floor, lastUsed, kept }: SessionImage): void {
  writeSessionHead(writer, { index, floor, lastUsed, results: kept.length });
  for (const result of kept) writeKept(writer, result);
}

/** What a row of sessions holds. */
export interface SessionsRow {
  readonly deleted: readonly DeletedVault[];
  readonly sessions: readonly SessionImage[];
}

export { writeDeleted };

/** @returns undefined where it does not decode, or a session lacks results */
export function readSessions(row: Uint8Array): SessionsRow | undefined {
  const reader = new Reader(row);
  const deleted: DeletedVault[] = [];
  const sessions: SessionImage[] = [];
  let head: SessionHead | undefined;
  let kept: KeptResult[] = [];
  while (reader.remaining > 0 && reader.failed === undefined) {
    const record = readSessionRecord(reader);
    if (record.kind === 'deleted') deleted.push(record.deleted);
    else if (record.kind === 'head') [head, kept] = [record.head, []];
    else kept.push(record.kept);
    if (head === undefined || kept.length < head.results) continue;
    sessions.push({ index: head.index, floor: head.floor, lastUsed: head.lastUsed, kept });
    head = undefined;
  }
  return reader.failed === undefined && head === undefined ? { deleted, sessions } : undefined;
}
