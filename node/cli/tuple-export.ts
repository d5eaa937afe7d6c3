/**
 * `vouch tuple export`: every live tuple of a vault as it was at one height, into a file. Pages are asked for one after the other, all of
 * that height; an export that was interrupted goes on behind the last whole page.
 */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import type { AnchorJson, TupleJson } from '../http/answer.ts';
import { CountProgress } from './count-progress.ts';
import { readCursor, removeCursor, writeCursor } from './cursor-file.ts';
import { type ReadMode, readHeaders, vaultPath } from './data-commands.ts';
import { usageFailure } from './failure.ts';
import type { Interruption } from './interruption.ts';
import { print, printJson, say } from './output.ts';
import { demandWritable, writeOutput } from './output-file.ts';
import { Remote } from './remote.ts';
import { formatOf, headOf, lineOf, type TupleFormat } from './tuple-file.ts';

export interface ExportTuplesOptions extends ReadMode {
  readonly format?: string;
  readonly resume?: boolean;
  readonly force?: boolean;
}

const PAGE = 100;
/** Pages between two states of the cursor. */
const PAGES_A_CURSOR = 20;

interface ExportCursor {
  readonly vouch_export: 1;
  readonly vault: string;
  readonly format: TupleFormat;
  readonly height: number;
  readonly token: string;
  readonly tuples: number;
  /** Of the unfinished file. */
  readonly bytes: number;
}

function isExportCursor(value: unknown): value is ExportCursor {
  const { vouch_export: format, height, bytes, token } = (value ?? {}) as Partial<ExportCursor>;
  return format === 1 && Number.isSafeInteger(height) && Number.isSafeInteger(bytes) && typeof token === 'string';
}

export async function exportTuples(file: string, options: ExportTuplesOptions, interruption: Interruption): Promise<void> {
  const format = formatOf(file, options.format);
  const headers = readHeaders(options);
  const cursorFile = `${file}.cursor`;
  const before = file === '-' ? undefined : begin(file, cursorFile, format, options);
  const remote = new Remote({ ...options, signal: interruption.signal });
  const path = await vaultPath(remote, options);
  const vault = path.slice(path.lastIndexOf('/') + 1);
  if (before !== undefined && before.vault !== vault)
    throw usageFailure(`${cursorFile} is of an export of the vault ${before.vault}.`);
  const pages = new Pages(remote, path, headers, before);
  const sink = new Sink(file, before);
  const progress = new CountProgress('exported tuples');
  try {
    if (before === undefined) sink.write(headOf(format));
    for (let page = 1; pages.more; page += 1) {
      interruption.check();
      const rows = await pages.next();
      sink.write(rows.map((row) => lineOf(format, row)).join(''));
      progress.show(pages.tuples);
      if (file !== '-' && page % PAGES_A_CURSOR === 0 && pages.more) {
        const { height, token, tuples } = pages;
        sink.sync();
        writeCursor(cursorFile, {
          vouch_export: 1,
          vault,
          format,
          height,
          token,
          tuples,
          bytes: sink.bytes,
        } satisfies ExportCursor);
      }
    }
  } finally {
    progress.end();
    sink.close();
  }
  sink.finish();
  removeCursor(file === '-' ? undefined : cursorFile);
  const { tuples, height } = pages;
  if (options.json === true && file !== '-') return printJson({ file, vault, tuples, height });
  const text = `Exported ${tuples} ${tuples === 1 ? 'tuple' : 'tuples'} at height ${height}.`;
  if (file === '-') say(text);
  else print(text);
}

/** Refuses what cannot be written or would replace something. @returns where to go on */
function begin(file: string, cursorFile: string, format: TupleFormat, options: ExportTuplesOptions): ExportCursor | undefined {
  demandWritable(file);
  if (existsSync(file) && options.force !== true)
    throw usageFailure(`${file} exists. Name another file, or replace it with --force.`);
  const found = readCursor(cursorFile, isExportCursor);
  if (options.resume !== true) {
    if (found === undefined) return undefined;
    throw usageFailure(`${cursorFile} is of an export that did not end: go on with --resume, or delete it.`);
  }
  const size = statSync(partOf(file), { throwIfNoEntry: false })?.size ?? -1;
  if (found === undefined || size < found.bytes)
    throw usageFailure(`There is no export of ${file} to go on with: leave --resume out.`);
  if (found.format !== format) throw usageFailure(`The export to go on with is in the format ${found.format}.`);
  if (options.at !== undefined) throw usageFailure('--resume goes on at the height of before: leave --at out.');
  return found;
}

function partOf(file: string): string {
  return `${file}.part`;
}

/** The pages of one height. */
class Pages {
  private readonly remote: Remote;
  private readonly path: string;
  private headers: Readonly<Record<string, string>>;
  more: boolean = true;
  token: string = '';
  height: number = 0;
  tuples: number = 0;

  constructor(remote: Remote, path: string, headers: Readonly<Record<string, string>>, before: ExportCursor | undefined) {
    this.remote = remote;
    this.path = path;
    this.headers = headers;
    if (before !== undefined) {
      ({ token: this.token, tuples: this.tuples } = before);
      this.pin(before.height);
    }
  }

  async next(): Promise<readonly TupleJson[]> {
    if (this.height === 0) this.pin(await this.newest());
    const body = { page_size: PAGE, continuation_token: this.token };
    const page = await this.remote.post<{ tuples: readonly TupleJson[]; continuation_token: string }>(
      `${this.path}/read`,
      body,
      this.headers,
    );
    this.token = page.continuation_token;
    this.more = this.token !== '';
    this.tuples += page.tuples.length;
    return page.tuples;
  }

  /** The height that is asked for, or of the newest block: what every page is of. */
  private async newest(): Promise<number> {
    return (await this.remote.get<AnchorJson>(`/v1${this.path}/blocks/latest`, this.headers)).height;
  }

  private pin(height: number): void {
    this.height = height;
    this.headers = { ...this.headers, 'vouch-at': String(height) };
  }
}

/** The file in the making, which gets its name once it is whole; or stdout. */
class Sink {
  private readonly file: string;
  private readonly descriptor: number;
  bytes: number = 0;

  constructor(file: string, before: ExportCursor | undefined) {
    this.file = file;
    if (file === '-') {
      this.descriptor = process.stdout.fd;
      return;
    }
    let descriptor = -1;
    writeOutput(partOf(file), (part) => {
      descriptor = openSync(part, before === undefined ? 'w' : 'r+', 0o600);
      if (before !== undefined) ftruncateSync(descriptor, before.bytes);
    });
    this.descriptor = descriptor;
    this.bytes = before?.bytes ?? 0;
  }

  write(text: string): void {
    if (this.file === '-') {
      process.stdout.write(text);
      return;
    }
    const bytes = Buffer.from(text);
    writeOutput(partOf(this.file), () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.descriptor, bytes, at, bytes.length - at, this.bytes + at);
    });
    this.bytes += bytes.length;
  }

  sync(): void {
    if (this.file !== '-') fsyncSync(this.descriptor);
  }

  close(): void {
    if (this.file === '-') return;
    this.sync();
    closeSync(this.descriptor);
  }

  finish(): void {
    if (this.file !== '-') renameSync(partOf(this.file), this.file);
  }
}
