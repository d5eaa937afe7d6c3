/**
 * `vouch tuple import`: a file of tuples into a vault, a transaction for every few hundred lines. Each of those is all or nothing and
 * carries an Idempotency-Key, so that it is sent again without harm; a cursor says behind which line everything is written.
 */
import { createHash, type Hash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TransactedJson } from '../http/transaction-routes.ts';
import { CountProgress } from './count-progress.ts';
import { readCursor, removeCursor, writeCursor } from './cursor-file.ts';
import { vaultPath } from './data-commands.ts';
import { CliFailure, usageFailure } from './failure.ts';
import type { Interruption } from './interruption.ts';
import { print, printJson } from './output.ts';
import { Remote, type RemoteOptions, RemoteRefusal, Unreachable } from './remote.ts';
import { formatOf, readTuples, type TupleFields, type TupleLine } from './tuple-file.ts';

export interface ImportOptions extends RemoteOptions {
  readonly vault?: string;
  readonly format?: string;
  readonly onDuplicate?: string;
  readonly resume?: boolean;
  readonly cursor?: string;
  readonly actor?: string;
  readonly reason?: string;
}

/** Tuples of one transaction. Why 500: half of what one may hold; and their bytes, half of what a request may have. */
const BATCH_TUPLES = 500;
const BATCH_CHARACTERS = 128 * 1024;
/** How long a batch is tried before the command gives up, and between two tries. Elections and restarts take seconds. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 500;

interface ImportCursor {
  readonly vouch_import: 1;
  readonly vault: string;
  /** Everything up to this line is written. */
  readonly line: number;
  readonly tuples: number;
  /** Of those tuples, in hex: the file must begin as it did. */
  readonly sha256: string;
}

function isImportCursor(value: unknown): value is ImportCursor {
  const { vouch_import: format, vault, line, tuples, sha256 } = (value ?? {}) as Partial<ImportCursor>;
  return format === 1 && typeof vault === 'string' && Number.isSafeInteger(line) && Number.isSafeInteger(tuples) && !!sha256;
}

export async function importTuples(file: string, options: ImportOptions, interruption: Interruption): Promise<void> {
  const { onDuplicate = 'error' } = options;
  if (onDuplicate !== 'error' && onDuplicate !== 'ignore')
    throw usageFailure(`--on-duplicate is error or ignore, not "${onDuplicate}".`);
  const format = formatOf(file, options.format);
  const cursorFile = cursorOf(file, options);
  const before = cursorFile === undefined ? undefined : readCursor(cursorFile, isImportCursor);
  if (before !== undefined && options.resume !== true) {
    throw usageFailure(
      `${cursorFile} is of an import that did not end: go on behind line ${before.line} with --resume, or delete it.`,
    );
  }
  const remote = new Remote({ ...options, signal: interruption.signal });
  const path = await vaultPath(remote, options);
  const vault = path.slice(path.lastIndexOf('/') + 1);
  if (before !== undefined && before.vault !== vault)
    throw usageFailure(`${cursorFile} is of an import into the vault ${before.vault}.`);
  // What was under way when the last import ended may have been written: it is there, then, and stays as it is.
  const mode = options.resume === true ? 'ignore' : onDuplicate;
  const run = new Import({ remote, vault, mode, cursorFile, before, options, interruption });
  const done = await run.all(readTuples(file, format));
  removeCursor(cursorFile);
  if (options.json === true) return printJson({ vault, ...done });
  print(
    `Imported ${done.tuples} ${done.tuples === 1 ? 'tuple' : 'tuples'}${done.height === 0 ? '' : ` up to height ${done.height}`}.`,
  );
}

function cursorOf(file: string, { cursor, resume }: ImportOptions): string | undefined {
  if (cursor !== undefined) return cursor;
  if (file !== '-') return `${file}.cursor`;
  if (resume === true)
    throw usageFailure('What comes over stdin is resumed from the cursor that its first import wrote: --cursor FILE.');
  return undefined;
}

interface ImportRun {
  readonly remote: Remote;
  readonly vault: string;
  readonly mode: 'error' | 'ignore';
  readonly cursorFile: string | undefined;
  readonly before: ImportCursor | undefined;
  readonly options: ImportOptions;
  readonly interruption: Interruption;
}

class Import {
  private readonly run: ImportRun;
  private readonly progress: CountProgress = new CountProgress('imported tuples');
  private readonly hash: Hash = createHash('sha256');
  private batch: TupleLine[] = [];
  private batchCharacters: number = 0;
  private tuples: number = 0;
  /** Everything up to here is written. */
  private line: number = 0;
  private height: number = 0;

