/**
 * A node's data keys: what it seals for itself, and opens again. Each node draws its own key per vault, so that what one disk holds
 * means nothing beside another's, and what travels stays clear. Source: 30-storage, "Encryption at rest".
 *
 * A key is never used as it is: for each opening of the directory, vault and kind a key is derived (HKDF) with a salt of 16 entropy
 * bytes drawn at that opening, and its nonces are counted from 0. So no nonce comes twice under one key: not after a crash
 * (another opening, another salt), not where a place is written again (another count), not in a directory put back from a copy.
 *
 * Sealed: salt 16 ‖ u64 count ‖ ciphertext ‖ tag 16. Additional data: vault 16 ‖ u8 kind ‖ position, so that what was sealed for
 * one place opens in no other.
 * Invariants: a key is in the key file's bytes (`takeChange`) before anything sealed with it is handed out; a destroyed one never
 * comes back.
 */
import { assert, defined } from '../assert.ts';
import { concatBytes } from '../bytes/compare.ts';
import { toHex } from '../bytes/text.ts';
import { writeU64 } from '../bytes/u64.ts';
import { type Cipher, type Entropy, type KeyHandle, NONCE_BYTES, TAG_BYTES } from '../capability.ts';
import type { DirectoryReader } from '../effect.ts';
import { StorageError } from '../errors.ts';
import type { VaultId } from '../ids.ts';
import { DERIVED_KEYS_KEPT_MAX } from '../limits.ts';
import { ulidBytes } from '../state/ulid-field.ts';
import { readWhole } from '../whole-read.ts';
import { Algorithms, decodeKeyFile, encodeKeyFile, KEY_FILE, NODE_KEY } from './key-file.ts';

/** What a text is part of. In additional data: do not renumber. */
export const SealKind = { wal: 1, page: 2, snapshot: 3, tape: 4, signing: 5 } as const;
export type SealKind = (typeof SealKind)[keyof typeof SealKind];

const SALT_BYTES = 16;
const COUNT_BYTES = 8;
/** Bytes that a sealed text is longer by. */
export const SEAL_OVERHEAD_BYTES: number = SALT_BYTES + COUNT_BYTES + TAG_BYTES;
/** Destroyed: nobody opens it any more, and that is as it should be. undefined: it is not what was sealed there. */
export type Opened = Uint8Array | 'destroyed' | undefined;

/** What a writer of one kind of file needs for one vault: the page store takes this and nothing else. */
export interface Sealer {
  /** SEAL_OVERHEAD_BYTES longer than the plaintext. undefined: the vault's key was destroyed. @param position names the place */
  seal(position: Uint8Array, plaintext: Uint8Array): Uint8Array | undefined;
  open(position: Uint8Array, sealed: Uint8Array): Opened;
}

interface SealingKey {
  readonly key: KeyHandle;
  count: number;
}

export class VaultKeys {
  private readonly cipher: Cipher;
  private readonly algorithms: number;
  /** Of this opening. */
  private readonly salt: Uint8Array = new Uint8Array(SALT_BYTES);
  /** undefined: destroyed. */
  private readonly wrapped: Map<VaultId, Uint8Array | undefined>;
  private readonly dataKeys: Map<VaultId, KeyHandle> = new Map();
  /** Keys of this opening, by kind and vault. */
  private readonly sealing: Map<string, SealingKey> = new Map();
  /** Keys of any opening for reading, by kind, vault and salt; bounded. */
  private readonly reading: Map<string, KeyHandle> = new Map();
  private changed: boolean = false;

  private constructor(cipher: Cipher, algorithms: number, wrapped: Map<VaultId, Uint8Array | undefined>, entropy: Entropy) {
    this.cipher = cipher;
    this.algorithms = algorithms;
    this.wrapped = wrapped;
    entropy.fill(this.salt, 0, SALT_BYTES);
  }

