/** The operating system's files, with what is written to them counted by kind: the log, its zeros, and everything else. */
import { basename } from 'node:path';
import { type FileSystem, operatingSystem } from '../../node/disk/file-system.ts';

export interface WrittenBytes {
  /** Records in the log's segments. */
  log: number;
  /** Zeros that allocate new files ahead of their use. */
  zeros: number;
  /** Checkpoints and the small files. */
  state: number;
  syncs: number;
}

export class CountingFiles {
  readonly written: WrittenBytes = { log: 0, zeros: 0, state: 0, syncs: 0 };
  /** When something was written last, milliseconds of performance.now. */
  lastWriteAt: number = 0;
  readonly fileSystem: FileSystem;
  private readonly names: Map<number, string> = new Map();

  constructor() {
    const { names, written } = this;
    this.fileSystem = {
      ...operatingSystem,
      open: (path, mode) => {
        const descriptor = operatingSystem.open(path, mode);
        names.set(descriptor, basename(path));
        return descriptor;
      },
      write: (descriptor, bytes, position) => {
        const count = operatingSystem.write(descriptor, bytes, position);
        if (isLog(names.get(descriptor) ?? '')) written.log += count;
        else written.state += count;
        this.lastWriteAt = performance.now();
        return count;
      },
      writeLater: (descriptor, bytes, position, done) => {
        operatingSystem.writeLater(descriptor, bytes, position, (error, count) => {
          written.zeros += count;
          this.lastWriteAt = performance.now();
          done(error, count);
        });
      },
      sync: (descriptor, site, done) => {
        written.syncs += 1;
        operatingSystem.sync(descriptor, site, done);
      },
    };
  }
}

/** Whether a file is a segment of the write-ahead log. */
export function isLog(name: string): boolean {
  return name.startsWith('wal-');
}
