/**
 * A simulated data directory: what the process sees, and what power loss leaves of it.
 * A write is visible at once and durable after a `sync` of its file; a name after `syncDirectory`. On power loss every
 * unsynced 512-byte sector keeps one of the versions it had since the last sync, each drawn on its own (so writes are lost,
 * torn and reordered), and every unsynced create, rename and remove happened or not, each drawn on its own. On a disk with
 * half-written sectors, some files have one flash page of 16 KiB that was just being written: its unsynced sectors are then
 * pieces of the version that stayed and of the one next to it in time (half-written sectors; Zheng et al., FAST 2013, call
 * such writes shorn). A draw of 0 is the harmless outcome: the latest version stays, nothing was being written, the change of
 * names happened.
 * Disks fail, too: a sync may be refused once, after which the operating system takes the pages for clean, so that later syncs
 * succeed without them (Rebello et al. 2020); a write or a read may end half-way; bits rot, sectors become unreadable, bytes
 * land where they do not belong, or are read from there. Not simulated: a disk that reports a sync it did not make, or that takes synced
 * sectors along with those that it was writing.
 * Cost: a write copies its bytes and saves each sector's older version once; sectors never written before save nothing;
 * files are sparse, so a preallocated segment costs nothing until it is used.
 */
import { assert, defined, unreachable } from '../core/assert.ts';
import type { FileOp } from '../core/effect.ts';
import { StorageError } from '../core/errors.ts';
import type { InjectedError, VirtualDisk } from './virtual-disk.ts';

/** Where power loss draws from: a label of the tape, or any generator. */
export interface DiskDraws {
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
}

/** What a power loss took, in sectors. */
export interface PowerLoss {
  /** Sectors that went back to an older version. */
  lostWrites: number;
  /** Places where such a sector lies behind one that stayed, or the other way round, and sectors that hold pieces of two versions. */
  tornWrites: number;
}

/** Why an operation was refused, as errno names it. */
export type DiskError = 'EEXIST' | 'ENOENT' | InjectedError;

const SECTOR_BYTES = 512;
const CHUNK_BYTES = 32 * SECTOR_BYTES;
/** What a disk writes at once. */
const FLASH_PAGE_SECTORS = 32;
/** Of so many losses of power, one finds a file with a flash page half-written. */
const ONE_IN_HALF_WRITTEN = 2;
/** A half-written sector consists of 32 pieces. */
const PIECE_BYTES = SECTOR_BYTES / 32;
const ZERO_SECTOR: Uint8Array = new Uint8Array(SECTOR_BYTES);

/** Contents of one file, under whatever name. */
class SimFile {
  private readonly chunks: Map<number, Uint8Array> = new Map();
  /** Versions of each unsynced sector before its present one, oldest (durable) first. */
  private readonly unsynced: Map<number, Uint8Array[]> = new Map();
  /** The same for sectors whose sync failed: until they are written again, no sync covers them. */
  private readonly forgotten: Map<number, Uint8Array[]> = new Map();
  /** Sectors that cannot be read. */
  private readonly spoilt: Set<number> = new Set();
  /** Places of which reads give other bytes, by offset. */
  private readonly misread: Map<number, Uint8Array> = new Map();
  /** Behind the last byte ever written: sectors from here on are zeros and need no saving. */
  private writtenEnd: number = 0;
  private durableBytes: number = 0;
  sizeBytes: number;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (bytes.length === 0) return;
    for (let sector = Math.floor(offset / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector += 1) this.remember(sector);
    this.put(offset, bytes);
    if (end > this.writtenEnd) this.writtenEnd = end;
    if (end > this.sizeBytes) this.sizeBytes = end;
  }

  private remember(sector: number): void {
    const at = sector * SECTOR_BYTES;
    const version = at >= this.writtenEnd ? ZERO_SECTOR : this.get(at, SECTOR_BYTES);
    const versions = this.unsynced.get(sector) ?? this.forgotten.get(sector);
    if (versions === undefined) this.unsynced.set(sector, [version]);
    else {
      versions.push(version);
      if (this.forgotten.delete(sector)) this.unsynced.set(sector, versions);
    }
    if (this.spoilt.size > 0) this.spoilt.delete(sector);
  }