  /**
   * Opens the key file of a directory. @returns undefined where it has none: everything in it is in clear.
   * Throws StorageError, with a sentence for the operator, where it has one and this master key does not open it.
   */
  static open(reader: DirectoryReader, cipher: Cipher | undefined, entropy: Entropy): VaultKeys | undefined {
    const size = reader.size(KEY_FILE);
    if (size === undefined) {
      if (cipher === undefined) return undefined;
      throw new StorageError(
        'not_encrypted',
        `A master key was given, and this directory has no file ${KEY_FILE}: it was made without encryption, which cannot be turned on later. Start without the key, or replace the node: vouch member replace. If it was encrypted, put its file ${KEY_FILE} back.`,
      );
    }
    if (cipher === undefined) {
      throw new StorageError(
        'master_key_missing',
        'This directory is encrypted: give the master key with --key-file FILE or VOUCH_MASTER_KEY. Nothing was changed.',
      );
    }
    const decoded = decodeKeyFile(readWhole(reader, KEY_FILE, size));
    if (!decoded.ok) {
      const isNewer = decoded.reason === 'bad_version';
      throw new StorageError(
        isNewer ? 'newer_format' : 'keys_damaged',
        isNewer
          ? `${KEY_FILE} has a newer format: start this node with a newer Vouch. Nothing was changed.`
          : `${KEY_FILE} is damaged (${decoded.reason} at byte ${decoded.offset}): nothing in this directory can be read without it. Put a copy back, or replace the node: vouch member replace.`,
      );
    }
    const { algorithms, keys } = decoded.value;
    const opened = new VaultKeys(cipher, algorithms, new Map(keys), entropy);
    if (algorithms !== algorithmsOf(cipher) || opened.dataKey(NODE_KEY) === undefined) {
      throw new StorageError(
        'master_key_wrong',
        `This is another master key (id ${toHex(cipher.masterKeyId)}) than the one that wraps ${KEY_FILE} (id ${toHex(decoded.value.masterKeyId)}). Give that one. Nothing was changed.`,
      );
    }
    return opened;
  }

  /** The bytes of the key file of a new directory. */
  static create(cipher: Cipher): Uint8Array {
    const keys = new Map([[NODE_KEY, cipher.wrap(cipher.drawKey())]]);
    return encodeKeyFile({ algorithms: algorithmsOf(cipher), masterKeyId: cipher.masterKeyId, keys });
  }

  /** The same keys under the master key of another cipher of this kind; nothing else changes. @returns the bytes of the new file. */
  rewrapped(next: Cipher): Uint8Array {
    const keys = new Map<VaultId, Uint8Array | undefined>();
    for (const [vault, wrapped] of this.wrapped) {
      keys.set(vault, wrapped === undefined ? undefined : next.wrap(defined(this.dataKey(vault), 'a wrapped key opens')));
    }
    return encodeKeyFile({ algorithms: algorithmsOf(next), masterKeyId: next.masterKeyId, keys });
  }

  /** The key file as it has to be by now; undefined where it is so already. To be made durable ahead of whatever else was planned. */
  takeChange(): Uint8Array | undefined {
    if (!this.changed) return undefined;
    this.changed = false;
    const { algorithms, wrapped: keys } = this;
    return encodeKeyFile({ algorithms, masterKeyId: this.cipher.masterKeyId, keys });
  }

  /** Whether `takeChange` has something. */
  get isChanged(): boolean {
    return this.changed;
  }

  /** Vaults that have a key, ascending; without the node's own. */
  get vaults(): readonly VaultId[] {
    return [...this.wrapped].flatMap(([vault, key]) => (key === undefined || vault === NODE_KEY ? [] : [vault])).sort();
  }

  isDestroyed(vault: VaultId): boolean {
    return this.wrapped.has(vault) && this.wrapped.get(vault) === undefined;
  }

  /** Crypto-shredding: whatever this node has sealed for the vault, wherever it lies, is noise from now on. */
  destroy(vault: VaultId): void {
    assert(vault !== NODE_KEY, 'only keys of vaults are destroyed');
    if (this.isDestroyed(vault)) return;
    this.wrapped.set(vault, undefined);
    this.changed = true;
    this.dataKeys.delete(vault);
    for (const kind of Object.values(SealKind)) this.sealing.delete(scopeOf(vault, kind));
    this.reading.clear(); // derived keys of others are derived again
  }

  /** One vault and kind, for who writes files of it. */
  sealer(vault: VaultId, kind: SealKind): Sealer {
    return {
      seal: (position, plaintext) => this.seal(vault, kind, position, plaintext),
      open: (position, sealed) => this.openSealed(vault, kind, position, sealed),
    };
  }

