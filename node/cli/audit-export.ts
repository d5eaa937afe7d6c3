/** `vouch audit export`: a vault's blocks into one file, for whoever is to verify them without the cluster. */
import { existsSync } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AuditWriter, type WrittenAudit } from '../../core/audit/writer.ts';
import { equalBytes } from '../../core/bytes/compare.ts';
import { toHex } from '../../core/bytes/text.ts';
import { decodeHeader } from '../../core/chain/header.ts';
import { decodeUlid } from '../../core/chain/ulid.ts';
import type { KeptBlock } from '../../core/client/chain-protocol.ts';
import { runningSha256 } from '../backup/running-hash.ts';
import { nativeHasher } from '../hasher.ts';
import type { RetentionJson } from '../http/native-routes.ts';
import { packageVersion } from '../version.ts';
import { syncDirectory, writeWhole } from './backup-command.ts';
import { BlockPages } from './block-pages.ts';
import { sizeText } from './byte-progress.ts';
import { CountProgress } from './count-progress.ts';
import { demandFitting, type ExportNote, exportNote, type NoteOptions } from './export-note.ts';
import { CliFailure, usageFailure } from './failure.ts';
import type { Interruption } from './interruption.ts';
import { print, printJson, say } from './output.ts';
import { demandWritable } from './output-file.ts';
import { Remote, type RemoteOptions } from './remote.ts';

export interface ExportOptions extends RemoteOptions, NoteOptions {
  readonly vault?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly partial?: boolean;
}

/** Bytes that wait to be written together. */
const BUFFER_BYTES = 1 << 20;

export async function exportAudit(options: ExportOptions, interruption: Interruption): Promise<void> {
  const out = outputOf(options);
  const name = options.vault ?? process.env.VOUCH_VAULT ?? '';
  if (name === '') throw usageFailure('Name the vault: --vault NAME, or set VOUCH_VAULT.');
  const remote = new Remote({ ...options, signal: interruption.signal });
  const store = await remote.vaultId(name);
  const first = options.partial === true ? await oldestHeight(remote, store) : 1;
  const part = `${out}.${process.pid}.part`;
  const sink = new Sink(part);
  try {
    const note = await exportNote(remote, store, options);
    const written = await writeBlocks(new BlockPages(remote, store, interruption), sink, { store, first, note, interruption });
    await sink.close();
    if (existsSync(out) && options.force !== true) {
      throw usageFailure(`${out} was made by somebody meanwhile. Nothing was replaced.`);
    }
    interruption.check();
    await rename(part, out);
    await syncDirectory(dirname(resolve(out)));
    report(out, sink.size, written, options);
  } catch (error) {
    await sink.abandon();
    throw interruption.signal.aborted ? error : asFailure(error, part);
  }
}

function outputOf({ out, force }: ExportOptions): string {
  if (out === undefined || out === '') throw usageFailure('Name the file to write: -o FILE.');
  demandWritable(out);
  if (existsSync(out) && force !== true) throw usageFailure(`${out} exists. Name another file, or replace it with --force.`);
  return out;
}

async function oldestHeight(remote: Remote, store: string): Promise<number> {
  return (await remote.get<RetentionJson>(`/v1/stores/${store}/retention`)).oldest_height;
}

interface Written extends WrittenAudit {
  readonly blocks: number;
  readonly transactions: number;
  readonly first: number;
  /** Whether a checkpoint stands in the file. */
  readonly signed: boolean;
}

interface Wanted {
  readonly store: string;
  readonly first: number;
  /** A text says why there is none. */
  readonly note: ExportNote | string | undefined;
  readonly interruption: Interruption;
}