  private put(offset: number, bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      const at = offset + done;
      const index = Math.floor(at / CHUNK_BYTES);
      const within = at - index * CHUNK_BYTES;
      const count = Math.min(CHUNK_BYTES - within, bytes.length - done);
      let chunk = this.chunks.get(index);
      if (chunk === undefined) {
        chunk = new Uint8Array(CHUNK_BYTES);
        this.chunks.set(index, chunk);
      }
      chunk.set(count === bytes.length ? bytes : bytes.subarray(done, done + count), within);
      done += count;
    }
  }

  private get(offset: number, lengthBytes: number): Uint8Array {
    const out = new Uint8Array(lengthBytes);
    let done = 0;
    while (done < lengthBytes) {
      const at = offset + done;
      const index = Math.floor(at / CHUNK_BYTES);
      const within = at - index * CHUNK_BYTES;
      const count = Math.min(CHUNK_BYTES - within, lengthBytes - done);
      const chunk = this.chunks.get(index);
      if (chunk !== undefined) out.set(chunk.subarray(within, within + count), done);
      done += count;
    }
    return out;
  }

  read(offset: number, lengthBytes: number): Uint8Array {
    const length = Math.max(Math.min(lengthBytes, this.sizeBytes - offset), 0);
    for (const sector of this.spoilt) {
      const at = sector * SECTOR_BYTES;
      if (at < offset + length && at + SECTOR_BYTES > offset) throw new StorageError('EIO', `input/output error at ${at}`);
    }
    const bytes = this.get(offset, length);
    for (const [at, other] of this.misread) overlay(bytes, offset, at, other);
    return bytes;
  }

  misreadAt(offset: number, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) this.misread.delete(offset);
    else this.misread.set(offset, bytes.slice());
  }

  sync(): void {
    if (this.unsynced.size > 0) this.unsynced.clear();
    this.durableBytes = this.sizeBytes;
  }

  /** The sync fails: what it was to cover is in the cache only, and nobody will write it any more. */
  failSync(): void {
    for (const [sector, versions] of this.unsynced) this.forgotten.set(sector, versions);
    this.unsynced.clear();
  }

  powerLoss(draws: DiskDraws, loss: PowerLoss, halfWritten: boolean): void {
    let before = -2;
    let beforeStayed = true;
    for (const [sector, versions] of this.forgotten) this.unsynced.set(sector, versions);
    this.forgotten.clear();
    const page = halfWritten ? this.drawHalfWritten(draws) : -1;
    for (const [sector, versions] of this.unsynced) {
      const back = draws.below(versions.length + 1);
      const present =
        page === Math.floor(sector / FLASH_PAGE_SECTORS) ? this.get(sector * SECTOR_BYTES, SECTOR_BYTES) : undefined;
      if (back > 0) {
        this.put(sector * SECTOR_BYTES, defined(versions[versions.length - back], 'a drawn version exists'));
        loss.lostWrites += 1;
      }
      if (present !== undefined) {
        const history = [...versions, present];
        const at = versions.length - back;
        const pieces = draws.below(2 ** 32);
        this.mix(sector, defined(history[at === 0 ? 1 : at - 1], 'an unsynced sector had two versions'), pieces);
        if (pieces !== 0) loss.tornWrites += 1;
      }
      const stayed = back === 0;
      if (sector === before + 1 && stayed !== beforeStayed) loss.tornWrites += 1;
      before = sector;
      beforeStayed = stayed;
    }
    if (this.sizeBytes !== this.durableBytes) this.resize(draws);
    this.sync();
  }

  /** @returns which flash page was being written; -1 = none */
  private drawHalfWritten(draws: DiskDraws): number {
    if (this.unsynced.size === 0 || draws.below(ONE_IN_HALF_WRITTEN) !== ONE_IN_HALF_WRITTEN - 1) return -1;
    const sectors = [...this.unsynced.keys()];
    return Math.floor((sectors[draws.below(sectors.length)] as number) / FLASH_PAGE_SECTORS);
  }

  /** Puts another version's pieces into a sector. @param pieces a bit for each */
  private mix(sector: number, other: Uint8Array, pieces: number): void {
    for (let piece = 0; piece < SECTOR_BYTES / PIECE_BYTES; piece += 1) {
      const at = piece * PIECE_BYTES;
      if ((pieces >>> piece) & 1) this.put(sector * SECTOR_BYTES + at, other.subarray(at, at + PIECE_BYTES));
    }
  }

  /** An unsynced size: the new one, the old one, or any whole sector between. */
  private resize(draws: DiskDraws): void {
    const sectors = Math.ceil((this.sizeBytes - this.durableBytes) / SECTOR_BYTES);
    const back = draws.below(sectors + 1);
    if (back === 0) return;
    this.sizeBytes = this.durableBytes + (sectors - back) * SECTOR_BYTES;
    for (let at = this.sizeBytes; at < this.writtenEnd; at += SECTOR_BYTES) {
      this.put(at, ZERO_SECTOR.subarray(0, Math.min(SECTOR_BYTES, this.writtenEnd - at)));
    }
  }

  /** Changes bytes on the medium, past every check. */
  damage(offset: number, bytes: Uint8Array): void {
    this.put(offset, bytes);
    this.writtenEnd = Math.max(this.writtenEnd, offset + bytes.length);
  }

  spoil(offset: number): void {
    this.spoilt.add(Math.floor(offset / SECTOR_BYTES));
  }
}

/** Puts what reads of `at` give over the part of it that a read from `offset` on covers. */
function overlay(bytes: Uint8Array, offset: number, at: number, other: Uint8Array): void {
  const from = Math.max(offset, at);
  const to = Math.min(offset + bytes.length, at + other.length);
  if (from < to) bytes.set(other.subarray(from - at, to - at), from - offset);
}

/** A change of names that is not durable yet. */
type NameChange =
  | { readonly kind: 'create'; readonly name: string; readonly file: SimFile }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly file: SimFile }
  | { readonly kind: 'remove'; readonly name: string };