  /** As Sealer.seal; draws a key for a vault that has none yet. */
  seal(vault: VaultId, kind: SealKind, position: Uint8Array, plaintext: Uint8Array): Uint8Array | undefined {
    const sealing = this.sealingKey(vault, kind);
    if (sealing === undefined) return undefined;
    const nonce = nonceOf(sealing.count);
    const body = this.cipher.seal(sealing.key, nonce, aadOf(vault, kind, position), plaintext);
    assert(body.length === plaintext.length + TAG_BYTES, 'a sealed text has its tag');
    sealing.count += 1;
    const sealed = new Uint8Array(SALT_BYTES + COUNT_BYTES + body.length);
    sealed.set(this.salt);
    sealed.set(nonce.subarray(NONCE_BYTES - COUNT_BYTES), SALT_BYTES);
    sealed.set(body, SALT_BYTES + COUNT_BYTES);
    return sealed;
  }

  /** As Sealer.open. Total: any bytes give a result. */
  openSealed(vault: VaultId, kind: SealKind, position: Uint8Array, sealed: Uint8Array): Opened {
    if (this.isDestroyed(vault)) return 'destroyed';
    if (sealed.length < SEAL_OVERHEAD_BYTES) return undefined;
    const key = this.readingKey(vault, kind, sealed.subarray(0, SALT_BYTES));
    if (key === undefined) return undefined;
    const nonce = new Uint8Array(NONCE_BYTES);
    nonce.set(sealed.subarray(SALT_BYTES, SALT_BYTES + COUNT_BYTES), NONCE_BYTES - COUNT_BYTES);
    return this.cipher.open(key, nonce, aadOf(vault, kind, position), sealed.subarray(SALT_BYTES + COUNT_BYTES));
  }

  private sealingKey(vault: VaultId, kind: SealKind): SealingKey | undefined {
    const scope = scopeOf(vault, kind);
    const known = this.sealing.get(scope);
    if (known !== undefined || this.isDestroyed(vault)) return known;
    if (!this.wrapped.has(vault)) {
      const drawn = this.cipher.drawKey();
      this.dataKeys.set(vault, drawn);
      this.wrapped.set(vault, this.cipher.wrap(drawn));
      this.changed = true;
    }
    const dataKey = defined(this.dataKey(vault), 'a key that was not destroyed opens');
    const sealing = { key: this.cipher.derive(dataKey, this.salt, infoOf(vault, kind)), count: 0 };
    this.sealing.set(scope, sealing);
    return sealing;
  }

  private readingKey(vault: VaultId, kind: SealKind, salt: Uint8Array): KeyHandle | undefined {
    const scope = scopeOf(vault, kind) + String.fromCharCode(...salt);
    const known = this.reading.get(scope);
    if (known !== undefined) return known;
    const dataKey = this.dataKey(vault);
    if (dataKey === undefined) return undefined;
    if (this.reading.size >= DERIVED_KEYS_KEPT_MAX) this.reading.clear();
    const key = this.cipher.derive(dataKey, salt, infoOf(vault, kind));
    this.reading.set(scope, key);
    return key;
  }

  private dataKey(vault: VaultId): KeyHandle | undefined {
    const known = this.dataKeys.get(vault);
    if (known !== undefined) return known;
    const wrapped = this.wrapped.get(vault);
    const key = wrapped === undefined ? undefined : this.cipher.unwrap(wrapped);
    if (key !== undefined) this.dataKeys.set(vault, key);
    return key;
  }
}

function algorithmsOf(cipher: Cipher): number {
  return cipher.name === 'simulated' ? Algorithms.simulated : Algorithms.aes256;
}

function scopeOf(vault: VaultId, kind: SealKind): string {
  return `${kind}${vault}`;
}

/** vault ‖ kind */
function infoOf(vault: VaultId, kind: SealKind): Uint8Array {
  return concatBytes(ulidBytes(vault), Uint8Array.of(kind));
}

function aadOf(vault: VaultId, kind: SealKind, position: Uint8Array): Uint8Array {
  return concatBytes(ulidBytes(vault), Uint8Array.of(kind), position);
}

function nonceOf(count: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  writeU64(count, nonce, NONCE_BYTES - COUNT_BYTES);
  return nonce;
}
