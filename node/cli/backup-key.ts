/** The key of a backup: another one than the nodes', so that a backup outlives them, and outlives the deletion of a vault, too. */
import type { Cipher } from '../../core/capability.ts';
import type { BackupOnDisk, OpenBackup } from '../backup/backup-file.ts';
import { isSealedBackup, OpenedSeal } from '../backup/sealed-file.ts';
import { cipherOf } from '../keys/provider.ts';
import { usageFailure } from './failure.ts';
import { masterKeyFrom } from './master-key.ts';

const BACKUP_KEY_VARIABLE = 'VOUCH_BACKUP_KEY';

export const BACKUP_KEY_OPTION: string = `the backup's own key (or the key itself in ${BACKUP_KEY_VARIABLE})`;

export interface BackupKeyOptions {
  readonly backupKeyFile?: string;
}

/** The cipher under the backup key; undefined where none is named. */
export async function backupCipher({ backupKeyFile }: BackupKeyOptions): Promise<Cipher | undefined> {
  return cipherOf(masterKeyFrom({ keyFile: backupKeyFile, data: undefined }, BACKUP_KEY_VARIABLE));
}

/** The backup in the file, sealed or not. A key that is not needed does no harm. */
export async function unsealed(file: OpenBackup, options: BackupKeyOptions): Promise<BackupOnDisk> {
  if (!isSealedBackup(file)) return file;
  const cipher = await backupCipher(options);
  if (cipher === undefined)
    throw usageFailure(`${file.path} is sealed: give the backup's key with --backup-key-file FILE or ${BACKUP_KEY_VARIABLE}.`);
  const opened = new OpenedSeal(file, file.path, cipher);
  return { path: file.path, size: opened.size, read: (offset, lengthBytes) => opened.read(offset, lengthBytes) };
}