async function writeBlocks(pages: BlockPages, sink: Sink, { store, first, note, interruption }: Wanted): Promise<Written> {
  const vault = decodeUlid(store);
  let page = await pages.from(1);
  const head = decodeHeader((page.blocks[0] as KeptBlock).header);
  if (vault === undefined || !head.ok || !equalBytes(head.value.vault, vault)) {
    throw new CliFailure('The node sent the blocks of another vault than the one that was named.');
  }
  const { organization } = head.value;
  const noted = typeof note === 'string' ? undefined : note;
  if (typeof note === 'string') say(`no checkpoint in the file: ${note}`);
  if (noted !== undefined) demandFitting(noted, { organization, vault, newest: page.newest });
  // What is sealed from now on, or was since the checkpoint, is for the next export.
  const blocks = noted?.checkpoint.size ?? page.newest;
  const writer = new AuditWriter(nativeHasher, runningSha256());
  const parts = writer.begin({ organization, vault, blocks, first, version: packageVersion() }, noted?.text);
  for (const bytes of parts) await sink.write(bytes);
  const progress = new CountProgress('exported blocks', blocks);
  let transactions = 0;
  for (let height = 1; height <= blocks; ) {
    for (const block of page.blocks) {
      if (height > blocks) break;
      if (block.transactions === undefined && height >= first) throw pruned(height, first);
      transactions += block.transactions?.length ?? 0;
      await sink.write(writer.block(block));
      height += 1;
    }
    interruption.check();
    progress.show(height - 1);
    if (height <= blocks) page = await pages.from(height);
  }
  progress.end();
  const { bytes, written } = writer.end();
  if (noted !== undefined && !equalBytes(noted.checkpoint.root, written.logRoot)) {
    throw new CliFailure(
      'The nodes signed another root than that of the blocks which they sent. Nothing was kept; ask another node.',
    );
  }
  await sink.write(bytes);
  return { ...written, blocks, transactions, first, signed: noted !== undefined };
}

function pruned(height: number, first: number): CliFailure {
  if (height > 1 || first > 1) {
    return new CliFailure(
      `The vault dropped the transactions of block ${height} meanwhile (its retention). Nothing was kept; export again.`,
    );
  }
  return new CliFailure(
    'The vault does not keep the transactions of its first blocks any more, so it cannot be executed again from block 1. ' +
      '--partial exports headers alone of those: then the chain can be verified, and not the state.',
  );
}

function asFailure(error: unknown, part: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  return new CliFailure(
    `${part} cannot be written: ${code === 'ENOSPC' ? 'the disk is full' : code}. Nothing was kept; name another file.`,
  );
}

function report(out: string, size: number, written: Written, options: ExportOptions): void {
  const { blocks, transactions, first, signed } = written;
  const hashes = {
    block_hash: toHex(written.blockHash),
    log_root: toHex(written.logRoot),
    sha256: toHex(written.sha256),
  };
  if (options.json === true)
    return printJson({ file: out, bytes: size, blocks, transactions, first, checkpoint: signed, ...hashes });
  print(`${out}: ${blocks} blocks with ${transactions} transactions, ${sizeText(size)}`);
  if (first > 1) print(`Headers alone below block ${first}: the vault does not keep those transactions.`);
  print(`block hash  ${hashes.block_hash}`);
  print(`log root    ${hashes.log_root}`);
  const flags = first > 1 ? ' --partial' : '';
  const pin = signed ? '--keys POLICY, with keys that you have pinned' : '--block HASH, with a hash from elsewhere';
  print(`Verify it without the cluster: vouch audit verify ${out}${flags} ${pin}`);
}

/** A file in the making: nobody sees it under its name before it is whole. */
class Sink {
  private readonly path: string;
  private file: FileHandle | undefined = undefined;
  private waiting: Uint8Array[] = [];
  private waitingBytes: number = 0;
  size: number = 0;

  constructor(path: string) {
    this.path = path;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    this.size += bytes.length;
    if (this.waitingBytes >= BUFFER_BYTES) await this.flush();
  }

  /** All of it is durable. */
  async close(): Promise<void> {
    await this.flush();
    await this.file?.sync();
    await this.file?.close();
    this.file = undefined;
  }

  async abandon(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
    await unlink(this.path).catch(() => undefined); // it may not be there yet, or not under this name
  }

  private async flush(): Promise<void> {
    this.file ??= await open(this.path, 'wx', 0o600);
    await writeWhole(this.file, Buffer.concat(this.waiting));
    this.waiting = [];
    this.waitingBytes = 0;
  }
}
