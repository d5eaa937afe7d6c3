/** `vouch backup`: everything a running cluster holds, in one file. `vouch backup verify FILE`: whether such a file is whole. */
import { existsSync } from 'node:fs';
import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { BackupContents } from '../../core/backup/scan.ts';
import type { VerifiedBackup } from '../../core/backup/verify.ts';
import { toHex } from '../../core/bytes/text.ts';
import type { Cipher } from '../../core/capability.ts';
import { StorageError } from '../../core/errors.ts';
import { type BackupOnDisk, OpenBackup } from '../backup/backup-file.ts';
import { type OnBytes, scanFile, verifyFile } from '../backup/check.ts';
import { BackupSealer } from '../backup/sealed-file.ts';
import { ENCRYPTED_HEADER } from '../http/backup-routes.ts';
import { BACKUP_KEY_OPTION, type BackupKeyOptions, backupCipher, unsealed } from './backup-key.ts';
import { backupJson, refusedBackup, tellBackup } from './backup-report.ts';
import { ByteProgress, sizeText } from './byte-progress.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { type Interruption, interruptible } from './interruption.ts';
import { print, printJson } from './output.ts';
import { demandWritable } from './output-file.ts';
import { DEFAULT_HOST, Remote } from './remote.ts';

interface BackupOptions extends BackupKeyOptions {
  readonly host?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly clear?: boolean;
  readonly json?: boolean;
}

/** Longest the node may keep silent. Why a minute: it waits for a leader for 10 s, and for a capture that others read. */
const SILENCE_MS = 60_000;

export function addBackupCommands(program: Command): void {
  const backup = program
    .command('backup')
    .description('write everything the cluster holds to one file, while it runs')
    .option('--host <host:port>', `any node of the cluster (VOUCH_HOST; default ${DEFAULT_HOST})`)
    .option('--out <file>', 'the file to write')
    .option('--backup-key-file <file>', BACKUP_KEY_OPTION)
    .option('--clear', 'write in clear what the nodes keep encrypted')
    .option('--force', 'replace the file if it exists, once the new one is whole')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  vouch backup --out vouch.backup\n  vouch backup verify vouch.backup')
    .action((options: BackupOptions) => interruptible((interruption) => take(options, interruption)));
  backup
    .command('verify')
    .description('check a backup offline, and say what is in it; exit 0 = it can be restored, 1 = it is refused')
    .argument('<file>', 'what vouch backup wrote')
    .option('--backup-key-file <file>', BACKUP_KEY_OPTION)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  vouch backup verify vouch.backup')
    .action((file: string, options: BackupKeyOptions & { readonly json?: boolean }) =>
      interruptible(async (interruption) => {
        const verified = await withBackup(file, options, (opened) => verifiedBackup(opened, interruption));
        if (options.json === true) printJson(backupJson(verified));
        else tellBackup(verified);
      }),
    );
}

async function take(options: BackupOptions, interruption: Interruption): Promise<void> {
  const { out } = options;
  if (out === undefined || out === '') throw usageFailure('Name the file to write: --out FILE.');
  demandWritable(out);
  if (existsSync(out) && options.force !== true) {
    throw usageFailure(`${out} exists. Name another file, or replace it with --force.`);
  }
  const remote = new Remote(options);
  const part = `${out}.${process.pid}.part`;
  const cipher = await backupCipher(options);
  if (cipher !== undefined && options.clear === true) throw usageFailure('A backup has a key or is in clear: not both.');
  try {
    await download({ remote, cipher, isClearWanted: options.clear === true }, part, interruption);
    const contents = await withBackup(part, options, (file) => scannedBackup(file, out, interruption));
    const size = (await stat(part)).size;
    if (existsSync(out) && options.force !== true)
      throw usageFailure(`${out} was made by somebody meanwhile. Nothing was replaced.`);
    await rename(part, out);
    await syncDirectory(dirname(resolve(out)));
    report(out, size, contents, options);
  } catch (error) {
    await unlink(part).catch(() => undefined); // it may not be there yet, or not any more
    throw error instanceof StorageError ? new CliFailure(error.message) : error;
  }
}

