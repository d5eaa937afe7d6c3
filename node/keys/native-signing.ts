/** Keys for signed checkpoints, from the engine's OpenSSL and the operating system's randomness (C10). */
import { randomFillSync } from 'node:crypto';
import type { SigningKeys } from '../../core/capability.ts';
import { SEED_BYTES } from '../../core/note/portable-signer.ts';
import { nativeSigner, nativeVerifier } from './native-ed25519.ts';

export const nativeSigningKeys: SigningKeys = {
  name: 'native',
  verifier: nativeVerifier,
  secretBytes: SEED_BYTES,
  drawSecret: () => randomFillSync(new Uint8Array(SEED_BYTES)),
  signer: (secret) => nativeSigner(secret.slice()), // which overwrites what it is given
};
