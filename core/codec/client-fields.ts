/**
 * Fields that client requests and answers share. Text and blob: u32 length, bytes. A hash is 32 raw bytes, an id 16.
 *
 *   list      u32 count, then the items
 *   optional  flag, then the value where it is 1
 *   tuple     text resource, text relation, text subject
 *   command   u32 group, u64 session index, u64 sequence, u64 lowest unanswered
 *   anchor    u64 height, hash block, hash state root, hash tree root, 196 header
 *   vault     ulid id, ulid organization, text organization name, text name, u32 group, u64 created at
 *   row       tuple, text condition name, text condition context, u64 expires at, u64 version, u64 written at
 * Texts are bounded by MESSAGE_BYTES_MAX here, not by their own limits: what is too long for its purpose is told so in a
 * sentence by admission instead of breaking the link.
 */
import { assert } from '../assert.ts';
import { readId } from '../bytes/hex-id.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import { HEADER_BYTES } from '../chain/header.ts';
import type { Anchor, CommandRef, TupleRow, VaultEntry } from '../client/protocol.ts';
import type { GroupId, Height, LogIndex, Micros, NodeId } from '../ids.ts';
import { CONTEXT_BYTES_MAX, MESSAGE_BYTES_MAX } from '../limits.ts';
import type { TupleKey } from '../state/transaction.ts';
import { readUlid, writeUlid } from '../state/ulid-field.ts';

const HASH_BYTES = 32;

/** The number behind each name and back; unknown numbers are undefined. */
export interface CodeTable<K extends string> {
  readonly numbers: { readonly [N in K]: number };
  readonly names: readonly (K | undefined)[];
}

/** @param numbers on the wire: do not renumber. */
export function codeTable<K extends string>(numbers: { readonly [N in K]: number }): CodeTable<K> {
  const names: (K | undefined)[] = [];
  for (const name of Object.keys(numbers) as K[]) {
    assert(names[numbers[name]] === undefined, 'code numbers are unique');
    names[numbers[name]] = name;
  }
  return { numbers, names };
}

/** Reads a u8 code; an unknown one fails the reader and reads as `fallback`. */
export function readCode<K extends string>(reader: Reader, table: CodeTable<K>, fallback: K): K {
  const name = table.names[reader.u8()];
  if (name === undefined) reader.fail('bad_tag');
  return name ?? fallback;
}

export function writeList<T>(writer: Writer, items: readonly T[], write: (writer: Writer, item: T) => void): void {
  writer.u32(items.length);
  for (const item of items) write(writer, item);
}

/** @param itemBytesMin the smallest item: a count that the bytes at hand cannot hold is refused before anything is allocated. */
export function readList<T>(reader: Reader, itemBytesMin: number, read: (reader: Reader) => T): readonly T[] {
  const count = reader.u32();
  if (count * itemBytesMin > reader.remaining) reader.fail('truncated');
  const items: T[] = [];
  for (let i = 0; i < count && reader.failed === undefined; i += 1) items.push(read(reader));
  return items;
}

export function writeOptional<T>(writer: Writer, value: T | undefined, write: (writer: Writer, value: T) => void): void {
  writer.u8(value === undefined ? 0 : 1);
  if (value !== undefined) write(writer, value);
}

export function readOptional<T>(reader: Reader, read: (reader: Reader) => T): T | undefined {
  return reader.flag() ? read(reader) : undefined;
}

export function readText(reader: Reader): string {
  return reader.text(MESSAGE_BYTES_MAX);
}

export function readNodeId(reader: Reader): NodeId {
  return readId<'NodeId'>(reader);
}

export function readGroup(reader: Reader): GroupId {
  return reader.u32() as GroupId;
}

export function writeTuple(writer: Writer, tuple: TupleKey): void {
  writer.text(tuple.resource);
  writer.text(tuple.relation);
  writer.text(tuple.subject);
}

export function readTuple(reader: Reader): TupleKey {
  const resource = readText(reader);
  const relation = readText(reader);
  return { resource, relation, subject: readText(reader) };
}

export function writeCommandRef(writer: Writer, command: CommandRef): void {
  writer.u32(command.session.group);
  writer.u64(command.session.index);
  writer.u64(command.sequence);
  writer.u64(command.lowestUnanswered);
}

export function readCommandRef(reader: Reader): CommandRef {
  const session = { group: readGroup(reader), index: reader.u64() as LogIndex };
  const sequence = reader.u64();
  const lowestUnanswered = reader.u64();
  if (lowestUnanswered < 1 || sequence < lowestUnanswered) reader.fail('bad_value');
  return { session, sequence, lowestUnanswered };
}

export function writeAnchor(writer: Writer, anchor: Anchor): void {
  writer.u64(anchor.height);
  for (const hash of [anchor.blockHash, anchor.stateRoot, anchor.treeRoot]) {
    assert(hash.length === HASH_BYTES, 'a hash has 32 bytes');
    writer.raw(hash);
  }
  assert(anchor.header.length === HEADER_BYTES, 'a header has 196 bytes');
  writer.raw(anchor.header);
}

/** The hashes are copies. */
export function readAnchor(reader: Reader): Anchor {
  const height = reader.u64() as Height;
  const blockHash = reader.copy(HASH_BYTES);
  const stateRoot = reader.copy(HASH_BYTES);
  const treeRoot = reader.copy(HASH_BYTES);
  return { height, blockHash, stateRoot, treeRoot, header: reader.copy(HEADER_BYTES) };
}

export function writeVaultEntry(writer: Writer, vault: VaultEntry): void {
  writeUlid(writer, vault.id);
  writeUlid(writer, vault.organization);
  writer.text(vault.organizationName);
  writer.text(vault.name);
  writer.u32(vault.group);
  writer.u64(vault.createdAt);
}

export function readVaultEntry(reader: Reader): VaultEntry {
  const id = readUlid<'VaultId'>(reader);
  const organization = readUlid<'OrganizationId'>(reader);
  const organizationName = readText(reader);
  const name = readText(reader);
  const group = readGroup(reader);
  return { id, organization, organizationName, name, group, createdAt: reader.u64() as Micros };
}

export function writeRow(writer: Writer, row: TupleRow): void {
  writeTuple(writer, row.tuple);
  writer.text(row.conditionName);
  writer.text(row.conditionContext);
  writer.u64(row.expiresAt);
  writer.u64(row.version);
  writer.u64(row.writtenAt);
}

export function readRow(reader: Reader): TupleRow {
  const tuple = readTuple(reader);
  const conditionName = readText(reader);
  const conditionContext = reader.text(CONTEXT_BYTES_MAX);
  const expiresAt = reader.u64();
  const version = reader.u64() as Height;
  return { tuple, conditionName, conditionContext, expiresAt, version, writtenAt: reader.u64() as Micros };
}
