/**
 * File calls of a node that may lose its power: whatever no sync covers yet reaches the real files or not, each 512-byte piece and each
 * change of a name as drawn. What does not is held in memory, and new files beside the data directory, until a sync asks for it. So a process
 * that is killed leaves what a machine that loses power may leave: any subset of what was not synced. The process itself sees all.
 * Writes of more than 64 KiB (zeros of a new segment) are not split; that is one of the subsets, too.
 * For tests (power-cut-layer.ts). Independent of sim/disk.ts and of the shadow of the tests: one contract suite runs on all three.
 */
import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FileSystem } from '../disk/file-system.ts';

const SECTOR_BYTES = 512;
const SPLIT_BYTES_MAX = 64 << 10;

export interface HeldWritesOptions {
  /** The calls to make in the end. */
  readonly below: FileSystem;
  /** The data directory; other paths are none of this layer's business. */
  readonly directory: string;
  /** Where files stand whose names are not durable; empty at first, and nothing in it outlives the process. */
  readonly heldDirectory: string;
  /** Whether something waits for its sync instead of reaching its file now. */
  readonly holds: () => boolean;
}

interface HeldFile {
  /** Where its bytes really are. */
  actual: string;
  size: number;
  /** Newest contents of pieces that have not reached it. */
  readonly sectors: Map<number, Uint8Array>;
}

export class HeldWrites {
  private readonly options: HeldWritesOptions;
  /** By name in the data directory. */
  private readonly files: Map<string, HeldFile> = new Map();
  /** Real names that are gone as the process sees it. */
  private readonly removed: Set<string> = new Set();
  private readonly descriptors: Map<number, HeldFile> = new Map();
  private created: number = 0;

  constructor(options: HeldWritesOptions) {
    this.options = options;
    mkdirSync(options.heldDirectory, { recursive: true });
  }

  /** The calls, for FileDisk. */
  get fileSystem(): FileSystem {
    const { below, directory } = this.options;
    const isMine = (path: string): boolean => dirname(path) === directory && !basename(path).startsWith('lock');
    return {
      ...below,
      open: (path, mode) => (isMine(path) ? this.open(path, mode) : below.open(path, mode)),
      close: (descriptor) => {
        this.descriptors.delete(descriptor);
        below.close(descriptor);
      },
      size: (path) => (isMine(path) ? this.find(path)?.size : below.size(path)),
      list: (path) => (path === directory ? this.list() : below.list(path)),
      read: (descriptor, into, position) => this.read(descriptor, into, position),
      write: (descriptor, bytes, position) => this.write(descriptor, bytes, position),
      writeLater: (descriptor, bytes, position, done) => {
        const count = this.write(descriptor, bytes, position);
        setImmediate(() => done(null, count));
      },
      rename: (from, to) => this.rename(from, to),
      unlink: (path) => this.unlink(path),
      sync: (descriptor, _site, done) => {
        this.flush(descriptor);
        setImmediate(() => done(null)); // the process may die, the machine does not: the page cache is durable enough
      },
      syncDirectory: (path, _site, done) => {
        if (path === directory) this.flushNames();
        setImmediate(() => done(null));
      },
    };
  }

  private find(path: string): HeldFile | undefined {
    const name = basename(path);
    const known = this.files.get(name);
    if (known !== undefined || this.removed.has(name)) return known;
    const size = this.options.below.size(path);
    if (size === undefined) return undefined;
    const file: HeldFile = { actual: path, size, sectors: new Map() };
    this.files.set(name, file);
    return file;
  }

  private list(): readonly string[] {
    const { below, directory } = this.options;
    const real = below.list(directory).filter((name) => !this.removed.has(name));
    return [...new Set([...real, ...this.files.keys()])];
  }

