/**
 * The file DIVERGED: vaults that this node does not serve because a majority of their group has other blocks. Written whenever
 * that changes, under a temporary name, synced, renamed; a node whose file was lost finds out again when it compares blocks.
 *
 *   OFFSET SIZE
 *        0    8  magic "VOUCHDIV"
 *        8    1  format = 1
 *        9    4  number of vaults
 *       13    …  each: u32 group ‖ vault 16 ‖ u64 height ‖ u64 log index ‖ block hash of the majority there 32
 *        …    4  CRC-32C of everything before
 */
import { crc32c } from '../bytes/crc32c.ts';
import { Reader } from '../bytes/reader.ts';
import { toUtf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import type { DirectoryReader, FileOp } from '../effect.ts';
import type { Decoded } from '../errors.ts';
import { StorageError } from '../errors.ts';
import type { GroupId, Height, LogIndex, VaultId } from '../ids.ts';
import { readUlid, writeUlid } from '../state/ulid-field.ts';
import { readWhole } from '../whole-read.ts';
import { replaceFile, TEMPORARY_SUFFIX } from './directory.ts';

export const DIVERGED_FILE: string = 'DIVERGED';

/** A vault that is not served here, and what a majority has. */
export interface IsolatedVault {
  readonly vault: VaultId;
  /** The height at which it was found out, and the log index of the entry that made the block. */
  readonly height: Height;
  readonly index: LogIndex;
  /** The majority's block; zeros: it has none there. */
  readonly blockHash: Uint8Array;
}

export type IsolatedByGroup = ReadonlyMap<GroupId, readonly IsolatedVault[]>;

const MAGIC: Uint8Array = toUtf8('VOUCHDIV') as Uint8Array;
const FORMAT = 1;
const HASH_BYTES = 32;
const VAULT_BYTES = 4 + 16 + 8 + 8 + HASH_BYTES;

/** Groups ascending. */
export function encodeNote(isolated: IsolatedByGroup): Uint8Array {
  const writer = new Writer();
  writer.raw(MAGIC);
  writer.u8(FORMAT);
  let count = 0;
  for (const vaults of isolated.values()) count += vaults.length;
  writer.u32(count);
  for (const group of [...isolated.keys()].sort((a, b) => a - b)) {
    for (const { vault, height, index, blockHash } of isolated.get(group) ?? []) {
      writer.u32(group);
      writeUlid(writer, vault);
      writer.u64(height);
      writer.u64(index);
      writer.raw(blockHash);
    }
  }
  writer.u32(crc32c(writer.peek()));
  return writer.finish();
}

export function decodeNote(bytes: Uint8Array): Decoded<IsolatedByGroup> {
  const reader = new Reader(bytes);
  const magic = reader.raw(MAGIC.length);
  if (reader.failed === undefined && MAGIC.some((byte, i) => magic[i] !== byte)) reader.fail('bad_tag');
  if (reader.u8() !== FORMAT) reader.fail('bad_version');
  const count = reader.u32();
  if (count * VAULT_BYTES > reader.remaining) reader.fail('truncated');
  const isolated: Map<GroupId, IsolatedVault[]> = new Map();
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    const group = reader.u32() as GroupId;
    const vault = readUlid<'VaultId'>(reader);
    const place = { vault, height: reader.u64() as Height, index: reader.u64() as LogIndex };
    const known = isolated.get(group) ?? [];
    known.push({ ...place, blockHash: reader.copy(HASH_BYTES) });
    isolated.set(group, known);
  }
  const checked = reader.at;
  if (reader.u32() !== crc32c(bytes, 0, checked)) reader.fail('bad_checksum');
  return reader.finish(isolated);
}

/** The note of a directory, and the operations that keep it. */
export class DivergenceNote {
  private readonly isolated: Map<GroupId, readonly IsolatedVault[]>;
  private isStale: boolean;

  /** Throws StorageError where the note is there and cannot be believed. */
  constructor(reader: DirectoryReader) {
    this.isStale = reader.size(DIVERGED_FILE + TEMPORARY_SUFFIX) !== undefined;
    const sizeBytes = reader.size(DIVERGED_FILE);
    const decoded = sizeBytes === undefined ? undefined : decodeNote(readWhole(reader, DIVERGED_FILE, sizeBytes));
    if (decoded?.ok === false) {
      throw new StorageError(
        'diverged_damaged',
        `DIVERGED, which names vaults that this node must not serve, is damaged (${decoded.reason} at byte ${decoded.offset}). Remove it to let the node find out again by comparing blocks with its peers; until then it serves whatever it has.`,
      );
    }
    this.isolated = new Map(decoded?.value);
  }

  of(group: GroupId): readonly IsolatedVault[] {
    return this.isolated.get(group) ?? [];
  }

  /** @returns operations that write it down. */
  set(group: GroupId, vaults: readonly IsolatedVault[]): readonly FileOp[] {
    if (vaults.length === 0) this.isolated.delete(group);
    else this.isolated.set(group, vaults);
    const ops = replaceFile(DIVERGED_FILE, encodeNote(this.isolated), this.isStale);
    this.isStale = false;
    return ops;
  }
}
