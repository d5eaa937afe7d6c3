/**
 * A layer under FileDisk's file calls that remembers only what the syncs made durable, and rebuilds the directory as power
 * loss at any moment would leave it: what was synced is there; every unsynced 512-byte piece and every unsynced change of a
 * name is there or not, as drawn. The calls go on to a real directory, so that a process that was merely killed can be
 * followed by one that reads the page cache. Device syncs are not made: what counts here is when they were asked for.
 * Independent of sim/disk.ts on purpose: the two must agree (contract.ts), not share a mistake.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Done, FileSystem, SyncSite } from '../../node/disk/file-system.ts';
import { operatingSystem } from '../../node/disk/file-system.ts';

/** Uniform integer in [0, bound). */
export type Below = (bound: number) => number;

type Change =
  | { readonly kind: 'make' }
  | { readonly kind: 'create'; readonly name: string; readonly inode: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly inode: number }
  | { readonly kind: 'unlink'; readonly name: string }
  | { readonly kind: 'write'; readonly inode: number; readonly offset: number; readonly bytes: Uint8Array }
  /** Finished; covers what was called before `began`. inode undefined = the directory, 'parent' = the directory's own name. */
  | { readonly kind: 'synced'; readonly what: number | 'directory' | 'parent'; readonly began: number };

const SECTOR_BYTES = 512;

export interface ShadowOptions {
  /** The sync site that is swallowed: it reports success and does nothing. */
  readonly without?: SyncSite;
}

export class Shadow {
  readonly directory: string;
  private readonly without: SyncSite | undefined;
  private readonly log: Change[] = [];
  private readonly names: Map<string, number> = new Map();
  private readonly descriptors: Map<number, number> = new Map();
  private readonly base: Map<number, { readonly name: string; readonly bytes: Uint8Array }> = new Map();
  private readonly existed: boolean;
  private inodes: number = 0;
  private generation: number = 0;
  private killAt: number = Number.POSITIVE_INFINITY;

  /** Begins with what the directory holds as durable; a directory that is not there is made, and must be made durable. */
  constructor(directory: string, options: ShadowOptions = {}) {
    this.directory = directory;
    this.without = options.without;
    this.existed = operatingSystem.size(directory) !== undefined;
    if (!this.existed) return;
    for (const name of readdirSync(directory)) {
      if (name.startsWith('lock')) continue;
      const inode = this.newInode(name);
      this.base.set(inode, { name, bytes: readFileSync(join(directory, name)) });
    }
  }

  /** Number of calls so far: a cut lies before the call of that number. */
  get position(): number {
    return this.log.length;
  }

  /** The process is killed before the call of that number; the page cache survives. */
  killBefore(position: number): void {
    this.killAt = position;
  }

  /** Whether the present process has reached the call it does not survive. */
  private get killed(): boolean {
    return this.log.length >= this.killAt;
  }

  /** The present process, if any, is gone: what it left under way never ends, its descriptors are closed. */
  end(): void {
    this.generation += 1;
    for (const descriptor of this.descriptors.keys()) operatingSystem.close(descriptor);
    this.descriptors.clear();
  }

  /** A new process: its calls, and whether it was killed. */
  session(): { readonly files: FileSystem; readonly gone: () => boolean } {
    this.end();
    this.killAt = Number.POSITIVE_INFINITY;
    const mine = this.generation;
    const alive = (): boolean => this.generation === mine && !this.killed;
    const live = (): void => {
      if (!alive()) throw Object.assign(new Error('killed'), { code: 'KILLED' });
    };
    const name = (path: string): string => basename(path);
    const files: FileSystem = {
      ...operatingSystem,
      open: (path, mode) => {
        live();
        const descriptor = operatingSystem.open(path, mode);
        if (mode === 'create') this.log.push({ kind: 'create', name: name(path), inode: this.newInode(name(path)) });
        this.descriptors.set(descriptor, this.names.get(name(path)) ?? -1);
        return descriptor;
      },
      close: (descriptor) => {
        live();
        this.descriptors.delete(descriptor);
        operatingSystem.close(descriptor);
      },
      write: (descriptor, bytes, position) => {
        live();
        this.note(descriptor, bytes, position);
        return operatingSystem.write(descriptor, bytes, position);
      },
      writeLater: (descriptor, bytes, position, done) => {
        live();
        this.note(descriptor, bytes, position);
        const count = operatingSystem.write(descriptor, bytes, position);
        setImmediate(() => alive() && done(null, count));
      },
      rename: (from, to) => {
        live();
        const inode = this.names.get(name(from)) ?? -1;
        this.log.push({ kind: 'rename', from: name(from), to: name(to), inode });
        this.names.delete(name(from));
        this.names.set(name(to), inode);
        operatingSystem.rename(from, to);
      },
      unlink: (path) => {
        live();
        this.log.push({ kind: 'unlink', name: name(path) });
        this.names.delete(name(path));
        operatingSystem.unlink(path);
      },
      makeDirectory: (path) => {
        live();
        const made = operatingSystem.makeDirectory(path);
        if (made && path === this.directory) this.log.push({ kind: 'make' });
        return made;
      },
      sync: (descriptor, site, done) => {
        live();
        this.sync(this.descriptors.get(descriptor) ?? -1, site, alive, done);
      },
      syncDirectory: (path, site, done) => {
        live();
        const what = path === dirname(this.directory) ? 'parent' : 'directory';
        this.sync(what, site, alive, done);
      },
    };
    return { files, gone: () => !alive() };
  }

