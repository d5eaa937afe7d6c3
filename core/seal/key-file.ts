/**
 * The key file of a data directory: the only place where its data keys are, each wrapped by the operator's master key. A directory
 * has one from its beginning or never: with it, nothing was ever written in clear. Rewritten whole at every change, under a
 * temporary name (core/replica/directory.ts), ahead of what is sealed with a new key.
 *
 *   keys
 *   OFFSET SIZE
 *        0    8  'VOUCHKEY'
 *        8    1  format, 1
 *        9    1  algorithms: 1 = AES-256-GCM, HKDF-SHA-256, AES key wrap (RFC 3394); 255 = the simulator's stand-in
 *       10    8  id of the master key
 *       18    4  rows, ascending by vault; zeros = the node's own key, always the first
 *       22    …  vault 16 ‖ u8 1 ‖ wrapped key 40, or vault 16 ‖ u8 0: its key was destroyed, and there will be no other
 *        …    4  CRC-32C over everything before
 *
 * Why the file says which keys were destroyed: an older copy of it, put in its place, would otherwise look as if the vaults made
 * since had been deleted. So a key that is simply not there is damage, and only a destroyed one is not.
 */
import { compareBytes } from '../bytes/compare.ts';
import { crc32c } from '../bytes/crc32c.ts';
import { Reader } from '../bytes/reader.ts';
import { toUtf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import { WRAPPED_KEY_BYTES } from '../capability.ts';
import { ULID_BYTES } from '../chain/ulid.ts';
import type { Decoded } from '../errors.ts';
import type { VaultId } from '../ids.ts';
import { ulidBytes, ulidText } from '../state/ulid-field.ts';

export const KEY_FILE: string = 'keys';
/** Algorithms by cipher. On disk: do not renumber. */
export const Algorithms = { aes256: 1, simulated: 255 } as const;

const MAGIC: Uint8Array = toUtf8('VOUCHKEY') as Uint8Array;
const FORMAT = 1;
export const MASTER_KEY_ID_BYTES: number = 8;

export interface KeyFile {
  readonly algorithms: number;
  readonly masterKeyId: Uint8Array;
  /** By vault: the wrapped key, or undefined where it was destroyed. The node's own key stands under NODE_KEY. */
  readonly keys: ReadonlyMap<VaultId, Uint8Array | undefined>;
}

/** Whose key seals what belongs to no vault. */
export const NODE_KEY: VaultId = ulidText(new Uint8Array(ULID_BYTES));

export function encodeKeyFile({ algorithms, masterKeyId, keys }: KeyFile): Uint8Array {
  const writer = new Writer(32 + keys.size * (ULID_BYTES + 1 + WRAPPED_KEY_BYTES));
  writer.raw(MAGIC);
  writer.u8(FORMAT);
  writer.u8(algorithms);
  writer.raw(masterKeyId);
  writer.u32(keys.size);
  for (const vault of [...keys.keys()].sort()) {
    const wrapped = keys.get(vault);
    writer.raw(ulidBytes(vault));
    writer.u8(wrapped === undefined ? 0 : 1);
    if (wrapped !== undefined) writer.raw(wrapped);
  }
  writer.u32(crc32c(writer.peek()));
  return writer.finish();
}

/** Strict. What is returned holds copies. */
export function decodeKeyFile(bytes: Uint8Array): Decoded<KeyFile> {
  const reader = new Reader(bytes);
  const magic = reader.raw(MAGIC.length);
  if (reader.failed === undefined && MAGIC.some((byte, i) => magic[i] !== byte)) reader.fail('bad_tag');
  if (reader.u8() !== FORMAT) reader.fail('bad_version');
  const algorithms = reader.u8();
  const masterKeyId = reader.copy(MASTER_KEY_ID_BYTES);
  const count = reader.u32();
  const keys = new Map<VaultId, Uint8Array | undefined>();
  let last: Uint8Array | undefined;
  for (let row = 0; row < count && reader.failed === undefined; row += 1) {
    const vault = reader.copy(ULID_BYTES);
    if (last !== undefined && compareBytes(last, vault) >= 0) reader.fail('bad_value');
    last = vault;
    const isThere = reader.flag();
    const wrapped = isThere ? reader.copy(WRAPPED_KEY_BYTES) : undefined;
    if (reader.failed === undefined) keys.set(ulidText(vault), wrapped);
  }
  const checked = reader.at;
  if (reader.u32() !== crc32c(bytes, 0, checked)) reader.fail('bad_checksum');
  if (reader.failed === undefined && keys.get(NODE_KEY) === undefined) reader.fail('bad_value');
  return reader.finish({ algorithms, masterKeyId, keys });
}
