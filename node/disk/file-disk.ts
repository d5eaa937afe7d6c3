/**
 * The data directory of a real node. The directory is flat; names that begin with `lock` are FileDisk's own and not listed.
 * One process at a time: directory-lock.ts. How operations become durable: pipeline.ts, operations.ts.
 */
import { dirname, resolve } from 'node:path';
import type { DirectoryReader, FileOp } from '../../core/effect.ts';
import type { Seq } from '../../core/ids.ts';
import { DirectoryLock, LOCK_FILE } from './directory-lock.ts';
import { type FileSystem, hasCode, operatingSystem } from './file-system.ts';
import { Operations } from './operations.ts';
import { type PersistListener, Pipeline } from './pipeline.ts';
import { asStorageError } from './storage-error.ts';

export interface FileDiskOptions {
  /** The operating system's by default. */
  readonly fileSystem?: FileSystem;
}

export class FileDisk implements DirectoryReader {
  readonly directory: string;
  private readonly fileSystem: FileSystem;
  private readonly lock: DirectoryLock;
  private readonly operations: Operations;
  private readonly pipeline: Pipeline;

  private constructor(directory: string, fileSystem: FileSystem, lock: DirectoryLock) {
    this.directory = directory;
    this.fileSystem = fileSystem;
    this.lock = lock;
    this.operations = new Operations(directory, fileSystem);
    this.pipeline = new Pipeline(this.operations);
  }

  /**
   * Opens a data directory, makes it (durably) where it is missing, and locks it against a second process.
   * @throws StorageError with a sentence for the operator: `directory_locked`, or the errno code.
   */
  static async open(path: string, options: FileDiskOptions = {}): Promise<FileDisk> {
    const directory = resolve(path);
    const fileSystem = options.fileSystem ?? operatingSystem;
    try {
      await makeDurableDirectory(directory, fileSystem);
      fileSystem.list(directory); // ENOTDIR and EACCES belong here, not to the first read
    } catch (error) {
      throw asStorageError(error, `the data directory ${directory} cannot be opened`);
    }
    return new FileDisk(directory, fileSystem, DirectoryLock.take(directory));
  }

  list(): readonly string[] {
    try {
      return this.fileSystem
        .list(this.directory)
        .filter((name) => !name.startsWith(LOCK_FILE))
        .sort();
    } catch (error) {
      throw asStorageError(error, `the data directory ${this.directory} cannot be read`);
    }
  }

  size(file: string): number | undefined {
    try {
      return this.fileSystem.size(this.operations.path(file));
    } catch (error) {
      throw asStorageError(error, `${this.operations.path(file)} cannot be read`);
    }
  }

  read(file: string, offset: number, lengthBytes: number): Uint8Array {
    try {
      const descriptor = this.operations.descriptor(file);
      const length = Math.max(Math.min(lengthBytes, (this.size(file) ?? 0) - offset), 0);
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const count = this.fileSystem.read(descriptor, bytes.subarray(done), offset + done);
        if (count === 0) return bytes.slice(0, done);
        done += count;
      }
      return bytes;
    } catch (error) {
      throw asStorageError(error, `${this.operations.path(file)} cannot be read`);
    }
  }

  /** Who hears what became of submitted persists. Called once, before the first submit. */
  listen(listener: PersistListener): void {
    this.pipeline.listen(listener);
  }

  /** Carries out a persist effect, in order, and tells the listener. The bytes stay unchanged until then. */
  submit(seq: Seq, ops: readonly FileOp[]): void {
    this.pipeline.submit(seq, ops);
  }

  /** The same for whoever opens a directory: resolves when every operation took effect; rejects with a StorageError. */
  async execute(ops: readonly FileOp[]): Promise<void> {
    try {
      await this.pipeline.execute(ops);
    } catch (error) {
      throw asStorageError(error, `the data directory ${this.directory} cannot be written`);
    }
  }

  /** Syncs saved by group commit since the directory was opened. */
  get syncsShared(): number {
    return this.pipeline.syncsShared;
  }

  /** Waits for what was submitted, then gives the directory free for another process. */
  async close(): Promise<void> {
    await this.pipeline.execute([]).catch(() => undefined); // a failure was reported to whoever submitted
    this.operations.close();
    this.lock.release();
  }
}

/**
 * Makes the directory and the ancestors it lacks. The names are synced even where they exist: whoever made them may have
 * died before its sync, and a data directory that power loss takes away whole would lose everything acknowledged in it.
 */
async function makeDurableDirectory(directory: string, fileSystem: FileSystem): Promise<void> {
  const parent = dirname(directory);
  if (parent === directory) return;
  const existed = fileSystem.size(directory) !== undefined;
  if (!existed && fileSystem.size(parent) === undefined) await makeDurableDirectory(parent, fileSystem);
  fileSystem.makeDirectory(directory);
  await new Promise<void>((done, failed) => {
    fileSystem.syncDirectory(parent, 'parent', (error) => {
      // A directory that somebody else provided, under one that we may not even read, is theirs to make durable.
      if (error === null || (existed && (hasCode(error, 'EACCES') || hasCode(error, 'EPERM')))) done();
      else failed(error);
    });
  });
}
