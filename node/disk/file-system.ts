/**
 * The file calls FileDisk makes, and no others. Why an interface: the power-cut test stands a layer under it that remembers
 * only what the syncs made durable, fault tests refuse calls, and metrics count syncs by site.
 * Synchronous where the call returns from the page cache; with a callback where it waits for the device.
 */
import {
  close,
  closeSync,
  fdatasync,
  fsync,
  mkdirSync,
  open,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';

/** Every place in node/disk that waits for the device, by name. */
export type SyncSite =
  /** A `sync` operation: data and size of one file. */
  | 'file'
  /** A `syncDirectory` operation: the names in the data directory. */
  | 'directory'
  /** The name of a data directory that was just made, in its parent. */
  | 'parent';

export type Done = (error: NodeJS.ErrnoException | null) => void;

export interface FileSystem {
  /** mode 'create' fails with EEXIST where the name exists. @returns a descriptor for reading and writing. */
  open(path: string, mode: 'existing' | 'create'): number;
  close(descriptor: number): void;
  size(path: string): number | undefined;
  list(path: string): readonly string[];
  /** @returns bytes read into `into`; 0 at the end of the file. */
  read(descriptor: number, into: Uint8Array, position: number): number;
  /** @returns bytes written, which may be fewer than given. */
  write(descriptor: number, bytes: Uint8Array, position: number): number;
  /** The same, from the thread pool: for bulk that would stall the event loop. */
  writeLater(descriptor: number, bytes: Uint8Array, position: number, done: (error: Error | null, count: number) => void): void;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  /** Makes the directory; its parent exists. @returns false where it was there. */
  makeDirectory(path: string): boolean;
  /** fdatasync. Success means durable; a failure is never retried (C6). */
  sync(descriptor: number, site: SyncSite, done: Done): void;
  /** fsync of a directory. */
  syncDirectory(path: string, site: SyncSite, done: Done): void;
}

/** Whether a thrown value carries this errno code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}

/** The operating system's calls. */
export const operatingSystem: FileSystem = {
  open: (path, mode) => openSync(path, mode === 'create' ? 'wx+' : 'r+', 0o600),
  close: (descriptor) => closeSync(descriptor),
  size(path) {
    return statSync(path, { throwIfNoEntry: false })?.size;
  },
  list: (path) => readdirSync(path),
  read: (descriptor, into, position) => readSync(descriptor, into, 0, into.length, position),
  write: (descriptor, bytes, position) => writeSync(descriptor, bytes, 0, bytes.length, position),
  writeLater(descriptor, bytes, position, done) {
    write(descriptor, bytes, 0, bytes.length, position, done);
  },
  rename: (from, to) => renameSync(from, to),
  unlink: (path) => unlinkSync(path),
  makeDirectory(path) {
    try {
      mkdirSync(path, { mode: 0o700 });
      return true;
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    }
  },
  sync: (descriptor, _site, done) => fdatasync(descriptor, done),
  syncDirectory(path, _site, done) {
    open(path, 'r', (failed, descriptor) => {
      if (failed) return done(failed);
      fsync(descriptor, (error) => close(descriptor, () => done(error)));
    });
  },
};
