/**
 * ULIDs: 48 bits of milliseconds and 80 further bits, as 26 characters of Crockford base 32. Only the canonical text is
 * accepted (upper case, no I L O U, first character at most 7), so one id has one text.
 * Source: https://github.com/ulid/spec
 */
import { assert } from '../assert.ts';

/** Bytes and characters of a ULID. */
export const ULID_BYTES: number = 16;
export const ULID_CHARACTERS: number = 26;
const ALPHABET: string = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_MS_MAX: number = 2 ** 48 - 1;

/** Character code of each 5-bit symbol, and back: 255 where a character is none. */
const CODES: Uint8Array = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));
const SYMBOLS: Uint8Array = new Uint8Array(128).fill(255);
for (let symbol = 0; symbol < 32; symbol += 1) SYMBOLS[CODES[symbol] as number] = symbol;

/** Code of character i. 130 bits of text over 128 bits of id: two zero bits stand in front. */
function codeAt(bytes: Uint8Array, i: number): number {
  const bit = i * 5 - 2;
  const at = bit >> 3;
  const pair = ((at < 0 ? 0 : (bytes[at] as number)) << 8) | (at === ULID_BYTES - 1 ? 0 : (bytes[at + 1] as number));
  return CODES[(pair >> (11 - (bit & 7))) & 31] as number;
}

/** Characters i to i + 7. Why eight a call: a text built one by one is a tree that has to be flattened. */
function eightAt(bytes: Uint8Array, i: number): string {
  return String.fromCharCode(
    codeAt(bytes, i),
    codeAt(bytes, i + 1),
    codeAt(bytes, i + 2),
    codeAt(bytes, i + 3),
    codeAt(bytes, i + 4),
    codeAt(bytes, i + 5),
    codeAt(bytes, i + 6),
    codeAt(bytes, i + 7),
  );
}

/** The 26 characters of 16 bytes. */
export function encodeUlid(bytes: Uint8Array): string {
  assert(bytes.length === ULID_BYTES, 'a ULID has 16 bytes');
  const last = String.fromCharCode(codeAt(bytes, 24), codeAt(bytes, 25));
  return eightAt(bytes, 0) + eightAt(bytes, 8) + eightAt(bytes, 16) + last;
}

/** The 16 bytes of canonical text, or undefined for anything else. */
export function decodeUlid(text: string): Uint8Array | undefined {
  if (text.length !== ULID_CHARACTERS || text.charCodeAt(0) > 0x37) return undefined;
  const bytes = new Uint8Array(ULID_BYTES);
  let pending = 0;
  let bits = -2;
  let at = 0;
  for (let i = 0; i < ULID_CHARACTERS; i += 1) {
    const code = text.charCodeAt(i);
    const symbol = code < 128 ? (SYMBOLS[code] as number) : 255;
    if (symbol === 255) return undefined;
    pending = ((pending << 5) | symbol) & 0x1fff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = pending >> bits;
      at += 1;
    }
  }
  return bytes;
}

/**
 * The ULID of a moment and 80 bits.
 * @param timeMs milliseconds since 1970, below 2^48. @param bits 10 bytes (more are ignored).
 */
export function ulidFrom(timeMs: number, bits: Uint8Array): string {
  assert(Number.isSafeInteger(timeMs) && timeMs >= 0 && timeMs <= TIME_MS_MAX, 'a ULID time has 48 bits');
  assert(bits.length >= 10, 'a ULID takes 80 bits besides the time');
  const bytes = new Uint8Array(ULID_BYTES);
  let rest = timeMs;
  for (let i = 5; i >= 0; i -= 1) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes.set(bits.subarray(0, 10), 6);
  return encodeUlid(bytes);
}
