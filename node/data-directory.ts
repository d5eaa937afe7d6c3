/**
 * A node's data directory as `vouch start` meets it: empty (a new node is made in it), a node's (opened), or something else
 * (refused with a sentence, unchanged). Order of creation: NODE first, then the key file of an encrypted one, IDENTITY last; a directory without IDENTITY that holds
 * nothing but unfinished creation is still empty, so a crash in between costs nothing.
 */
import { fromUtf8 } from '../core/bytes/text.ts';
import type { Cipher, Entropy } from '../core/capability.ts';
import { StorageError } from '../core/errors.ts';
import { createDirectory, IDENTITY_FILE, readIdentity, replaceFile, TEMPORARY_SUFFIX } from '../core/replica/directory.ts';
import { createKeyFile } from '../core/replica/sealing.ts';
import { KEY_FILE } from '../core/seal/key-file.ts';
import { demandWholeFiles } from './directory-copy.ts';
import { FileDisk } from './disk/file-disk.ts';
import { decodeNodeFile, encodeNodeFile, NODE_FILE, type NodeFile } from './node-file.ts';

/** First-boot settings, for a directory that has none. */
export interface FirstBoot {
  readonly listen: string | undefined;
  readonly join: readonly string[] | undefined;
  readonly advertise?: string | undefined;
  readonly insecure?: boolean;
}

export interface OpenedDirectory {
  readonly disk: FileDisk;
  readonly file: NodeFile;
  /** First-boot settings that were given but are fixed already. */
  readonly ignored: readonly string[];
}

const UNFINISHED: ReadonlySet<string> = new Set([
  NODE_FILE,
  NODE_FILE + TEMPORARY_SUFFIX,
  KEY_FILE,
  KEY_FILE + TEMPORARY_SUFFIX,
  IDENTITY_FILE + TEMPORARY_SUFFIX,
]);

/**
 * Opens or makes the directory. @param cipher a new one is encrypted under its master key; whether it fits one that is there, the
 * replica finds out. Throws StorageError with a sentence for the operator; the directory is then unlocked again.
 */
export async function openDataDirectory(
  path: string,
  first: FirstBoot,
  entropy: Entropy,
  cipher?: Cipher,
): Promise<OpenedDirectory> {
  const disk = await FileDisk.open(path);
  try {
    const names = disk.list();
    if (names.includes(IDENTITY_FILE)) return reopen(disk, first);
    const foreign = names.find((name) => !UNFINISHED.has(name));
    if (foreign !== undefined) {
      throw new StorageError(
        'foreign_directory',
        `${disk.directory} is not empty and not a Vouch data directory (it holds "${foreign}"). Name an empty one.`,
      );
    }
    return await create(disk, first, entropy, cipher);
  } catch (error) {
    await disk.close();
    throw error;
  }
}

async function create(disk: FileDisk, first: FirstBoot, entropy: Entropy, cipher: Cipher | undefined): Promise<OpenedDirectory> {
  if (first.listen === undefined) {
    throw new StorageError(
      'listen_missing',
      `${disk.directory} holds no node yet: the first start also needs --listen HOST:PORT.`,
    );
  }
  const file: NodeFile = {
    format: 1,
    listen: first.listen,
    join: first.join ?? [],
    ...(first.advertise === undefined ? {} : { advertise: first.advertise }),
    ...(first.insecure ? { insecure: true } : {}),
  };
  const stale = disk.size(NODE_FILE + TEMPORARY_SUFFIX) !== undefined;
  await disk.execute(replaceFile(NODE_FILE, encodeNodeFile(file), stale));
  if (cipher !== undefined) await disk.execute(createKeyFile(cipher, disk));
  else if (disk.size(KEY_FILE) !== undefined) await disk.execute([{ op: 'remove', file: KEY_FILE }, { op: 'syncDirectory' }]);
  await disk.execute(createDirectory(entropy, disk).ops);
  return { disk, file, ignored: [] };
}

function reopen(disk: FileDisk, first: FirstBoot): OpenedDirectory {
  readIdentity(disk); // whose directory it is comes first: what a stranger's NODE says does not matter
  const size = disk.size(NODE_FILE);
  if (size === undefined) {
    const message = `${disk.directory} has no file ${NODE_FILE}. Put one there: {"format":1,"listen":"HOST:PORT","join":[]}`;
    throw new StorageError('node_file_missing', message);
  }
  const file = decodeNodeFile(fromUtf8(disk.read(NODE_FILE, 0, size)) ?? '');
  demandWholeFiles(disk);
  const ignored: string[] = [];
  if (first.listen !== undefined && first.listen !== file.listen) ignored.push(`--listen ${first.listen} (it is ${file.listen})`);
  if (first.join !== undefined && first.join.join() !== file.join.join()) ignored.push(`--join ${first.join.join(',')}`);
  if (first.advertise !== undefined && first.advertise !== file.advertise) {
    ignored.push(`--advertise ${first.advertise} (it is ${file.advertise ?? file.listen})`);
  }
  return { disk, file, ignored };
}