  private note(descriptor: number, bytes: Uint8Array, offset: number): void {
    this.log.push({ kind: 'write', inode: this.descriptors.get(descriptor) ?? -1, offset, bytes: bytes.slice() });
  }

  private sync(what: number | 'directory' | 'parent', site: SyncSite, alive: () => boolean, done: Done): void {
    const began = this.log.length;
    setImmediate(() => {
      if (!alive()) return;
      if (site !== this.without) this.log.push({ kind: 'synced', what, began });
      done(null);
    });
  }

  private newInode(name: string): number {
    this.inodes += 1;
    this.names.set(name, this.inodes);
    return this.inodes;
  }

  /** The files that power loss before that call leaves; undefined where the directory itself is gone. */
  image(cut: number, below: Below): ReadonlyMap<string, Uint8Array> | undefined {
    const covered = new Map<number | 'directory' | 'parent', number>();
    for (const change of this.log.slice(0, cut)) {
      if (change.kind === 'synced') covered.set(change.what, Math.max(covered.get(change.what) ?? 0, change.began));
    }
    const kept = (what: number | 'directory' | 'parent', at: number): boolean => at < (covered.get(what) ?? 0) || below(2) === 1;
    const names = new Map<string, number>();
    const contents = new Map<number, Uint8Array>();
    for (const [inode, { name, bytes }] of this.base) {
      names.set(name, inode);
      contents.set(inode, bytes);
    }
    let directory = this.existed;
    for (const [at, change] of this.log.slice(0, cut).entries()) {
      switch (change.kind) {
        case 'make':
          directory = kept('parent', at);
          break;
        case 'create':
          if (kept('directory', at)) names.set(change.name, change.inode);
          break;
        case 'rename':
          if (names.get(change.from) !== change.inode || !kept('directory', at)) break;
          names.delete(change.from);
          names.set(change.to, change.inode);
          break;
        case 'unlink':
          if (kept('directory', at)) names.delete(change.name);
          break;
        case 'write':
          for (const piece of pieces(change.offset, change.bytes)) {
            if (!kept(change.inode, at)) continue;
            contents.set(change.inode, overwritten(contents.get(change.inode), piece.offset, piece.bytes));
          }
          break;
        case 'synced':
          break;
      }
    }
    if (!directory) return undefined;
    const image = new Map<string, Uint8Array>();
    for (const [name, inode] of names) image.set(name, contents.get(inode) ?? new Uint8Array(0));
    return image;
  }

  /** Rebuilds the image of a cut as a directory at `path`, whose parent exists. */
  rebuild(cut: number, below: Below, path: string): void {
    const image = this.image(cut, below);
    if (image === undefined) return;
    mkdirSync(path);
    for (const [name, bytes] of image) writeFileSync(join(path, name), bytes);
  }
}

/** A write, cut at sector borders. */
function pieces(offset: number, bytes: Uint8Array): readonly { readonly offset: number; readonly bytes: Uint8Array }[] {
  const out: { offset: number; bytes: Uint8Array }[] = [];
  for (let done = 0; done < bytes.length; ) {
    const count = Math.min(SECTOR_BYTES - ((offset + done) % SECTOR_BYTES), bytes.length - done);
    out.push({ offset: offset + done, bytes: bytes.subarray(done, done + count) });
    done += count;
  }
  return out;
}

/** Contents grown where needed and changed in place; contents of the base are copied first by growing or not at all. */
function overwritten(contents: Uint8Array | undefined, offset: number, bytes: Uint8Array): Uint8Array {
  const before = contents ?? new Uint8Array(0);
  const out = new Uint8Array(Math.max(before.length, offset + bytes.length));
  out.set(before);
  out.set(bytes, offset);
  return out;
}
