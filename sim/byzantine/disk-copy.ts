/** What a liar takes from its own disk: its key, which is real, and a copy of its signing record to go back to. */
import type { Signer, SigningKeys } from '../../core/capability.ts';
import type { DirectoryReader } from '../../core/effect.ts';
import { openNodeKey } from '../../core/signing/node-key.ts';
import { SIGNING_FILE } from '../../core/signing/record-file.ts';
import type { VouchNode } from '../check/raft/watch.ts';

/** A directory that holds the one file as it was. */
export type DiskCopy = DirectoryReader;

/** undefined: there is no record yet. */
export function copyOfRecord(disk: DirectoryReader): DiskCopy | undefined {
  const size = disk.size(SIGNING_FILE);
  if (size === undefined) return undefined;
  const bytes = disk.read(SIGNING_FILE, 0, size);
  return {
    list: () => [SIGNING_FILE],
    size: (file) => (file === SIGNING_FILE ? bytes.length : undefined),
    read: (_file, offset, lengthBytes) => bytes.slice(offset, offset + lengthBytes),
  };
}

/** The key with which the node signs; undefined: it has none. The directory is not encrypted. */
export function keyOnDisk(node: VouchNode, keys: SigningKeys): Signer | undefined {
  const opened = openNodeKey({ reader: node.disk, node: node.id, keys, sealer: undefined });
  return typeof opened === 'string' ? undefined : opened.signer;
}
