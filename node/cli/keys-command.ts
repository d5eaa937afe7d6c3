/** `vouch keys`: makes a master key, and wraps a stopped node's keys under another one. */
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { toHex } from '../../core/bytes/text.ts';
import type { Cipher } from '../../core/capability.ts';
import { StorageError } from '../../core/errors.ts';
import { readIdentity, replaceFile, TEMPORARY_SUFFIX } from '../../core/replica/directory.ts';
import { KEY_FILE } from '../../core/seal/key-file.ts';
import { VaultKeys } from '../../core/seal/vault-keys.ts';
import { FileDisk } from '../disk/file-disk.ts';
import { systemEntropy } from '../entropy.ts';
import { MASTER_KEY_BYTES } from '../keys/native-cipher.ts';
import { cipherOf } from '../keys/provider.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { masterKeyFrom } from './master-key.ts';
import { print } from './output.ts';

const NEW_MASTER_KEY = 'VOUCH_NEW_MASTER_KEY';

interface RotateOptions {
  readonly data?: string;
  readonly keyFile?: string;
  readonly newKeyFile?: string;
}

export function addKeysCommand(program: Command): void {
  const keys = program.command('keys').description('master keys of encrypted data directories');
  keys
    .command('create')
    .description('write a new master key, readable by you alone')
    .argument('<file>')
    .addHelpText('after', '\nExample:\n  vouch keys create ./master.key')
    .action(create);
  keys
    .command('rotate')
    .description('wrap the keys of a stopped node under another master key; its data is not rewritten')
    .argument('[dir]', 'the data directory, as given to vouch start --data')
    .option('--data <dir>', 'the same')
    .option('--key-file <file>', 'the present master key (or the key itself in VOUCH_MASTER_KEY)')
    .option('--new-key-file <file>', `the next master key (or the key itself in ${NEW_MASTER_KEY})`)
    .addHelpText('after', '\nExample:\n  vouch keys rotate ./data/a --key-file ./master.key --new-key-file ./next.key')
    .action(rotate);
}

function create(path: string): void {
  try {
    writeFileSync(path, `${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new CliFailure(`${path} is there already: a key that is overwritten opens nothing any more.`);
    throw new CliFailure(`${path} cannot be written: ${code}.`);
  }
  print(`Wrote a new master key to ${path}. Keep a copy of it apart from the data: without it nothing can be read.`);
}

async function rotate(argument: string | undefined, options: RotateOptions): Promise<void> {
  const data = argument ?? options.data;
  if (data === undefined) throw usageFailure('Name the data directory: vouch keys rotate DIR.');
  if (!existsSync(data)) throw usageFailure(`There is no directory ${data}.`);
  const present = masterKeyFrom({ keyFile: options.keyFile, data });
  const next = masterKeyFrom({ keyFile: options.newKeyFile, data }, NEW_MASTER_KEY);
  if (present === undefined) throw usageFailure('Give the present master key: --key-file FILE or VOUCH_MASTER_KEY.');
  if (next === undefined) throw usageFailure(`Give the next master key: --new-key-file FILE or ${NEW_MASTER_KEY}.`);
  try {
    const ciphers = { present: (await cipherOf(present)) as Cipher, next: (await cipherOf(next)) as Cipher };
    await rewrap(data, ciphers);
  } catch (error) {
    throw error instanceof StorageError ? new CliFailure(error.message) : error;
  }
}

async function rewrap(data: string, { present, next }: { readonly present: Cipher; readonly next: Cipher }): Promise<void> {
  const disk = await FileDisk.open(data); // locked: a node that runs has the keys in memory, and would write them over
  try {
    readIdentity(disk);
    const keys = VaultKeys.open(disk, present, systemEntropy) as VaultKeys;
    const isStale = disk.size(KEY_FILE + TEMPORARY_SUFFIX) !== undefined;
    await disk.execute(replaceFile(KEY_FILE, keys.rewrapped(next), isStale));
    const ids = `${toHex(present.masterKeyId)} to ${toHex(next.masterKeyId)}`;
    print(`Wrapped ${keys.vaults.length + 1} keys anew, from master key ${ids}. Start the node with the next one from now on.`);
  } finally {
    await disk.close();
  }
}
