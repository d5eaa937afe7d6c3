/**
 * Carries a restoration out: fills an empty directory and makes it a node's last of all. What goes wrong on the way takes
 * everything away again that was put there; what a crash leaves has no IDENTITY, and no node opens it.
 */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { restoredDirectory } from '../../core/backup/directory.ts';
import type { Refounding } from '../../core/backup/refound.ts';
import type { VerifiedBackup } from '../../core/backup/verify.ts';
import type { Cipher } from '../../core/capability.ts';
import type { FileOp } from '../../core/effect.ts';
import { StorageError } from '../../core/errors.ts';
import { encodeIdentity, IDENTITY_FILE, replaceFile } from '../../core/replica/directory.ts';
import { createKeyFile, Sealing } from '../../core/replica/sealing.ts';
import { FileDisk } from '../disk/file-disk.ts';
import { asStorageError } from '../disk/storage-error.ts';
import { systemEntropy } from '../entropy.ts';
import { nativeHasher } from '../hasher.ts';
import { encodeNodeFile, NODE_FILE, type NodeFile } from '../node-file.ts';
import type { OnBytes } from './check.ts';

/** @throws StorageError where the directory holds something, or cannot be looked at. Changes nothing. */
export function demandEmpty(directory: string): void {
  let names: readonly string[];
  try {
    names = existsSync(directory) ? readdirSync(directory) : [];
  } catch (error) {
    throw asStorageError(error, `the directory ${directory} cannot be read`);
  }
  if (names.length > 0) throw notEmpty(directory, names[0] as string);
}

function notEmpty(directory: string, name: string): StorageError {
  const message = `${directory} is not empty (it holds "${name}"). Restore into a directory that is empty or not there yet.`;
  return new StorageError('not_empty', message);
}

export interface Restoration {
  readonly refounding: Refounding;
  readonly file: NodeFile;
  /** The new directory is encrypted under its master key; undefined: it is in clear. */
  readonly cipher: Cipher | undefined;
  /** Told of what is written; where it throws, the restoration ends and leaves nothing. */
  readonly onBytes: OnBytes;
}

/** @throws StorageError */
export async function restoreInto(
  directory: string,
  backup: VerifiedBackup,
  { refounding, file, cipher, onBytes }: Restoration,
): Promise<void> {
  const path = resolve(directory);
  const existed = existsSync(path);
  const disk = await FileDisk.open(path).catch((error: unknown) => {
    if (!existed) removeEmpty(path); // it may have been made before it could not be locked
    throw error;
  });
  const [other] = disk.list();
  if (other !== undefined) {
    await disk.close();
    throw notEmpty(directory, other);
  }
  let isDone = false;
  try {
    const sealing = await sealingOf(disk, cipher);
    for (const batch of restoredDirectory(backup, { refounding, hasher: nativeHasher, sealing })) {
      await disk.execute(batch);
      onBytes(bytesOf(batch));
    }
    await disk.execute(replaceFile(NODE_FILE, encodeNodeFile(file), false));
    await disk.execute(replaceFile(IDENTITY_FILE, encodeIdentity(refounding.node.id), false));
    isDone = true;
  } finally {
    await disk.close();
    if (!isDone) takeAway(path, existed);
  }
}

async function sealingOf(disk: FileDisk, cipher: Cipher | undefined): Promise<Sealing | undefined> {
  if (cipher === undefined) return undefined;
  await disk.execute(createKeyFile(cipher));
  return new Sealing(disk, { cipher, hasher: nativeHasher, entropy: systemEntropy });
}

function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // it was not made, or somebody put something there: then it is theirs
  }
}

/** Everything in it is ours: it was empty, and locked. */
function takeAway(path: string, existed: boolean): void {
  if (!existed) return rmSync(path, { recursive: true, force: true });
  for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true });
}

function bytesOf(batch: readonly FileOp[]): number {
  return batch.reduce((sum, op) => sum + (op.op === 'write' ? op.bytes.length : 0), 0);
}
