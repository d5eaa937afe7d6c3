/** Ed25519 in any JavaScript engine, as a source of keys: for part of the simulator's runs and for tests. */
import type { Entropy, SigningKeys } from '../capability.ts';
import { portableVerifier } from '../note/ed25519.ts';
import { portableSigner, SEED_BYTES } from '../note/portable-signer.ts';

/** @param entropy secrets are drawn from it: one that stands on no tape, or keys that are worth nothing */
export function portableSigningKeys(entropy: Entropy): SigningKeys {
  return {
    name: 'portable',
    verifier: portableVerifier,
    secretBytes: SEED_BYTES,
    drawSecret() {
      const secret = new Uint8Array(SEED_BYTES);
      entropy.fill(secret, 0, SEED_BYTES);
      return secret;
    },
    signer: portableSigner,
  };
}
