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

/** The 26 characters of 16 bytes. */
export function encodeUlid(bytes: Uint8Array): string {
  assert(bytes.length === ULID_BYTES, 'a ULID has 16 bytes');
  let text = '';
  for (let i = 0; i < ULID_CHARACTERS; i += 1) {
    // 130 bits of text over 128 bits of id: two zero bits stand in front.
    const bit = i * 5 - 2;
    const at = Math.floor(bit / 8);
    const pair = ((at < 0 ? 0 : (bytes[at] as number)) << 8) | (bytes[at + 1] ?? 0);
    text += ALPHABET[(pair >> (11 - (bit - at * 8))) & 31] as string;
  }
  return text;
}

/** The 16 bytes of canonical text, or undefined for anything else. */
export function decodeUlid(text: string): Uint8Array | undefined {
  if (text.length !== ULID_CHARACTERS || text.charCodeAt(0) > 0x37) return undefined;
  const bytes = new Uint8Array(ULID_BYTES);
  let pending = 0;
  let bits = -2;
  let at = 0;
  for (let i = 0; i < ULID_CHARACTERS; i += 1) {
    const value = ALPHABET.indexOf(text[i] as string);
    if (value < 0) return undefined;
    pending = ((pending << 5) | value) & 0x1fff;
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
