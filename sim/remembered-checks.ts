/**
 * Signing keys that check each signature once per run. One that nodes gave each other is looked at by the node that gathers it, by
 * the oracles as it leaves and again in every note that carries it, and a check in JavaScript takes a millisecond and more.
 */
import { concatBytes } from '../core/bytes/compare.ts';
import { toHex } from '../core/bytes/text.ts';
import type { SigningKeys } from '../core/capability.ts';

/** The same keys. A check depends on nothing but what it is given, so nobody can tell the difference. */
export function rememberingChecks(keys: SigningKeys): SigningKeys {
  const known = new Map<string, boolean>();
  const { verifier } = keys;
  return {
    name: keys.name,
    secretBytes: keys.secretBytes,
    drawSecret: () => keys.drawSecret(),
    signer: (secret) => keys.signer(secret),
    verifier: {
      name: verifier.name,
      verify(publicKey, message, signature) {
        const parts = [publicKey.length, message.length, toHex(concatBytes(publicKey, message, signature))];
        const question = parts.join(' ');
        const before = known.get(question);
        if (before !== undefined) return before;
        const holds = verifier.verify(publicKey, message, signature);
        known.set(question, holds);
        return holds;
      },
    },
  };
}
