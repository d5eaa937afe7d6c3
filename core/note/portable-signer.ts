/** The portable signer (any JavaScript engine): the simulator's, and what the native one is held equal to. */
import { getPublicKey, hashes, sign } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { assert } from '../assert.ts';
import type { Signer } from '../capability.ts';

hashes.sha512 = sha512; // the library takes its hash from the caller

/** Bytes of an Ed25519 secret key. */
export const SEED_BYTES: number = 32;

/** @param seed 32 bytes, copied. Whoever has them can sign. Source: RFC 8032, 5.1.5 */
export function portableSigner(seed: Uint8Array): Signer {
  assert(seed.length === SEED_BYTES, 'an Ed25519 secret key has 32 bytes');
  const secret = seed.slice();
  return { publicKey: getPublicKey(secret), sign: (message) => sign(message, secret) };
}
