/**
 * Base64, strict: the standard alphabet, padding required, unused bits zero. One byte string has one text, so a changed
 * character is a changed byte or a refusal. Why our own: core has no Buffer and no atob, and both of those are lenient.
 * Source: RFC 4648, sections 3.5 and 4.
 */
const ALPHABET: string = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PAD: number = 61;

/** Value of each ASCII character, 255 where it is not in the alphabet. */
const VALUES: Uint8Array = new Uint8Array(128).fill(255);
for (let i = 0; i < 64; i += 1) VALUES[ALPHABET.charCodeAt(i)] = i;

/** Base64 text of the bytes, padded. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  const whole = bytes.length - (bytes.length % 3);
  for (let i = 0; i < whole; i += 3) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    text +=
      (ALPHABET[group >> 18] as string) +
      (ALPHABET[(group >> 12) & 63] as string) +
      (ALPHABET[(group >> 6) & 63] as string) +
      (ALPHABET[group & 63] as string);
  }
  const rest = bytes.length - whole;
  if (rest === 1) {
    const group = bytes[whole] as number;
    text += `${ALPHABET[group >> 2] as string}${ALPHABET[(group & 3) << 4] as string}==`;
  } else if (rest === 2) {
    const group = ((bytes[whole] as number) << 8) | (bytes[whole + 1] as number);
    text += `${ALPHABET[group >> 10] as string}${ALPHABET[(group >> 4) & 63] as string}${ALPHABET[(group & 15) << 2] as string}=`;
  }
  return text;
}

/** Bytes of canonical base64, or undefined for anything else (other characters, missing padding, stray bits). */
export function fromBase64(text: string): Uint8Array | undefined {
  const length = text.length;
  if (length % 4 !== 0) return undefined;
  if (length === 0) return new Uint8Array(0);
  const padding = text.charCodeAt(length - 1) !== PAD ? 0 : text.charCodeAt(length - 2) !== PAD ? 1 : 2;
  const out = new Uint8Array((length / 4) * 3 - padding);
  const characters = length - padding;
  let bits = 0;
  let pending = 0;
  let at = 0;
  for (let i = 0; i < characters; i += 1) {
    const code = text.charCodeAt(i);
    const value = code < 128 ? (VALUES[code] as number) : 255;
    if (value === 255) return undefined;
    pending = (pending << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at] = pending >> bits;
      at += 1;
      pending &= (1 << bits) - 1;
    }
  }
  return pending === 0 ? out : undefined;
}
