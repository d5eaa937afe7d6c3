/**
 * The cipher of a real node, by the engine's own OpenSSL: AES-256-GCM, HKDF-SHA-256 (RFC 5869), AES key wrap (RFC 3394).
 * Keys are KeyObjects in private fields of this module's own class: nothing prints or serialises them by accident.
 */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { assert } from '../../core/assert.ts';
import { type Cipher, type KeyHandle, NONCE_BYTES, TAG_BYTES, WRAPPED_KEY_BYTES } from '../../core/capability.ts';
import { MASTER_KEY_ID_BYTES } from '../../core/seal/key-file.ts';

/** Bytes of a master key, and of every data key. */
export const MASTER_KEY_BYTES: number = 32;
const SEAL = 'aes-256-gcm';
const WRAP = 'id-aes256-wrap';
/** The initial value that RFC 3394, 2.2.3.1, names; whoever unwraps compares it. */
const WRAP_IV: Uint8Array = new Uint8Array(8).fill(0xa6);
const ID_INFO = 'vouch master key id';
const NO_SALT: Uint8Array = new Uint8Array(0);

class NativeKey {
  readonly #key: KeyObject;
  constructor(bytes: Uint8Array) {
    this.#key = createSecretKey(bytes);
    bytes.fill(0);
  }

  static keyOf(handle: KeyHandle): KeyObject {
    assert(handle instanceof NativeKey, 'a key is of this cipher');
    return (handle as unknown as NativeKey).#key;
  }
}

function handleOf(bytes: Uint8Array): KeyHandle {
  return new NativeKey(bytes) as unknown as KeyHandle;
}

/** @param masterKey 32 bytes; overwritten here, so that the caller keeps no copy by accident. */
export function nativeCipher(masterKey: Uint8Array): Cipher {
  assert(masterKey.length === MASTER_KEY_BYTES, 'a master key has 32 bytes');
  const id = new Uint8Array(hkdfSync('sha256', masterKey, NO_SALT, ID_INFO, MASTER_KEY_ID_BYTES));
  const master = createSecretKey(masterKey);
  masterKey.fill(0);
  return {
    name: 'native',
    masterKeyId: id,
    drawKey: () => handleOf(randomBytes(MASTER_KEY_BYTES)),
    wrap(key) {
      const wrapping = createCipheriv(WRAP, master, WRAP_IV);
      const bytes = NativeKey.keyOf(key).export();
      const wrapped = wrapping.update(bytes);
      bytes.fill(0);
      return joined(wrapped, wrapping.final());
    },
    unwrap(wrapped) {
      if (wrapped.length !== WRAPPED_KEY_BYTES) return undefined;
      const unwrapping = createDecipheriv(WRAP, master, WRAP_IV);
      try {
        const key = unwrapping.update(wrapped);
        return handleOf(joined(key, unwrapping.final()));
      } catch {
        return undefined; // the check value is another one: not wrapped by this key
      }
    },
    derive: (key, salt, info) => handleOf(new Uint8Array(hkdfSync('sha256', NativeKey.keyOf(key), salt, info, MASTER_KEY_BYTES))),
    seal(key, nonce, aad, plaintext) {
      assert(nonce.length === NONCE_BYTES, 'a nonce has 12 bytes');
      const sealing = createCipheriv(SEAL, NativeKey.keyOf(key), nonce).setAAD(aad);
      const out = new Uint8Array(plaintext.length + TAG_BYTES);
      out.set(sealing.update(plaintext));
      sealing.final();
      out.set(sealing.getAuthTag(), plaintext.length);
      return out;
    },
    open(key, nonce, aad, sealed) {
      const end = sealed.length - TAG_BYTES;
      if (end < 0) return undefined;
      const opening = createDecipheriv(SEAL, NativeKey.keyOf(key), nonce).setAAD(aad).setAuthTag(sealed.subarray(end));
      const plaintext = opening.update(sealed.subarray(0, end));
      try {
        opening.final();
      } catch {
        return undefined; // the tag does not fit
      }
      return new Uint8Array(plaintext);
    },
  };
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  head.fill(0); // it may be a key
  return bytes;
}
