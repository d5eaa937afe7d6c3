/**
 * What a witness must not forget: its key, and of every log the checkpoint that it signed last. Both in one file, so that no copy of
 * the key can outlive what it has signed. A line is durable before the signature that it allows leaves.
 *
 *   <CRC-32C of the JSON, 8 hex digits> <JSON>\n
 *   first line     {"format":1,"name":NAME,"seed":BASE64}
 *   further lines  {"origin":ORIGIN,"size":SIZE,"root":BASE64}      the last of an origin counts; sizes never shrink
 *
 * A last line without its newline was being written when the power failed: nothing was signed for it, and it is dropped. Any other
 * line that is wrong is damage: this key must not sign again, because what it has signed is not known.
 */
import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fromBase64, toBase64 } from '../../core/bytes/base64.ts';
import { crc32c } from '../../core/bytes/crc32c.ts';
import { toUtf8 } from '../../core/bytes/text.ts';
import { StorageError } from '../../core/errors.ts';
import type { Witnessed } from '../../core/note/witness.ts';
import { DirectoryLock } from '../disk/directory-lock.ts';
import { hasCode } from '../disk/file-system.ts';
import { asStorageError } from '../disk/storage-error.ts';

export const JOURNAL_FILE: string = 'witness.journal';
const FORMAT = 1;
const SEED_BYTES = 32;
const ROOT_BYTES = 32;
/** Lines that no longer count, for each log and beside that, before the file is written anew. Why both: a line then costs the same with any number of logs. */
const STALE_LINES_EACH = 4;
const STALE_LINES_MIN = 1000;

/** Who the witness is. */
export interface WitnessIdentity {
  readonly name: string;
  /** 32 bytes: whoever has them can sign. */
  readonly seed: Uint8Array;
}

interface Contents {
  readonly identity: WitnessIdentity;
  readonly last: Map<string, Witnessed>;
}

export class WitnessJournal {
  readonly identity: WitnessIdentity;
  private readonly directory: string;
  private readonly lock: DirectoryLock;
  private readonly last: Map<string, Witnessed>;
  private file: number;
  private stale: number = 0;
  /** Set by a write that failed: what the disk holds is not known, so nothing may be signed. */
  private broken: boolean = false;

  private constructor(directory: string, lock: DirectoryLock, { identity, last }: Contents) {
    this.directory = directory;
    this.lock = lock;
    this.identity = identity;
    this.last = last;
    this.file = this.rewrite();
  }

  /**
   * Opens the directory of a witness, or makes it. @param create the identity of a new witness, undefined where none may be made
   * @throws StorageError with a sentence for the operator
   */
  static open(directory: string, create: (() => WitnessIdentity) | undefined): WitnessJournal {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const lock = DirectoryLock.take(directory);
      try {
        return new WitnessJournal(directory, lock, read(directory) ?? founded(directory, create));
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      throw asStorageError(error, `the directory ${directory} of the witness cannot be opened`);
    }
  }

  /** The checkpoint of a log that was signed last; undefined: none. */
  lastOf(origin: string): Witnessed | undefined {
    return this.last.get(origin);
  }

  /** Logs that it has signed for. */
  get origins(): number {
    return this.last.size;
  }

  /** Durable when it returns. @throws StorageError where it cannot be; then the witness must end without signing */
  record(origin: string, { size, root }: Witnessed): void {
    if (this.broken) throw new StorageError('journal_broken', 'the journal of the witness could not be written before.');
    try {
      append(this.file, lineOf({ origin, size, root: toBase64(root) }));
      fdatasyncSync(this.file);
      if (this.last.has(origin)) this.stale += 1;
      this.last.set(origin, { size, root: root.slice() });
      if (this.stale > STALE_LINES_MIN + STALE_LINES_EACH * this.last.size) {
        closeSync(this.file);
        this.file = this.rewrite();
      }
    } catch (error) {
      this.broken = true;
      throw asStorageError(error, `the journal in ${this.directory} cannot be written`);
    }
  }

  close(): void {
    closeSync(this.file);
    this.lock.release();
  }

  /** Writes a file of only what counts in the place of the present one. @returns its descriptor, for appending */
  private rewrite(): number {
    const path = join(this.directory, JOURNAL_FILE);
    const { name, seed } = this.identity;
    const lines = [lineOf({ format: FORMAT, name, seed: toBase64(seed) })];
    for (const [origin, { size, root }] of this.last) lines.push(lineOf({ origin, size, root: toBase64(root) }));
    const file = openSync(`${path}.new`, 'w', 0o600);
    append(file, lines.join(''));
    fsyncSync(file);
    renameSync(`${path}.new`, path);
    const names = openSync(this.directory, 'r');
    fsyncSync(names);
    closeSync(names);
    this.stale = 0;
    return file;
  }
}

function lineOf(value: object): string {
  const json = JSON.stringify(value);
  return `${checksum(json)} ${json}\n`;
}

function checksum(json: string): string {
  return crc32c(toUtf8(json) ?? new Uint8Array(0))
    .toString(16)
    .padStart(8, '0');
}

function append(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

function founded(directory: string, create: (() => WitnessIdentity) | undefined): Contents {
  if (create === undefined) {
    throw new StorageError(
      'witness_unnamed',
      `there is no witness in ${directory}: name a new one with --name, such as witness.example/w1.`,
    );
  }
  return { identity: create(), last: new Map() };
}

/** What the directory holds; undefined: no witness yet. */
function read(directory: string): Contents | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, JOURNAL_FILE), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  const [first, ...lines] = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  const identity = readIdentity(first === undefined ? undefined : jsonOf(first));
  if (identity === undefined) throw damaged(directory, 1);
  const last = new Map<string, Witnessed>();
  for (const [index, line] of lines.entries()) {
    const record = readRecord(jsonOf(line));
    const before = record === undefined ? undefined : last.get(record.origin);
    if (record === undefined || (before !== undefined && before.size > record.size)) throw damaged(directory, index + 2);
    last.set(record.origin, record);
  }
  return { identity, last };
}

function damaged(directory: string, line: number): StorageError {
  return new StorageError(
    'witness_damaged',
    `line ${line} of ${join(directory, JOURNAL_FILE)} is not what was written, so what this key has signed is not known. ` +
      'Retire it: begin in an empty directory, and tell those who have pinned it.',
  );
}

function jsonOf(line: string): Readonly<Record<string, unknown>> | undefined {
  const json = line.slice(9);
  if (line.slice(0, 9) !== `${checksum(json)} `) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf(value: unknown, length: number): Uint8Array | undefined {
  const bytes = typeof value === 'string' ? fromBase64(value) : undefined;
  return bytes?.length === length ? bytes : undefined;
}

function readIdentity(value: Readonly<Record<string, unknown>> | undefined): WitnessIdentity | undefined {
  const seed = bytesOf(value?.seed, SEED_BYTES);
  if (value?.format !== FORMAT || typeof value.name !== 'string' || seed === undefined) return undefined;
  return { name: value.name, seed };
}

function readRecord(value: Readonly<Record<string, unknown>> | undefined): (Witnessed & { readonly origin: string }) | undefined {
  const root = bytesOf(value?.root, ROOT_BYTES);
  const { origin, size } = value ?? {};
  if (typeof origin !== 'string' || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  return root === undefined ? undefined : { origin, size, root };
}
