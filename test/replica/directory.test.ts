/** Identity and manifest files: golden bytes, and a sentence for everything that is not a Vouch directory. */
import { describe, expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import type { Entropy } from '../../core/capability.ts';
import type { DirectoryReader } from '../../core/effect.ts';
import { StorageError } from '../../core/errors.ts';
import type { ClusterId, GroupId, NodeId } from '../../core/ids.ts';
import {
  createDirectory,
  encodeIdentity,
  IDENTITY_FILE,
  readIdentity,
  readManifest,
  writeManifest,
} from '../../core/replica/directory.ts';
import { foundingManifest } from '../../core/replica/manifest.ts';

const counting: Entropy = {
  fill(out: Uint8Array, offset: number, length: number): void {
    for (let i = 0; i < length; i += 1) out[offset + i] = i;
  },
};
const ID = '000102030405060708090a0b0c0d0e0f' as NodeId;

function directoryOf(files: Readonly<Record<string, Uint8Array>>): DirectoryReader {
  return {
    list: () => Object.keys(files).toSorted(),
    size: (file) => files[file]?.length,
    read: (file, offset, length) => (files[file] as Uint8Array).slice(offset, offset + length),
  };
}

function refusal(files: Readonly<Record<string, Uint8Array>>, read: (reader: DirectoryReader) => unknown): StorageError {
  try {
    read(directoryOf(files));
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('the directory was accepted');
}

describe('identity', () => {
  test('IDENTITY has these 29 bytes (format 1)', () => {
    expect(toHex(encodeIdentity(ID))).toBe('564f5543484e4f4401000102030405060708090a0b0c0d0e0fc9374388');
  });

  test('a new directory is written whole: synced under a temporary name, renamed, directory synced', () => {
    const { id, ops } = createDirectory(counting);
    expect(id).toBe(ID);
    expect(ops.map((op) => op.op)).toEqual(['create', 'write', 'sync', 'rename', 'syncDirectory']);
  });

  test('the id is read back', () => {
    expect(readIdentity(directoryOf({ [IDENTITY_FILE]: encodeIdentity(ID) }))).toBe(ID);
  });

  test('an empty, a foreign, a newer and a damaged directory are each told apart', () => {
    const good = encodeIdentity(ID);
    const newer = good.slice();
    newer[8] = 2;
    const damaged = good.slice();
    damaged[12] = 0xff;
    expect(refusal({}, readIdentity).code).toBe('no_identity');
    expect(refusal({ [IDENTITY_FILE]: new Uint8Array(29) }, readIdentity).code).toBe('foreign_directory');
    expect(refusal({ [IDENTITY_FILE]: new Uint8Array(2 << 20) }, readIdentity).code).toBe('foreign_directory');
    expect(refusal({ [IDENTITY_FILE]: newer }, readIdentity).code).toBe('newer_format');
    expect(refusal({ [IDENTITY_FILE]: damaged }, readIdentity).code).toBe('identity_damaged');
    expect(refusal({ [IDENTITY_FILE]: good.subarray(0, 20) }, readIdentity).code).toBe('identity_damaged');
  });
});

describe('manifest file', () => {
  const manifest = foundingManifest({
    cluster: ID as string as ClusterId,
    founders: [{ id: ID, address: '127.0.0.1:7400' }],
    groups: [{ group: 0 as GroupId, voters: [ID] }],
  });

  test('is read back, absent before bootstrap, and refused when one byte changed', () => {
    const write = writeManifest(manifest, false).find((op) => op.op === 'write');
    const bytes = write?.op === 'write' ? write.bytes : new Uint8Array();
    expect(readManifest(directoryOf({}))).toBeUndefined();
    expect(readManifest(directoryOf({ CLUSTER: bytes }))).toEqual(manifest);
    const changed = bytes.slice();
    changed[30] = (changed[30] as number) ^ 1;
    expect(refusal({ CLUSTER: changed }, readManifest).code).toBe('cluster_damaged');
  });

  test('a temporary file left by a crash is removed first', () => {
    expect(writeManifest(manifest, true)[0]).toEqual({ op: 'remove', file: 'CLUSTER.new' });
  });
});
