/**
 * The small files of a data directory besides the WAL.
 *   IDENTITY  who this node is; drawn once, never copied. OFFSET SIZE: 0 8 magic "VOUCHNOD" · 8 1 format = 1 · 9 16 node id · 25 4 CRC-32C
 *   CLUSTER   the manifest (manifest.ts), from bootstrap on
 * Both are written under a temporary name, synced, renamed, and the directory synced: they exist whole or not at all.
 */
import { crc32c } from '../bytes/crc32c.ts';
import { drawId, readId, writeId } from '../bytes/hex-id.ts';
import { Reader } from '../bytes/reader.ts';
import { toUtf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import type { Entropy } from '../capability.ts';
import type { DirectoryReader, FileOp } from '../effect.ts';
import { StorageError } from '../errors.ts';
import type { NodeId } from '../ids.ts';
import type { WalRecovery } from '../wal/recover.ts';
import { readWhole } from '../whole-read.ts';
import { decodeManifest, encodeManifest, type Manifest } from './manifest.ts';

export const IDENTITY_FILE: string = 'IDENTITY';
export const CLUSTER_FILE: string = 'CLUSTER';
/** Ends the names of files that are being written; such a file means nothing and may be overwritten. */
export const TEMPORARY_SUFFIX: string = '.new';

const MAGIC: Uint8Array = toUtf8('VOUCHNOD') as Uint8Array;
const FORMAT = 1;
/** A manifest of the most groups and members there may be stays below; anything larger is not ours. */
const SMALL_FILE_BYTES_MAX = 8 << 20;

/** Operations that make a small file exist whole or not at all. @param stale whether the temporary name is already there. */
export function replaceFile(file: string, bytes: Uint8Array, stale: boolean): FileOp[] {
  const temporary = file + TEMPORARY_SUFFIX;
  const ops: FileOp[] = stale ? [{ op: 'remove', file: temporary }] : [];
  ops.push({ op: 'create', file: temporary, sizeBytes: bytes.length });
  ops.push({ op: 'write', file: temporary, offset: 0, bytes });
  ops.push({ op: 'sync', file: temporary });
  ops.push({ op: 'rename', from: temporary, to: file });
  ops.push({ op: 'syncDirectory' });
  return ops;
}

/** Draws the identity of a new node. The operations go to an empty directory and are durable before the node is opened. */
export function createDirectory(
  entropy: Entropy,
  reader?: DirectoryReader,
): { readonly id: NodeId; readonly ops: readonly FileOp[] } {
  const id = drawId<'NodeId'>(entropy);
  const stale = reader?.size(IDENTITY_FILE + TEMPORARY_SUFFIX) !== undefined;
  return { id, ops: replaceFile(IDENTITY_FILE, encodeIdentity(id), stale) };
}

/** The 29 bytes of IDENTITY. */
export function encodeIdentity(id: NodeId): Uint8Array {
  const writer = new Writer(32);
  writer.raw(MAGIC);
  writer.u8(FORMAT);
  writeId(writer, id);
  writer.u32(crc32c(writer.peek()));
  return writer.finish();
}

function readSmallFile(reader: DirectoryReader, file: string): Uint8Array | undefined {
  const sizeBytes = reader.size(file);
  if (sizeBytes === undefined) return undefined;
  if (sizeBytes > SMALL_FILE_BYTES_MAX)
    throw new StorageError(
      'foreign_directory',
      `${file} is far larger than any Vouch writes: this is not a Vouch data directory.`,
    );
  return readWhole(reader, file, sizeBytes);
}

/** The node's id. Throws StorageError with a sentence that says what to do. */
export function readIdentity(reader: DirectoryReader): NodeId {
  const bytes = readSmallFile(reader, IDENTITY_FILE);
  if (bytes === undefined) {
    throw new StorageError(
      'no_identity',
      'There is no IDENTITY file: this is not a Vouch data directory. Name an empty directory to create a new node.',
    );
  }
  const fields = new Reader(bytes);
  const magic = fields.raw(MAGIC.length);
  if (fields.failed !== undefined || MAGIC.some((byte, i) => magic[i] !== byte)) {
    throw new StorageError('foreign_directory', 'IDENTITY was not written by Vouch: this is another program’s directory.');
  }
  if (fields.u8() > FORMAT)
    throw new StorageError(
      'newer_format',
      'IDENTITY has a newer format: start this node with a newer Vouch. Nothing was changed.',
    );
  const id = readId<'NodeId'>(fields);
  const checked = fields.at;
  if (fields.u32() !== crc32c(bytes, 0, checked)) fields.fail('bad_checksum');
  if (!fields.finish(id).ok) {
    throw new StorageError(
      'identity_damaged',
      'IDENTITY is damaged. Move the directory away and add this machine as a new node.',
    );
  }
  return id;
}

/** The cluster's manifest, or undefined before bootstrap. Throws StorageError where it is damaged. */
export function readManifest(reader: DirectoryReader): Manifest | undefined {
  const bytes = readSmallFile(reader, CLUSTER_FILE);
  if (bytes === undefined) return undefined;
  const decoded = decodeManifest(bytes);
  if (decoded.ok) return decoded.value;
  if (decoded.reason === 'bad_version')
    throw new StorageError(
      'newer_format',
      'CLUSTER has a newer format: start this node with a newer Vouch. Nothing was changed.',
    );
  throw new StorageError(
    'cluster_damaged',
    `CLUSTER is damaged (${decoded.reason} at byte ${decoded.offset}). Copy it from another node of the cluster.`,
  );
}

/**
 * Why what was read does not belong together: files are missing, or those of two nodes were mixed. undefined: it does.
 * A node opens none of these, because each looks like a node that began anew, or like another one.
 */
export function mismatchOf(
  self: NodeId,
  manifest: Manifest | undefined,
  { fresh, groups }: Pick<WalRecovery, 'fresh' | 'groups'>,
): StorageError | undefined {
  if (manifest === undefined) {
    if (groups.size === 0) return undefined;
    return new StorageError(
      'cluster_missing',
      'There is a log of groups but no CLUSTER: the directory is not whole. Put CLUSTER back, or copy it from another node of this cluster; it is the same there. Nothing was changed.',
    );
  }
  if (manifest.members.every(({ id }) => id !== self)) {
    return new StorageError(
      'foreign_cluster',
      `CLUSTER is that of cluster ${manifest.cluster}, which knows no node ${self}: files of two nodes were mixed. Put back those that belong to IDENTITY, or start with an empty directory as a new node. Nothing was changed.`,
    );
  }
  if (!fresh) return undefined;
  return new StorageError(
    'log_missing',
    'CLUSTER is there but the log is gone: a node that forgot its votes must not vote. Add it as a new node.',
  );
}

/** Operations that make the manifest durable. */
export function writeManifest(manifest: Manifest, stale: boolean): FileOp[] {
  return replaceFile(CLUSTER_FILE, encodeManifest(manifest), stale);
}