export class SimDisk implements VirtualDisk {
  private readonly draws: DiskDraws;
  private readonly halfWritten: boolean;
  private names: Map<string, SimFile> = new Map();
  private durableNames: Map<string, SimFile> = new Map();
  private changes: NameChange[] = [];
  private failing: InjectedError | undefined = undefined;
  /** Reads that are whole before one that is not; undefined: all are. */
  private wholeReads: number | undefined = undefined;
  hasCutRead: boolean = false;

  /** @param halfWritten whether a loss of power leaves sectors that hold pieces of two versions */
  constructor(draws: DiskDraws, halfWritten: boolean = false) {
    this.draws = draws;
    this.halfWritten = halfWritten;
  }

  /** Carries out one operation. @returns why it was refused, or undefined. */
  execute(op: FileOp): DiskError | undefined {
    switch (op.op) {
      case 'create': {
        assert(!op.file.includes('/'), 'the data directory is flat');
        if (this.names.has(op.file)) return 'EEXIST';
        const file = new SimFile(op.sizeBytes);
        this.names.set(op.file, file);
        this.changes.push({ kind: 'create', name: op.file, file });
        return undefined;
      }
      case 'write': {
        const file = this.names.get(op.file);
        if (file === undefined) return 'ENOENT';
        if (this.failing === 'ENOSPC') return this.writeInPart(file, op);
        file.write(op.offset, op.bytes);
        return undefined;
      }
      case 'sync': {
        const file = this.names.get(op.file);
        if (file === undefined) return 'ENOENT';
        if (this.failing === 'EIO') return this.failSync(file);
        file.sync();
        return undefined;
      }
      case 'rename': {
        assert(!op.to.includes('/'), 'the data directory is flat');
        const file = this.names.get(op.from);
        if (file === undefined) return 'ENOENT';
        this.names.delete(op.from);
        this.names.set(op.to, file);
        this.changes.push({ kind: 'rename', from: op.from, to: op.to, file });
        return undefined;
      }
      case 'remove':
        if (!this.names.delete(op.file)) return 'ENOENT';
        this.changes.push({ kind: 'remove', name: op.file });
        return undefined;
      case 'syncDirectory':
        this.durableNames = new Map(this.names);
        this.changes = [];
        return undefined;
      default:
        return unreachable(op);
    }
  }

  /** The machine loses power: what was not synced is kept, torn or forgotten as drawn. */
  powerLoss(): PowerLoss {
    const loss: PowerLoss = { lostWrites: 0, tornWrites: 0 };
    const names = this.durableNames;
    for (const change of this.changes) {
      if (this.draws.below(2) === 1) continue;
      switch (change.kind) {
        case 'create':
          names.set(change.name, change.file);
          break;
        case 'rename':
          if (names.get(change.from) !== change.file) break; // its creation was lost
          names.delete(change.from);
          names.set(change.to, change.file);
          break;
        case 'remove':
          names.delete(change.name);
          break;
        default:
          unreachable(change);
      }
    }
    this.changes = [];
    this.names = new Map(names);
    for (const name of this.list()) this.file(name).powerLoss(this.draws, loss, this.halfWritten);
    return loss;
  }

  failNext(error: InjectedError | undefined): void {
    this.failing = error;
  }

  private failSync(file: SimFile): DiskError {
    this.failing = undefined;
    file.failSync();
    return 'EIO';
  }

  private writeInPart(file: SimFile, op: Extract<FileOp, { op: 'write' }>): DiskError {
    this.failing = undefined;
    file.write(op.offset, op.bytes.subarray(0, this.draws.below(op.bytes.length)));
    return 'ENOSPC';
  }

  corrupt(file: string, offset: number, mask: number): void {
    const [byte] = this.file(file).read(offset, 1);
    this.file(file).damage(offset, Uint8Array.of((byte ?? 0) ^ mask));
  }

  misdirect(file: string, offset: number, bytes: Uint8Array): void {
    this.file(file).damage(offset, bytes);
  }

  spoil(file: string, offset: number): void {
    this.file(file).spoil(offset);
  }

  misread(file: string, offset: number, bytes: Uint8Array | undefined): void {
    this.names.get(file)?.misreadAt(offset, bytes); // the file may be gone by the end of the fault
  }

  shortenRead(after: number | undefined): void {
    this.wholeReads = after;
    if (after !== undefined) this.hasCutRead = false;
  }

  list(): readonly string[] {
    return [...this.names.keys()].sort();
  }

  size(file: string): number | undefined {
    return this.names.get(file)?.sizeBytes;
  }

  read(file: string, offset: number, lengthBytes: number): Uint8Array {
    const bytes = this.file(file).read(offset, lengthBytes);
    if (this.wholeReads === undefined || bytes.length === 0) return bytes;
    this.wholeReads -= 1;
    if (this.wholeReads >= 0) return bytes;
    this.wholeReads = undefined;
    this.hasCutRead = true;
    return bytes.subarray(0, this.draws.below(bytes.length));
  }

  private file(name: string): SimFile {
    const file = this.names.get(name);
    if (file === undefined) throw new StorageError('ENOENT', `there is no file ${name}`);
    return file;
  }
}
