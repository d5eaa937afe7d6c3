/**
 * What is asked of an Ed25519 key and signature before the equation, and the portable verifier.
 *
 * RFC 8032 leaves two things open on which implementations differ, and two verifiers that differ on one signature are a fork
 * that nobody signed. Here they are closed, the same for every implementation:
 *   - S < L, and y < p in the key: one signature has one text. R needs no rule of its own, it is compared as bytes.
 *   - keys of small order are refused: under them one signature fits many messages.
 *   - the equation without the cofactor, [S]B = R + [k]A, as RFC 8032, 5.1.7, allows and OpenSSL does.
 */
import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes } from '../bytes/compare.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type SignatureVerifier } from '../capability.ts';

const HALF: number = 32;
/** Order of the base point. Source: RFC 8032, 5.1. */
const L: bigint = 2n ** 252n + 27742317777372353535851937790883648493n;
/** The field's prime. */
const P: bigint = 2n ** 255n - 19n;
/** y of a point of order 8; P minus it is that of the others. */
const ORDER_8_Y: bigint = 0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** y of the eight points of small order. The sign of x is not looked at: with either they are of small order, or no point. */
const SMALL_ORDER_Y: readonly bigint[] = [0n, 1n, P - 1n, ORDER_8_Y, P - ORDER_8_Y];

/** The number that bytes[start, end) are, little-endian. */
function numberOf(bytes: Uint8Array, start: number, end: number): bigint {
  let value = 0n;
  for (let i = end - 1; i >= start; i -= 1) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}

/** Whether the key can be a key: 32 bytes, y below the prime, not of small order. Whether it is a point, the equation finds. */
export function isPublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return false;
  const y = numberOf(publicKey, 0, PUBLIC_KEY_BYTES) & ((1n << 255n) - 1n);
  return y < P && !SMALL_ORDER_Y.includes(y);
}

/** Whether key and signature are in the one form that is accepted; the equation is still to be checked. */
export function isCanonical(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === SIGNATURE_BYTES && numberOf(signature, HALF, SIGNATURE_BYTES) < L && isPublicKey(publicKey);
}

/** The portable verifier (any JavaScript engine). */
export const portableVerifier: SignatureVerifier = {
  name: 'portable',
  verify(publicKey, message, signature) {
    if (!isCanonical(publicKey, signature)) return false;
    const r = signature.subarray(0, HALF);
    const digest = sha512(concatBytes(r, publicKey, message));
    try {
      const key = Point.fromBytes(publicKey, false);
      const k = numberOf(digest, 0, digest.length) % L;
      const s = numberOf(signature, HALF, SIGNATURE_BYTES);
      const commitment = Point.BASE.multiply(s, false).subtract(key.multiply(k, false));
      return equalBytes(commitment.toBytes(), r);
    } catch {
      return false; // the key is no point of the curve
    }
  },
};
