/**
 * Keys of notes, and their text form `<name>+<key id, 8 hex digits>+<base64 of type ‖ public key>`.
 * A key is what a reader has pinned: the pair of name and id only finds it, and a collision of ids is a signature that fails.
 * Source: C2SP signed-note, "Signatures" and "Verifier keys"; C2SP tlog-cosignature, "Format".
 */
import { assert, defined } from '../assert.ts';
import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { concatBytes } from '../bytes/compare.ts';
import { type Parsed, refused } from '../bytes/parsed.ts';
import { toHex, toUtf8 } from '../bytes/text.ts';
import { readWord, writeWord } from '../bytes/word.ts';
import { type Hasher, PUBLIC_KEY_BYTES } from '../capability.ts';
import { hashOf } from '../hasher.ts';
import { isPublicKey } from './ed25519.ts';
import { isKeyName } from './names.ts';

/** Signature types that C2SP assigns. In key ids: do not renumber. */
export const SignatureType = {
  /** Ed25519 over the text of the note. */
  ed25519: 1,
  /** cosignature/v1: Ed25519 over a time and the text of a checkpoint. */
  cosignature: 4,
} as const;
export type SignatureType = (typeof SignatureType)[keyof typeof SignatureType];

export interface NoteKey {
  readonly name: string;
  readonly type: SignatureType;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The first four bytes of SHA-256(name ‖ newline ‖ type ‖ public key), as a number. */
  readonly id: number;
}

const NEWLINE: number = 10;
/** Digits of an id. */
const ID_DIGITS: number = 8;

/** The key of that name, type and public key. @param parts.name see isKeyName; checked where it comes from outside */
export function noteKey(
  hasher: Hasher,
  parts: { readonly name: string; readonly type: SignatureType; readonly publicKey: Uint8Array },
): NoteKey {
  assert(isKeyName(parts.name), 'a key has a name without spaces and plus signs');
  assert(parts.publicKey.length === PUBLIC_KEY_BYTES, 'a public key has 32 bytes');
  const name = defined(toUtf8(parts.name), 'a key name is well-formed');
  const digest = hashOf(hasher, concatBytes(name, Uint8Array.of(NEWLINE, parts.type), parts.publicKey));
  return { ...parts, id: readWord(digest, 0) };
}

/** The id as it stands in texts. */
function idText(id: number): string {
  const bytes = new Uint8Array(4);
  writeWord(id, bytes, 0);
  return toHex(bytes);
}

/** The text form. */
export function encodeVkey(key: NoteKey): string {
  return `${key.name}+${idText(key.id)}+${toBase64(concatBytes(Uint8Array.of(key.type), key.publicKey))}`;
}

/** Reads the text form; the id must be the one that follows from the rest. */
export function decodeVkey(hasher: Hasher, text: string): Parsed<NoteKey> {
  const first = text.indexOf('+');
  const second = text.indexOf('+', first + 1);
  if (first < 0 || second < 0) return refused('a key is written NAME+ID+BASE64');
  const name = text.slice(0, first);
  if (!isKeyName(name)) return refused('the name of the key is empty, too long, or holds a space or a control character');
  const material = fromBase64(text.slice(second + 1));
  if (material === undefined || material.length !== 1 + PUBLIC_KEY_BYTES) {
    return refused('the key is not 33 bytes of base64: a type and an Ed25519 public key');
  }
  const type = material[0];
  if (type !== SignatureType.ed25519 && type !== SignatureType.cosignature) {
    return refused('the type of the key is neither 1 (Ed25519) nor 4 (cosignature/v1)');
  }
  const publicKey = material.slice(1);
  if (!isPublicKey(publicKey)) return refused('the public key is none: not canonical, or of small order');
  const key = noteKey(hasher, { name, type, publicKey });
  if (second - first - 1 !== ID_DIGITS || text.slice(first + 1, second) !== idText(key.id)) {
    return refused('the id of the key is not the one that follows from its name, type and public key');
  }
  return { ok: true, value: key };
}
