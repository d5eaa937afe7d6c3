/** What can be found in a data directory: as its bytes stand there, and with every key that its key file still holds. */
import type { Cipher } from '../../core/capability.ts';
import type { DirectoryReader } from '../../core/effect.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { VaultId } from '../../core/ids.ts';
import { Sealing } from '../../core/replica/sealing.ts';
import { heldOf } from '../../core/replica/snapshot-store.ts';
import { decodeKeyFile, KEY_FILE, NODE_KEY } from '../../core/seal/key-file.ts';
import { SealKind, type VaultKeys } from '../../core/seal/vault-keys.ts';
import { parseSnapshotName, scanSnapshot } from '../../core/snapshot/file.ts';
import { recoverWal } from '../../core/wal/recover.ts';
import { seededEntropy } from './support.ts';

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function contentsOf(reader: DirectoryReader, name: string): Uint8Array {
  return reader.read(name, 0, reader.size(name) ?? 0);
}

/** Names of the files that hold one of the markers in clear. */
export function filesWith(reader: DirectoryReader, markers: readonly string[]): readonly string[] {
  return reader.list().filter((name) => {
    const text = textOf(contentsOf(reader, name));
    return markers.some((marker) => text.includes(marker));
  });
}

/** Everything in log and snapshots that this master key opens, as text. */
export function openedText(reader: DirectoryReader, cipher: Cipher): string {
  const sealing = new Sealing(reader, { cipher, hasher: portableHasher, entropy: seededEntropy(77) });
  const { groups, damage } = recoverWal(reader, { sealer: sealing.entries });
  if (damage.length > 0) throw new Error(`the log is damaged: ${JSON.stringify(damage)}`);
  let text = '';
  for (const log of groups.values()) for (const { data } of log.entriesBehind(0 as never)) text += textOf(data);
  for (const name of reader.list()) {
    const place = parseSnapshotName(name);
    if (place === undefined) continue;
    const steps = scanSnapshot(portableHasher, reader, name, place, sealing.chunks);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    const held = step.value === undefined ? undefined : heldOf(step.value);
    if (held === undefined) continue;
    const source = held.index.source(reader);
    for (const [section, { chunks }] of held.manifest.sections.entries()) {
      for (let number = 0; number < chunks; number += 1)
        text += textOf(source.chunk(section as never, number) ?? new Uint8Array(0));
    }
  }
  return text;
}

/** Vaults whose keys this key file holds. */
export function vaultsWithKeys(reader: DirectoryReader): readonly VaultId[] {
  const decoded = decodeKeyFile(contentsOf(reader, KEY_FILE));
  if (!decoded.ok) throw new Error(decoded.reason);
  return [...decoded.value.keys].flatMap(([vault, key]) => (key === undefined || vault === NODE_KEY ? [] : [vault]));
}

/** Whether any key that is left opens this text under any vault's name and any kind: the brute force of somebody with the master key. */
export function anyKeyOpens(reader: DirectoryReader, keys: VaultKeys, position: Uint8Array, sealed: Uint8Array): boolean {
  return [NODE_KEY, ...vaultsWithKeys(reader)].some((vault) =>
    Object.values(SealKind).some((kind) => keys.openSealed(vault, kind, position, sealed) instanceof Uint8Array),
  );
}
