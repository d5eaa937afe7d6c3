/** Golden bytes of the key file, format 1, and what it refuses. */
import { expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { decodeKeyFile, encodeKeyFile, type KeyFile, NODE_KEY } from '../../core/seal/key-file.ts';
import { VaultKeys } from '../../core/seal/vault-keys.ts';
import { MemoryDirectory } from '../wal/memory.ts';
import { openKeys, saveKeys, sealedDirectory, seededEntropy, simulated, vaultId } from './support.ts';

const FILE: KeyFile = {
  algorithms: 1,
  masterKeyId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  keys: new Map([
    [vaultId(4), undefined],
    [NODE_KEY, new Uint8Array(40).fill(0xaa)],
    [vaultId(1), new Uint8Array(40).fill(0xbb)],
  ]),
};

test('a key file has the bytes of format 1, rows ascending by vault', () => {
  expect(toHex(encodeKeyFile(FILE))).toBe(
    [
      '564f5543484b455901010102030405060708',
      '00000003',
      `${'00'.repeat(16)}01${'aa'.repeat(40)}`,
      `${'02'.repeat(16)}01${'bb'.repeat(40)}`,
      `${'05'.repeat(16)}00`,
      toHex(encodeKeyFile(FILE)).slice(-8),
    ].join(''),
  );
  expect(toHex(encodeKeyFile(FILE)).slice(-8)).toMatchInlineSnapshot(`"6dcdc1b0"`);
  expect(decodeKeyFile(encodeKeyFile(FILE))).toEqual({ ok: true, value: { ...FILE, keys: new Map([...FILE.keys].sort()) } });
});

test('a key file with any byte changed, cut or lengthened is refused', () => {
  const bytes = encodeKeyFile(FILE);
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = bytes.slice();
    changed[at] = (changed[at] as number) ^ 1;
    expect(decodeKeyFile(changed).ok, `byte ${at}`).toBe(false);
    expect(decodeKeyFile(bytes.slice(0, at)).ok, `cut at ${at}`).toBe(false);
  }
  expect(decodeKeyFile(Uint8Array.of(...bytes, 0)).ok).toBe(false);
  const later = bytes.slice();
  later[8] = 2;
  expect(decodeKeyFile(later)).toMatchObject({ ok: false, reason: 'bad_version' });
});

test('a missing or wrong master key, a damaged key file and a clear directory are told apart, and nothing is changed', () => {
  const cipher = simulated();
  const directory = sealedDirectory(cipher);
  const before = directory.copy();
  const entropy = seededEntropy(9);
  const code = (act: () => unknown): unknown => {
    try {
      act();
    } catch (error) {
      return (error as { code?: string }).code;
    }
    return 'opened';
  };
  expect(code(() => VaultKeys.open(directory, undefined, entropy))).toBe('master_key_missing');
  expect(code(() => VaultKeys.open(directory, simulated(1, 2), entropy))).toBe('master_key_wrong');
  expect(code(() => VaultKeys.open(directory, { ...cipher, name: 'native' }, entropy))).toBe('master_key_wrong');
  expect(code(() => VaultKeys.open(new MemoryDirectory(), cipher, entropy))).toBe('not_encrypted');
  expect(VaultKeys.open(new MemoryDirectory(), undefined, entropy)).toBeUndefined();
  expect(directory.files).toEqual(before.files);
  directory.files.set('keys', Uint8Array.of(1, 2, 3));
  expect(code(() => VaultKeys.open(directory, cipher, entropy))).toBe('keys_damaged');
});

test('keys wrapped anew open under the new master key, and what was sealed with them too', () => {
  const old = simulated();
  const directory = sealedDirectory(old);
  const keys = openKeys(directory, old, seededEntropy(1));
  const sealed = keys.seal(vaultId(0), 1, Uint8Array.of(1), Uint8Array.of(7, 7)) as Uint8Array;
  keys.destroy(vaultId(1));
  saveKeys(directory, keys);
  const next = simulated(2, 5);
  directory.files.set('keys', openKeys(directory, old, seededEntropy(2)).rewrapped(next));
  const opened = openKeys(directory, next, seededEntropy(3));
  expect(opened.openSealed(vaultId(0), 1, Uint8Array.of(1), sealed)).toEqual(Uint8Array.of(7, 7));
  expect(opened.isDestroyed(vaultId(1))).toBe(true);
  expect(() => openKeys(directory, old, seededEntropy(4))).toThrow(/another master key/);
});
