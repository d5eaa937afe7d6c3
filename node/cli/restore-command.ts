/** `vouch restore FILE --dir DIR`: the data directory of a new cluster, from a backup that was found whole. */
import type { Command } from 'commander';
import { drawLeap, hasRoom } from '../../core/backup/refound.ts';
import type { VerifiedBackup } from '../../core/backup/verify.ts';
import { drawId } from '../../core/bytes/hex-id.ts';
import type { Cipher } from '../../core/capability.ts';
import { StorageError } from '../../core/errors.ts';
import { demandEmpty, restoreInto } from '../backup/restore.ts';
import { isLoopback, parseAddress } from '../config/address.ts';
import { systemEntropy } from '../entropy.ts';
import { cipherOf } from '../keys/provider.ts';
import type { NodeFile } from '../node-file.ts';
import { verifiedBackup, withBackup } from './backup-command.ts';
import { BACKUP_KEY_OPTION } from './backup-key.ts';
import { backupJson, tellBackup } from './backup-report.ts';
import { ByteProgress } from './byte-progress.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { type Interruption, interruptible } from './interruption.ts';
import { masterKeyFrom } from './master-key.ts';
import { print, printJson } from './output.ts';
import { DEFAULT_HOST } from './remote.ts';

interface RestoreOptions {
  readonly dir?: string;
  readonly listen: string;
  readonly advertise?: string;
  readonly insecure?: boolean;
  readonly backupKeyFile?: string;
  readonly keyFile?: string;
  readonly verifyOnly?: boolean;
  readonly json?: boolean;
}

export function addRestoreCommand(program: Command): void {
  program
    .command('restore')
    .description('make the data directory of a new cluster of one node from a backup; refuses what does not verify')
    .argument('<file>', 'what vouch backup wrote')
    .option('--dir <dir>', 'the directory to fill: empty, or not there yet')
    .option('--listen <host:port>', 'where the new node is to listen', DEFAULT_HOST)
    .option('--advertise <host:port>', 'where others reach it, if not at --listen')
    .option('--insecure', 'allow a listen address that other machines can reach, without authentication')
    .option('--backup-key-file <file>', BACKUP_KEY_OPTION)
    .option('--key-file <file>', 'encrypt the new directory under this master key (or the key itself in VOUCH_MASTER_KEY)')
    .option('--verify-only', 'check the backup and write nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  vouch restore vouch.backup --dir ./data/a\n  vouch start --data ./data/a')
    .action((file: string, options: RestoreOptions) => interruptible((interruption) => restore(file, options, interruption)));
}

async function restore(file: string, options: RestoreOptions, interruption: Interruption): Promise<void> {
  const { dir, verifyOnly } = options;
  if (verifyOnly !== true && (dir === undefined || dir === '')) throw usageFailure('Name the directory to fill: --dir DIR.');
  const settings = settingsOf(options);
  const masterKey = masterKeyFrom({ keyFile: options.keyFile, data: dir });
  await withBackup(file, options, async (opened) => {
    const cipher = await cipherOf(masterKey);
    if (dir !== undefined && verifyOnly !== true) demandEmpty(dir);
    const backup = await verifiedBackup(opened, interruption);
    if (verifyOnly === true || dir === undefined) {
      if (options.json === true) printJson(backupJson(backup));
      else tellBackup(backup);
      return;
    }
    await fill(dir, backup, { settings, cipher, json: options.json === true, size: opened.size }, interruption);
  });
}

function settingsOf({ listen, advertise, insecure }: RestoreOptions): NodeFile {
  const address = parseAddress(listen);
  if (address === undefined) throw usageFailure(`--listen is HOST:PORT, not "${listen}".`);
  if (advertise !== undefined && parseAddress(advertise) === undefined) {
    throw usageFailure(`--advertise is HOST:PORT, not "${advertise}".`);
  }
  if (!isLoopback(address.host) && insecure !== true) {
    throw usageFailure(
      `${listen} can be reached from other machines, and nodes authenticate nobody yet: listen on 127.0.0.1, or accept that with --insecure.`,
    );
  }
  return {
    format: 1,
    listen,
    join: [],
    ...(advertise === undefined ? {} : { advertise }),
    ...(insecure === true ? { insecure } : {}),
  };
}

interface Filling {
  readonly settings: NodeFile;
  readonly cipher: Cipher | undefined;
  readonly json: boolean;
  /** Of the backup, in bytes. */
  readonly size: number;
}

async function fill(
  dir: string,
  backup: VerifiedBackup,
  { settings, cipher, json, size }: Filling,
  interruption: Interruption,
): Promise<void> {
  const leap = drawLeap(systemEntropy);
  if (!hasRoom(backup, leap)) {
    throw new CliFailure(
      'The logs of this backup have no room to go on: it went through hundreds of restorations. Please report it.',
    );
  }
  const node = { id: drawId<'NodeId'>(systemEntropy), address: settings.advertise ?? settings.listen };
  const refounding = { cluster: drawId<'ClusterId'>(systemEntropy), node, leap };
  const progress = new ByteProgress('written', size);
  const onBytes = (bytes: number): void => {
    interruption.check();
    progress.add(bytes);
  };
  try {
    await restoreInto(dir, backup, { refounding, file: settings, cipher, onBytes });
  } catch (error) {
    throw error instanceof StorageError ? new CliFailure(`${error.message.replace(/\.$/, '')}. Nothing was left there.`) : error;
  } finally {
    progress.end();
  }
  const vaults = backup.groups.reduce((sum, group) => sum + group.vaults.length, 0);
  if (json) return printJson({ dir, cluster: refounding.cluster, node: node.id, from: backupJson(backup) });
  print(`${dir} holds ${vaults} vaults in ${backup.groups.length} groups, as a new cluster ${refounding.cluster} of one node.`);
  const key = cipher === undefined ? '' : ' --key-file FILE';
  print(`Start it: vouch start --data ${dir}${key}`);
  print(`Then add others: vouch start --data DIR --listen HOST:PORT --join ${node.address}`);
}
