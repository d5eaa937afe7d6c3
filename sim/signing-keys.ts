/**
 * The simulator's stand-in for Ed25519: a keyed hash. It keeps what the cluster relies on: a signature holds under one key and one
 * message only, and nobody makes one without the secret; for a verifier of the same run knows every secret that the run has drawn.
 * What it does not keep is that a stranger could check it, which no one in the simulation is. Why at all: a real check takes a
 * millisecond and more in JavaScript, which is thousands of simulated events. A share of the runs signs with Ed25519 nevertheless
 * (knob `signing`).
 */
import { concatBytes, equalBytes } from '../core/bytes/compare.ts';
import { toHex } from '../core/bytes/text.ts';
import { type Entropy, PUBLIC_KEY_BYTES, type SigningKeys } from '../core/capability.ts';
import { hashOf } from '../core/hasher.ts';
import { SEED_BYTES } from '../core/note/portable-signer.ts';
import { fastHasher } from './hasher.ts';
import type { Primitives } from './primitives.ts';

/** Real ones, with secrets that the seed draws. @param entropy secrets are drawn from it */
export function ed25519SigningKeys({ verifier, signer }: Primitives['ed25519'], entropy: Entropy): SigningKeys {
  return { name: 'ed25519', verifier, secretBytes: SEED_BYTES, drawSecret: () => secretFrom(entropy, SEED_BYTES), signer };
}

/** @param entropy secrets are drawn from it */
export function simulatedSigningKeys(entropy: Entropy): SigningKeys {
  const secrets = new Map<string, Uint8Array>();
  return {
    name: 'simulated',
    secretBytes: PUBLIC_KEY_BYTES,
    drawSecret: () => secretFrom(entropy, PUBLIC_KEY_BYTES),
    signer(given) {
      const secret = given.slice();
      const publicKey = keyed(0, secret, secret);
      secrets.set(toHex(publicKey), secret);
      return { publicKey, sign: (message) => signatureOf(secret, message) };
    },
    verifier: {
      name: 'simulated',
      verify(publicKey, message, signature) {
        const secret = secrets.get(toHex(publicKey));
        return secret !== undefined && equalBytes(signatureOf(secret, message), signature);
      },
    },
  };
}

function secretFrom(entropy: Entropy, bytes: number): Uint8Array {
  const secret = new Uint8Array(bytes);
  entropy.fill(secret, 0, bytes);
  return secret;
}

/** As long as a signature of Ed25519. */
function signatureOf(secret: Uint8Array, message: Uint8Array): Uint8Array {
  return concatBytes(keyed(1, secret, message), keyed(2, secret, message));
}

function keyed(label: number, secret: Uint8Array, message: Uint8Array): Uint8Array {
  return hashOf(fastHasher, concatBytes(Uint8Array.of(label), secret, message));
}
