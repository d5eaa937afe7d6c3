/** Ciphers and directories for tests of sealing. */
import type { Cipher, Entropy, KeyHandle } from '../../core/capability.ts';
import type { VaultId } from '../../core/ids.ts';
import { Random } from '../../core/random.ts';
import { KEY_FILE } from '../../core/seal/key-file.ts';
import { VaultKeys } from '../../core/seal/vault-keys.ts';
import { ulidText } from '../../core/state/ulid-field.ts';
import { simulatedCipher } from '../../sim/cipher.ts';
import { MemoryDirectory } from '../wal/memory.ts';

function entropyOf(random: Random): Entropy {
  return {
    fill(out, offset, length) {
      for (let i = 0; i < length; i += 1) out[offset + i] = random.below(256);
    },
  };
}

/** Entropy that is the same in every run. */
export function seededEntropy(seed: number): Entropy {
  return entropyOf(Random.stream([seed, 1, 2, 3], 'entropy'));
}

export function simulated(seed: number = 1, master: number = 1): Cipher {
  return simulatedCipher(Uint8Array.of(master), seededEntropy(seed));
}

/** A cipher that notes every (key, nonce) it seals under, for all openings together. */
export function watched(cipher: Cipher): { readonly cipher: Cipher; readonly used: string[] } {
  const used: string[] = [];
  const names = new Map<KeyHandle, number>();
  const nameOf = (key: KeyHandle): number => {
    if (!names.has(key)) names.set(key, names.size);
    return names.get(key) as number;
  };
  const seal: Cipher['seal'] = (key, nonce, aad, plaintext) => {
    used.push(`${nameOf(key)} ${nonce.join()}`);
    return cipher.seal(key, nonce, aad, plaintext);
  };
  return { cipher: { ...cipher, seal }, used };
}

/** A directory that holds a key file and nothing else. */
export function sealedDirectory(cipher: Cipher): MemoryDirectory {
  const directory = new MemoryDirectory();
  directory.files.set(KEY_FILE, VaultKeys.create(cipher));
  return directory;
}

export function openKeys(directory: MemoryDirectory, cipher: Cipher, entropy: Entropy): VaultKeys {
  const keys = VaultKeys.open(directory, cipher, entropy);
  if (keys === undefined) throw new Error('the directory has no key file');
  return keys;
}

/** Writes what the keys want written. */
export function saveKeys(directory: MemoryDirectory, keys: VaultKeys): void {
  const bytes = keys.takeChange();
  if (bytes !== undefined) directory.files.set(KEY_FILE, bytes);
}

export function vaultId(number: number): VaultId {
  return ulidText(new Uint8Array(16).fill(number + 1));
}
