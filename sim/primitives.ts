/** The cryptography of seeds that draw the real one: in any JavaScript engine unless whoever runs them has something faster. */
import type { Hasher, SignatureVerifier, Signer } from '../core/capability.ts';
import { portableHasher } from '../core/hasher.ts';
import { portableVerifier } from '../core/note/ed25519.ts';
import { portableSigner } from '../core/note/portable-signer.ts';

/** All implementations are byte-equal: they change the speed of a run, and nothing else. */
export interface Primitives {
  readonly sha256: Hasher;
  readonly ed25519: {
    readonly verifier: SignatureVerifier;
    /** @param secret 32 bytes, which are copied */
    signer(secret: Uint8Array): Signer;
  };
}

export const PORTABLE_PRIMITIVES: Primitives = {
  sha256: portableHasher,
  ed25519: { verifier: portableVerifier, signer: portableSigner },
};
