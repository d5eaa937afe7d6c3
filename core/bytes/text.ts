/**
 * UTF-8 and hex without TextEncoder: core has no ambient types, and strictness is part of the format.
 * Source: Unicode 15, table 3-7 (well-formed UTF-8).
 */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
/** Character codes of the two digits of a byte. */
const HIGH_DIGIT: Uint8Array = Uint8Array.from(HEX, (digits) => digits.charCodeAt(0));
const LOW_DIGIT: Uint8Array = Uint8Array.from(HEX, (digits) => digits.charCodeAt(1));

/** Hex of eight bytes. Why eight at once: a text built digit by digit is a tree that has to be flattened; half the time. */
function hexOfEight(bytes: Uint8Array, at: number): string {
  const [a, b, c, d] = [bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number, bytes[at + 3] as number];
  const [e, f, g, h] = [bytes[at + 4] as number, bytes[at + 5] as number, bytes[at + 6] as number, bytes[at + 7] as number];
  return String.fromCharCode(
    HIGH_DIGIT[a] as number,
    LOW_DIGIT[a] as number,
    HIGH_DIGIT[b] as number,
    LOW_DIGIT[b] as number,
    HIGH_DIGIT[c] as number,
    LOW_DIGIT[c] as number,
    HIGH_DIGIT[d] as number,
    LOW_DIGIT[d] as number,
    HIGH_DIGIT[e] as number,
    LOW_DIGIT[e] as number,
    HIGH_DIGIT[f] as number,
    LOW_DIGIT[f] as number,
    HIGH_DIGIT[g] as number,
    LOW_DIGIT[g] as number,
    HIGH_DIGIT[h] as number,
    LOW_DIGIT[h] as number,
  );
}

/** Lower-case hex of bytes[start, end). */
export function toHex(bytes: Uint8Array, start: number = 0, end: number = bytes.length): string {
  let text = '';
  let i = start;
  for (; i + 8 <= end; i += 8) text += hexOfEight(bytes, i);
  for (; i < end; i += 1) text += HEX[bytes[i] as number];
  return text;
}

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  return -1;
}

/** Bytes of lower-case hex, or undefined where it is not that (odd length, upper case, other characters). */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    const high = nibble(text.charCodeAt(2 * i));
    const low = nibble(text.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[i] = high * 16 + low;
  }
  return bytes;
}

/** Length in bytes of the text's UTF-8, or -1 if it holds a lone surrogate. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit >= 0xd800 && unit <= 0xdfff) {
      const next = unit <= 0xdbff && i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
      if (next < 0xdc00 || next > 0xdfff) return -1;
      length += 4;
      i += 1;
    } else length += 3;
  }
  return length;
}

/** Writes UTF-8 at out[offset…]; returns the offset behind it. The text holds no lone surrogate (utf8Length >= 0). */
export function writeUtf8(text: string, out: Uint8Array, offset: number): number {
  let at = offset;
  for (let i = 0; i < text.length; i += 1) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      out[at++] = code;
      continue;
    }
    if (code >= 0xd800 && code <= 0xdbff) {
      i += 1;
      code = 0x10000 + ((code - 0xd800) << 10) + (text.charCodeAt(i) - 0xdc00);
    }
    if (code < 0x800) {
      out[at++] = 0xc0 | (code >> 6);
    } else {
      if (code < 0x10000) {
        out[at++] = 0xe0 | (code >> 12);
      } else {
        out[at++] = 0xf0 | (code >> 18);
        out[at++] = 0x80 | ((code >> 12) & 0x3f);
      }
      out[at++] = 0x80 | ((code >> 6) & 0x3f);
    }
    out[at++] = 0x80 | (code & 0x3f);
  }
  return at;
}

/** Writes a text of ASCII characters at out[offset…]. @returns false where it holds another; what was written is then worthless. */
export function writeAscii(text: string, out: Uint8Array, offset: number): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return false;
    out[offset + i] = code;
  }
  return true;
}

/** UTF-8 bytes of a text without lone surrogates; undefined otherwise. */
export function toUtf8(text: string): Uint8Array | undefined {
  const length = utf8Length(text);
  if (length < 0) return undefined;
  const bytes = new Uint8Array(length);
  writeUtf8(text, bytes, 0);
  return bytes;
}

function isAsciiEight(bytes: Uint8Array, at: number): boolean {
  const low = (bytes[at] as number) | (bytes[at + 1] as number) | (bytes[at + 2] as number) | (bytes[at + 3] as number);
  const high = (bytes[at + 4] as number) | (bytes[at + 5] as number) | (bytes[at + 6] as number) | (bytes[at + 7] as number);
  return (low | high) < 0x80;
}

function textOfEight(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(
    bytes[at] as number,
    bytes[at + 1] as number,
    bytes[at + 2] as number,
    bytes[at + 3] as number,
    bytes[at + 4] as number,
    bytes[at + 5] as number,
    bytes[at + 6] as number,
    bytes[at + 7] as number,
  );
}

/** Text of well-formed UTF-8 in bytes[start, end); undefined for anything else (overlong, surrogates, > U+10FFFF). */
export function fromUtf8(bytes: Uint8Array, start: number = 0, end: number = bytes.length): string | undefined {
  let text = '';
  let i = start;
  while (i < end) {
    // Names are ASCII nearly always: eight characters a call take 57 ns for twenty of them, one a call 138.
    while (i + 8 <= end && isAsciiEight(bytes, i)) {
      text += textOfEight(bytes, i);
      i += 8;
    }
    if (i === end) break;
    const first = bytes[i] as number;
    if (first < 0x80) {
      text += String.fromCharCode(first);
      i += 1;
      continue;
    }
    const extra =
      first >= 0xc2 && first <= 0xdf ? 1 : first >= 0xe0 && first <= 0xef ? 2 : first >= 0xf0 && first <= 0xf4 ? 3 : 0;
    if (extra === 0 || i + extra >= end) return undefined;
    let code = first & (0x3f >> extra);
    for (let k = 1; k <= extra; k += 1) {
      const next = bytes[i + k] as number;
      if ((next & 0xc0) !== 0x80) return undefined;
      code = (code << 6) | (next & 0x3f);
    }
    const overlong = (extra === 2 && code < 0x800) || (extra === 3 && code < 0x10000);
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    text += String.fromCodePoint(code);
    i += extra + 1;
  }
  return text;
}
