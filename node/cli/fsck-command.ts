/** `vouch fsck DIR`: checks the directory of a stopped node, and changes nothing in it. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { StorageError } from '../../core/errors.ts';
import { checkDirectory } from '../../core/fsck/fsck.ts';
import { type CheckedGroup, type Finding, type FsckReport, isSound } from '../../core/fsck/report.ts';
import { readIdentity } from '../../core/replica/directory.ts';
import { Sealing } from '../../core/replica/sealing.ts';
import { FileDisk } from '../disk/file-disk.ts';
import { systemEntropy } from '../entropy.ts';
import { nativeHasher } from '../hasher.ts';
import { cipherOf, type KeyProvider } from '../keys/provider.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { masterKeyFrom } from './master-key.ts';
import { print, printJson } from './output.ts';

export function addFsckCommand(program: Command): void {
  program
    .command('fsck')
    .description('check the data of a stopped node: log, checkpoints, rows, roots and chain; exit 0 = whole, 1 = damaged')
    .argument('<dir>', 'the data directory, as given to vouch start --data')
    .option('--key-file <file>', 'the master key of an encrypted directory (or the key itself in VOUCH_MASTER_KEY)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  vouch fsck ./data/a')
    .action(fsck);
}

async function fsck(directory: string, options: { readonly json?: boolean; readonly keyFile?: string }): Promise<void> {
  // Opening would make it, and an empty directory is no answer to a mistyped name.
  if (!existsSync(directory)) throw usageFailure(`There is no directory ${directory}.`);
  const report = await check(directory, masterKeyFrom({ keyFile: options.keyFile, data: directory }));
  if (options.json === true) printJson({ sound: isSound(report), ...report });
  else tell(report);
  if (!isSound(report)) process.exitCode = 1;
}

async function check(directory: string, masterKey: KeyProvider | undefined): Promise<FsckReport> {
  let disk: FileDisk | undefined;
  try {
    const cipher = await cipherOf(masterKey);
    disk = await FileDisk.open(directory); // locked: of a node that runs, half would be read before and half behind a write
    readIdentity(disk); // whose directory it is comes first
    return checkDirectory(disk, nativeHasher, new Sealing(disk, { cipher, hasher: nativeHasher, entropy: systemEntropy }));
  } catch (error) {
    throw error instanceof StorageError ? new CliFailure(error.message) : error;
  } finally {
    await disk?.close();
  }
}

function tell(report: FsckReport): void {
  print(`node ${report.node}, ${report.cluster === undefined ? 'of no cluster yet' : `of cluster ${report.cluster}`}`);
  for (const group of report.groups) print(lineOf(group));
  for (const finding of report.findings) print(sentenceOf(finding));
  print(isSound(report) ? 'whole' : 'damaged');
}

function lineOf({ group, sound, checkpoint, applied, lastIndex, vaults, blocks, leaves }: CheckedGroup): string {
  const from = checkpoint === 0 ? 'the beginning' : `the checkpoint at ${checkpoint}`;
  const state = `${vaults} vaults, ${blocks} blocks, ${leaves} leaves`;
  if (!sound) return `group ${group}: damaged; its log ends with entry ${lastIndex}`;
  return `group ${group}: ${state}; rebuilt from ${from} to entry ${applied}`;
}

function sentenceOf({ level, group, what, remedy }: Finding): string {
  return `${level}: ${group === undefined ? '' : `group ${group}: `}${what}. ${remedy}`;
}
