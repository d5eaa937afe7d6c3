/**
 * Ed25519 by the engine's own OpenSSL, for the runtime to inject (C10). What OpenSSL leaves open (keys that are not canonical or
 * of small order) is refused before it is asked: core/note/ed25519.ts says why.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { assert } from '../../core/assert.ts';
import type { SignatureVerifier, Signer } from '../../core/capability.ts';
import { isCanonical } from '../../core/note/ed25519.ts';

/** What stands before the 32 bytes in DER. Source: RFC 8410, sections 4 and 7. */
const SPKI: Uint8Array = Uint8Array.from(Buffer.from('302a300506032b6570032100', 'hex'));
const PKCS8: Uint8Array = Uint8Array.from(Buffer.from('302e020100300506032b657004220420', 'hex'));
const SEED_BYTES = 32;
/** Keys kept ready. Why: to parse one takes about as long as a check, and a cluster has few. */
const KEYS_MAX = 256;
const ready = new Map<string, KeyObject>();

function der(prefix: Uint8Array, bytes: Uint8Array): Buffer {
  return Buffer.concat([prefix, bytes]);
}

function publicKeyOf(bytes: Uint8Array): KeyObject {
  const name = Buffer.from(bytes).toString('latin1');
  const known = ready.get(name);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: der(SPKI, bytes), format: 'der', type: 'spki' });
  if (ready.size === KEYS_MAX) ready.clear();
  ready.set(name, key);
  return key;
}

export const nativeVerifier: SignatureVerifier = {
  name: 'native',
  verify(publicKey, message, signature) {
    if (!isCanonical(publicKey, signature)) return false;
    try {
      return verify(null, message, publicKeyOf(publicKey), signature);
    } catch {
      return false; // the key is no point of the curve
    }
  },
};

/** @param seed 32 bytes; overwritten here, so that the caller keeps no copy by accident. */
export function nativeSigner(seed: Uint8Array): Signer {
  assert(seed.length === SEED_BYTES, 'an Ed25519 secret key has 32 bytes');
  const encoded = der(PKCS8, seed);
  const secret = createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
  encoded.fill(0);
  seed.fill(0);
  const publicDer = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  return {
    publicKey: Uint8Array.from(publicDer.subarray(SPKI.length)),
    sign: (message) => new Uint8Array(sign(null, message, secret)),
  };
}