  private open(path: string, mode: 'existing' | 'create'): number {
    const { below, heldDirectory, holds } = this.options;
    let file = this.find(path);
    if (mode === 'existing') {
      if (file === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    } else {
      if (file !== undefined) throw Object.assign(new Error(`file exists: ${path}`), { code: 'EEXIST' });
      this.created += 1;
      const isHeld = this.removed.has(basename(path)) || holds();
      file = { actual: isHeld ? join(heldDirectory, `${this.created}`) : path, size: 0, sectors: new Map() };
      this.files.set(basename(path), file);
    }
    const descriptor = below.open(file.actual, mode);
    this.descriptors.set(descriptor, file);
    return descriptor;
  }

  private read(descriptor: number, into: Uint8Array, position: number): number {
    const { below } = this.options;
    const file = this.descriptors.get(descriptor);
    if (file === undefined) return below.read(descriptor, into, position);
    const count = Math.max(Math.min(into.length, file.size - position), 0);
    into.fill(0, 0, count);
    for (let done = 0; done < count; ) {
      const read = below.read(descriptor, into.subarray(done, count), position + done);
      if (read === 0) break;
      done += read;
    }
    for (const [sector, bytes] of file.sectors) {
      const at = sector * SECTOR_BYTES;
      const from = Math.max(at, position);
      const to = Math.min(at + SECTOR_BYTES, position + count);
      if (from < to) into.set(bytes.subarray(from - at, to - at), from - position);
    }
    return count;
  }

  private write(descriptor: number, bytes: Uint8Array, position: number): number {
    const file = this.descriptors.get(descriptor);
    if (file === undefined) return this.options.below.write(descriptor, bytes, position);
    const end = position + bytes.length;
    const isBulk = bytes.length > SPLIT_BYTES_MAX;
    if (isBulk) this.put(descriptor, bytes, position);
    for (let sector = Math.floor(position / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector += 1) {
      if (isBulk && !file.sectors.has(sector)) continue;
      const at = sector * SECTOR_BYTES;
      const from = Math.max(at, position);
      const to = Math.min(at + SECTOR_BYTES, end);
      const contents = file.sectors.get(sector) ?? this.real(descriptor, at);
      contents.set(bytes.subarray(from - position, to - position), from - at);
      const size = Math.max(file.size, to);
      if (!isBulk && this.options.holds()) file.sectors.set(sector, contents);
      else {
        this.put(descriptor, contents.subarray(0, Math.min(SECTOR_BYTES, size - at)), at);
        file.sectors.delete(sector);
      }
      file.size = size;
    }
    file.size = Math.max(file.size, end);
    return bytes.length;
  }

  /** A piece as it really stands, zeros behind the end. */
  private real(descriptor: number, at: number): Uint8Array {
    const contents = new Uint8Array(SECTOR_BYTES);
    for (let done = 0; done < SECTOR_BYTES; ) {
      const read = this.options.below.read(descriptor, contents.subarray(done), at + done);
      if (read === 0) break;
      done += read;
    }
    return contents;
  }

  private put(descriptor: number, bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) done += this.options.below.write(descriptor, bytes.subarray(done), position + done);
  }

  private flush(descriptor: number): void {
    const file = this.descriptors.get(descriptor);
    if (file === undefined) return;
    for (const [sector, contents] of file.sectors) {
      const at = sector * SECTOR_BYTES;
      this.put(descriptor, contents.subarray(0, Math.min(SECTOR_BYTES, file.size - at)), at);
    }
    file.sectors.clear();
  }

  private rename(from: string, to: string): void {
    const { below, holds } = this.options;
    const file = this.find(from);
    if (file === undefined) throw Object.assign(new Error(`no such file: ${from}`), { code: 'ENOENT' });
    const [old, name] = [basename(from), basename(to)];
    this.files.delete(old);
    const isPlain = file.actual === from && !this.removed.has(name) && [undefined, to].includes(this.find(to)?.actual);
    if (isPlain && !holds()) {
      below.rename(from, to);
      file.actual = to;
    } else if (file.actual === from) this.removed.add(old);
    this.files.set(name, file);
  }

  private unlink(path: string): void {
    const { below, holds } = this.options;
    const file = this.find(path);
    if (file === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    const name = basename(path);
    this.files.delete(name);
    if (file.actual !== path) return; // under its own name it never was on the disk
    if (holds()) this.removed.add(name);
    else below.unlink(path);
  }

  /** Everything reaches the real files: what the end of a process takes from nobody. */
  release(): void {
    const { below } = this.options;
    for (const file of this.files.values()) {
      if (file.sectors.size === 0) continue;
      const descriptor = below.open(file.actual, 'existing');
      this.descriptors.set(descriptor, file);
      this.flush(descriptor);
      this.descriptors.delete(descriptor);
      below.close(descriptor);
    }
    this.flushNames();
  }

  /** Every name as the process sees it becomes the real one. */
  private flushNames(): void {
    const { below, directory } = this.options;
    const pending = new Map([...this.files].filter(([name, { actual }]) => actual !== join(directory, name)));
    while (pending.size > 0) {
      const taken = new Set([...pending.values()].map(({ actual }) => actual));
      const next = [...pending].find(([name]) => !taken.has(join(directory, name))) ?? [...pending][0];
      if (next === undefined) break;
      const [name, file] = next;
      const path = join(directory, name);
      below.rename(file.actual, path);
      file.actual = path;
      pending.delete(name);
    }
    for (const name of this.removed) {
      const path = join(directory, name);
      if (!this.files.has(name) && below.size(path) !== undefined) below.unlink(path);
    }
    this.removed.clear();
  }
}