  constructor(run: ImportRun) {
    this.run = run;
  }

  async all(lines: AsyncGenerator<TupleLine, void>): Promise<{ readonly tuples: number; readonly height: number }> {
    const { before, interruption } = this.run;
    let skipped = 0;
    try {
      for await (const item of lines) {
        interruption.check();
        const text = JSON.stringify(item.tuple);
        if (before !== undefined && skipped < before.tuples) {
          this.hash.update(text);
          skipped += 1;
          if (skipped === before.tuples) this.resume(before);
          continue;
        }
        if (this.batch.length >= BATCH_TUPLES || this.batchCharacters + text.length > BATCH_CHARACTERS) await this.write();
        this.batch.push(item);
        this.batchCharacters += text.length;
      }
      if (before !== undefined && skipped < before.tuples) throw changed(before);
      await this.write();
    } catch (error) {
      throw error instanceof CliFailure && !interruption.signal.aborted ? this.failure(error) : error;
    } finally {
      this.progress.end();
    }
    return { tuples: this.tuples, height: this.height };
  }

  private resume(before: ImportCursor): void {
    if (this.hash.copy().digest('hex') !== before.sha256) throw changed(before);
    this.line = before.line;
    this.tuples = before.tuples;
  }

  /** Writes the batch, and once that is acknowledged the cursor. */
  private async write(): Promise<void> {
    const { batch } = this;
    const last = batch.at(-1);
    if (last === undefined) return;
    const { height } = await this.send(batch);
    for (const { tuple } of batch) this.hash.update(JSON.stringify(tuple));
    this.height = height;
    this.line = last.line;
    this.tuples += batch.length;
    this.batch = [];
    this.batchCharacters = 0;
    const { cursorFile, vault } = this.run;
    if (cursorFile !== undefined) {
      const { line, tuples } = this;
      const cursor: ImportCursor = { vouch_import: 1, vault, line, tuples, sha256: this.hash.copy().digest('hex') };
      writeCursor(cursorFile, cursor);
    }
    this.progress.show(this.tuples);
  }

  private async send(batch: readonly TupleLine[]): Promise<TransactedJson> {
    const { remote, vault, mode, options, interruption } = this.run;
    const headers = {
      'idempotency-key': randomUUID(),
      ...(options.actor === undefined ? {} : { 'vouch-actor': options.actor }),
      ...(options.reason === undefined ? {} : { 'vouch-reason': options.reason }),
    };
    const body = { operations: batch.map(({ tuple }) => operation(tuple, mode)) };
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await remote.post<TransactedJson>(`/v1/stores/${vault}/transactions`, body, headers);
      } catch (error) {
        interruption.check();
        if (!mayPass(error) || performance.now() > until) throw named(error, batch);
        await delay(RETRY_MS, undefined, { signal: interruption.signal });
      }
    }
  }

  /** What failed, and what is written all the same. */
  private failure(error: CliFailure): CliFailure {
    const { cursorFile } = this.run;
    const next = cursorFile === undefined ? '' : ' Go on from there with --resume once that is mended.';
    const done = this.line === 0 ? 'Nothing was imported.' : `Everything up to line ${this.line} is imported.${next}`;
    return new CliFailure(`${error.message} ${done}`, error.exitCode);
  }
}

function operation(tuple: TupleFields, mode: 'error' | 'ignore'): object {
  return { op: 'write_tuple', ...tuple, on_duplicate: mode };
}

function mayPass(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof RemoteRefusal && error.status >= 500);
}

/** The refusal with the line that it is about: nodes count operations, people lines. */
function named(error: unknown, batch: readonly TupleLine[]): unknown {
  if (!(error instanceof RemoteRefusal)) return error;
  const index = error.body.operation ?? /^operations?[ []([0-9]+)/.exec(error.message)?.[1];
  const line = batch[Number(index)]?.line;
  if (line === undefined) return error;
  const why = error.message
    .replace(/^Operation [0-9]+ could not be applied, so none was: /, '')
    .replace(/^operations?[ []([0-9]+)\]?[:.]? ?/, '');
  return new CliFailure(`Line ${line}: ${why}`);
}

function changed({ line }: ImportCursor): CliFailure {
  return usageFailure(
    `The file is another one than before up to line ${line}: delete the cursor, and import it with --on-duplicate ignore.`,
  );
}
