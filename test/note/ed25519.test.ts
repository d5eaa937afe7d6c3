/** Ed25519 in the strict form that C2SP and RFC 8032 want: the RFC's vectors, and what must be refused. */
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../core/bytes/text.ts';
import { isPublicKey, portableVerifier } from '../../core/note/ed25519.ts';
import { portableSigner } from '../../core/note/portable-signer.ts';
import { nativeSigner, nativeVerifier } from '../../node/keys/native-ed25519.ts';
import { RFC_8032 } from './rfc8032.ts';

const bytes = (hex: string): Uint8Array => fromHex(hex) as Uint8Array;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P = 2n ** 255n - 19n;

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

/** The 14 encodings of the eight points of small order that decoders are known to take. Canonical or not, none is a key. */
const SMALL_ORDER: readonly Uint8Array[] = [
  ...[0n, 1n, P - 1n, P, P + 1n, 2n ** 255n - 1n].map(littleEndian),
  bytes('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
  bytes('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'),
].flatMap((encoding) => {
  const negated = encoding.slice();
  negated[31] = (negated[31] as number) | 0x80;
  return [encoding, negated];
});

describe.each([
  { name: 'portable', verifier: portableVerifier, signer: portableSigner },
  { name: 'native', verifier: nativeVerifier, signer: (seed: Uint8Array) => nativeSigner(seed.slice()) },
])('$name Ed25519', ({ verifier, signer }) => {
  test.each(RFC_8032)('makes and accepts the signature of RFC 8032 under $publicKey', (vector) => {
    const { publicKey, sign } = signer(bytes(vector.seed));
    expect(toHex(publicKey)).toBe(vector.publicKey);
    expect(toHex(sign(bytes(vector.message)))).toBe(vector.signature);
    expect(verifier.verify(publicKey, bytes(vector.message), bytes(vector.signature))).toBe(true);
  });

  test.each(RFC_8032)('refuses a non-canonical S: the same signature with L added ($publicKey)', (vector) => {
    const signature = bytes(vector.signature);
    let s = 0n;
    for (let i = 63; i >= 32; i -= 1) s = (s << 8n) | BigInt(signature[i] as number);
    signature.set(littleEndian(s + L), 32);
    expect(verifier.verify(bytes(vector.publicKey), bytes(vector.message), signature)).toBe(false);
  });

  test('refuses keys of small order, with which S = 0 and R = key or identity fit many messages', () => {
    const identity = littleEndian(1n);
    for (const key of SMALL_ORDER) {
      expect(isPublicKey(key)).toBe(false);
      for (const r of [identity, ...SMALL_ORDER]) {
        for (let i = 0; i < 8; i += 1) {
          const signature = new Uint8Array(64);
          signature.set(r);
          expect(verifier.verify(key, Uint8Array.of(i), signature)).toBe(false);
        }
      }
    }
  });

  test('refuses keys and signatures of another length, and keys that are no point', () => {
    const { publicKey, message, signature } = RFC_8032[1] as (typeof RFC_8032)[number];
    const [key, text, good] = [bytes(publicKey), bytes(message), bytes(signature)];
    expect(verifier.verify(key.subarray(1), text, good)).toBe(false);
    expect(verifier.verify(key, text, good.subarray(1))).toBe(false);
    expect(verifier.verify(key, text, new Uint8Array([...good, 0]))).toBe(false);
    expect(verifier.verify(new Uint8Array(0), text, good)).toBe(false);
    expect(verifier.verify(littleEndian(2n), text, good)).toBe(false); // y = 2 is on no point
  });
});
