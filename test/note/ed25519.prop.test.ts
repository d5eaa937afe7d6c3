/** The native Ed25519 and the portable one are the same function: on what is signed, on what is broken, on what is built to part them. */
import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { concatBytes } from '../../core/bytes/compare.ts';
import { fromHex } from '../../core/bytes/text.ts';
import { portableVerifier } from '../../core/note/ed25519.ts';
import { portableSigner } from '../../core/note/portable-signer.ts';
import { nativeSigner, nativeVerifier } from '../../node/keys/native-ed25519.ts';
import { property } from '../support/property.ts';

const L = 2n ** 252n + 27742317777372353535851937790883648493n;
/** A point of order 8. */
const TORSION = Point.fromBytes(fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05') as Uint8Array, false);

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const messages = fc.uint8Array({ maxLength: 200 });

function agree(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const portable = portableVerifier.verify(publicKey, message, signature);
  expect(nativeVerifier.verify(publicKey, message, signature)).toBe(portable);
  return portable;
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}
function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

property('both signers make the same signature, and both verifiers accept it', seeds, messages, (seed, message) => {
  const portable = portableSigner(seed);
  const native = nativeSigner(seed.slice());
  expect(native.publicKey).toEqual(portable.publicKey);
  expect(native.sign(message)).toEqual(portable.sign(message));
  expect(agree(portable.publicKey, message, portable.sign(message))).toBe(true);
});

property(
  'both verifiers refuse a signature of which a bit of key, message or signature was turned',
  seeds,
  fc.uint8Array({ minLength: 1, maxLength: 100 }),
  fc.nat(),
  (seed, message, at) => {
    const { publicKey, sign } = portableSigner(seed);
    const parts = [publicKey.slice(), message.slice(), sign(message)] as const;
    const part = parts[at % 3] as Uint8Array;
    const bit = Math.floor(at / 3) % (part.length * 8);
    part[bit >> 3] = (part[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(agree(...parts)).toBe(false);
  },
);

property(
  'both verifiers give one answer about keys and signatures that are only bytes',
  seeds,
  messages,
  fc.uint8Array({ minLength: 60, maxLength: 68 }),
  (key, message, signature) => {
    agree(key, message, signature);
  },
);

property(
  'both verifiers give one answer about keys and commitments with a part of small order, where cofactors would matter',
  fc.bigInt({ min: 1n, max: L - 1n }),
  fc.bigInt({ min: 1n, max: L - 1n }),
  fc.nat(7),
  fc.nat(7),
  messages,
  (secret, nonce, keyTorsion, commitmentTorsion, message) => {
    const key = Point.BASE.multiply(secret)
      .add(TORSION.multiply(BigInt(keyTorsion), false))
      .toBytes();
    const commitment = Point.BASE.multiply(nonce)
      .add(TORSION.multiply(BigInt(commitmentTorsion), false))
      .toBytes();
    const k = numberOf(sha512(concatBytes(commitment, key, message))) % L;
    const signature = concatBytes(commitment, littleEndian((nonce + k * secret) % L));
    const isExact = (commitmentTorsion + Number(k % 8n) * keyTorsion) % 8 === 0;
    expect(agree(key, message, signature)).toBe(isExact);
  },
);
