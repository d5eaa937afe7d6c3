/** One suite for every cipher: what callers rely on. The native one also against published vectors. */
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../core/bytes/text.ts';
import { type Cipher, WRAPPED_KEY_BYTES } from '../../../core/capability.ts';
import { nativeCipher } from '../../../node/keys/native-cipher.ts';
import { simulated } from '../../seal/support.ts';

const text = (value: string): Uint8Array => Uint8Array.from(value, (character) => character.charCodeAt(0));
const NONCE = new Uint8Array(12);
const masterOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

describe.each<[string, () => Cipher, () => Cipher]>([
  ['native', () => nativeCipher(masterOf(1)), () => nativeCipher(masterOf(2))],
  ['simulated', () => simulated(1, 1), () => simulated(2, 2)],
])('%s', (_, make, makeOther) => {
  test('what was sealed opens under the same key, nonce and additional data, and no others', () => {
    const cipher = make();
    const key = cipher.drawKey();
    const sealed = cipher.seal(key, NONCE, text('here'), text('secret'));
    expect(sealed).toHaveLength(6 + 16);
    expect(cipher.open(key, NONCE, text('here'), sealed)).toEqual(text('secret'));
    expect(cipher.open(key, NONCE, text('there'), sealed)).toBeUndefined();
    expect(
      cipher.open(
        key,
        NONCE.map(() => 1),
        text('here'),
        sealed,
      ),
    ).toBeUndefined();
    expect(cipher.open(cipher.drawKey(), NONCE, text('here'), sealed)).toBeUndefined();
    for (let length = 0; length < sealed.length; length += 1) {
      expect(cipher.open(key, NONCE, text('here'), sealed.slice(0, length))).toBeUndefined();
    }
    expect(cipher.open(key, NONCE, text(''), cipher.seal(cipher.drawKey(), NONCE, text(''), text('')))).toBeUndefined();
  });

  test('a wrapped key is the same key to who has the master key, and nothing to who has another', () => {
    const cipher = make();
    const key = cipher.drawKey();
    const sealed = cipher.seal(key, NONCE, text(''), text('secret'));
    const wrapped = cipher.wrap(key);
    expect(wrapped).toHaveLength(WRAPPED_KEY_BYTES);
    const again = cipher.unwrap(wrapped);
    expect(again && cipher.open(again, NONCE, text(''), sealed)).toEqual(text('secret'));
    expect(makeOther().unwrap(wrapped)).toBeUndefined();
    for (const at of [0, 20, 39]) expect(cipher.unwrap(wrapped.map((byte, i) => (i === at ? byte ^ 1 : byte)))).toBeUndefined();
    expect(cipher.unwrap(wrapped.slice(1))).toBeUndefined();
    expect(toHex(cipher.masterKeyId)).toHaveLength(16);
    expect(cipher.masterKeyId).not.toEqual(makeOther().masterKeyId);
    expect(cipher.masterKeyId).toEqual(make().masterKeyId);
  });

  test('derived keys follow from key, salt and purpose, and differ where one of them does', () => {
    const cipher = make();
    const key = cipher.drawKey();
    const sealed = cipher.seal(cipher.derive(key, text('salt'), text('wal')), NONCE, text(''), text('secret'));
    const openWith = (salt: string, info: string): unknown =>
      cipher.open(cipher.derive(key, text(salt), text(info)), NONCE, text(''), sealed);
    expect(openWith('salt', 'wal')).toEqual(text('secret'));
    expect(openWith('tlas', 'wal')).toBeUndefined();
    expect(openWith('salt', 'page')).toBeUndefined();
  });

  test('a key shows its bytes to nobody', () => {
    if (make().name === 'simulated') return; // it keeps no secret, and says so
    const key = make().drawKey();
    expect(JSON.stringify(key)).toBe('{}');
    expect(Object.keys(key)).toEqual([]);
  });
});

test('the simulated cipher stops at a nonce that comes twice', () => {
  const cipher = simulated();
  const key = cipher.drawKey();
  cipher.seal(key, NONCE, text(''), text('a'));
  expect(() => cipher.seal(key, NONCE, text(''), text('b'))).toThrow(/nonce/);
});

test('key wrap of a 256-bit key is that of RFC 3394, 4.6', () => {
  const cipher = nativeCipher(fromHex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f') as Uint8Array);
  const wrapped = fromHex('28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21') as Uint8Array;
  const key = cipher.unwrap(wrapped);
  expect(key).toBeDefined();
  expect(key && cipher.wrap(key)).toEqual(wrapped);
  // The key inside is 00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f: AES-256-GCM of nothing under it.
  const other = nativeCipher(new Uint8Array(32));
  expect(other.unwrap(wrapped)).toBeUndefined();
});
