/** A backup on disk, opened for reading at any place. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { BackupFile } from '../../core/backup/scan.ts';
import { StorageError } from '../../core/errors.ts';
import { asStorageError } from '../disk/storage-error.ts';

/** A backup that can be read, whichever way it stands on the disk. */
export interface BackupOnDisk extends BackupFile {
  readonly path: string;
}

export class OpenBackup implements BackupOnDisk {
  readonly path: string;
  readonly size: number;
  private readonly descriptor: number;

  /** @throws StorageError with a sentence. */
  constructor(path: string) {
    this.path = path;
    try {
      this.descriptor = openSync(path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new StorageError('ENOENT', `There is no file ${path}.`);
      throw asStorageError(error, `${path} cannot be read`);
    }
    const found = fstatSync(this.descriptor);
    this.size = found.size;
    if (found.isFile()) return;
    closeSync(this.descriptor);
    throw new StorageError('EISDIR', `${path} is no regular file: a backup is read more than once.`);
  }

  read(offset: number, lengthBytes: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(Math.min(lengthBytes, this.size - offset), 0));
    let done = 0;
    try {
      while (done < bytes.length) {
        const count = readSync(this.descriptor, bytes, done, bytes.length - done, offset + done);
        if (count === 0) return bytes.slice(0, done);
        done += count;
      }
    } catch (error) {
      throw asStorageError(error, `${this.path} cannot be read`);
    }
    return bytes;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