function report(out: string, size: number, { manifest, parts, sha256 }: BackupContents, options: BackupOptions): void {
  const groups = parts.map(({ group, manifest: { index } }) => ({ group, index }));
  const { cluster } = manifest;
  if (options.json === true) return printJson({ file: out, bytes: size, cluster, groups, sha256: toHex(sha256) });
  print(`${out}: ${sizeText(size)}, ${groups.length} groups of cluster ${cluster}`);
  print(`SHA-256 ${toHex(sha256)}`);
  print(`Check that it can be restored: vouch backup verify ${out}`);
}

interface Source {
  readonly remote: Remote;
  /** Under the backup key; undefined: in clear. */
  readonly cipher: Cipher | undefined;
  readonly isClearWanted: boolean;
}

async function download({ remote, cipher, isClearWanted }: Source, part: string, interruption: Interruption): Promise<void> {
  const silence = new AbortController();
  const signal = AbortSignal.any([interruption.signal, silence.signal]);
  const watch = (): NodeJS.Timeout => setTimeout(() => silence.abort(), SILENCE_MS);
  let timer = watch();
  let file: FileHandle | undefined;
  const progress = new ByteProgress('received');
  try {
    const { body, headers } = await remote.stream('/v1/backup', signal);
    if (headers.get(ENCRYPTED_HEADER) !== null && cipher === undefined && !isClearWanted) throw encryptedCluster();
    file = await open(part, 'wx', 0o600);
    const sealer = cipher === undefined ? undefined : new BackupSealer(cipher);
    if (sealer !== undefined) await writeWhole(file, sealer.begin());
    for await (const bytes of body) {
      clearTimeout(timer);
      for (const piece of sealer?.add(bytes) ?? [bytes]) await writeWhole(file, piece);
      progress.add(bytes.length);
      timer = watch();
    }
    if (sealer !== undefined) await writeWhole(file, sealer.end());
    await file.sync();
  } catch (error) {
    if (interruption.signal.aborted || error instanceof CliFailure) throw error;
    throw new CliFailure(whyEnded(error, remote.address, part, silence.signal.aborted));
  } finally {
    clearTimeout(timer);
    progress.end();
    await file?.close();
  }
}

function encryptedCluster(): CliFailure {
  return usageFailure(
    'This cluster keeps its files encrypted. Give the backup a key of its own: vouch keys create FILE, then --backup-key-file FILE; or say that it may be in clear: --clear.',
  );
}

function whyEnded(error: unknown, address: string, part: string, isSilent: boolean): string {
  if (isSilent) return `${address} sent nothing for ${SILENCE_MS / 1000} s. Nothing was kept; try another node (--host).`;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined && code !== 'ECONNRESET') {
    return `${part} cannot be written: ${code === 'ENOSPC' ? 'the disk is full' : code}. Nothing was kept; name another file.`;
  }
  return `${address} stopped before the backup was whole. Nothing was kept; see its log, or try another node (--host).`;
}

/** All of the bytes, at the end of what was written. */
export async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
}

/** Makes a new name in a folder durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Opens a backup for as long as the work takes. What the disk or the seal refuses ends the command by a sentence. */
export async function withBackup<T>(path: string, keys: BackupKeyOptions, work: (file: BackupOnDisk) => Promise<T>): Promise<T> {
  let file: OpenBackup | undefined;
  try {
    file = new OpenBackup(path);
    return await work(await unsealed(file, keys));
  } catch (error) {
    throw error instanceof StorageError ? new CliFailure(error.message) : error;
  } finally {
    file?.close();
  }
}

/** @throws CliFailure where it is refused. */
export async function verifiedBackup(file: BackupOnDisk, interruption: Interruption): Promise<VerifiedBackup> {
  const progress = new ByteProgress('checked', 3 * file.size);
  const result = await verifyFile(file, counting(progress, interruption));
  progress.end();
  if (result.ok) return result.value;
  throw refusedBackup(file.path, result.fault);
}

async function scannedBackup(file: BackupOnDisk, out: string, interruption: Interruption): Promise<BackupContents> {
  const progress = new ByteProgress('checked', 2 * file.size);
  const result = await scanFile(file, counting(progress, interruption));
  progress.end();
  if (result.ok) return result.value;
  if (result.fault.code !== 'failed') throw refusedBackup('What was received', result.fault);
  throw new CliFailure(`The node gave up: ${result.fault.message} ${out} was not written.`);
}

function counting(progress: ByteProgress, interruption: Interruption): OnBytes {
  return (bytes) => {
    interruption.check();
    progress.add(bytes);
  };
}
