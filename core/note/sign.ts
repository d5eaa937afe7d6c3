/**
 * Signing and checking the text of a note, in the two types that are known here.
 *   type 1: Ed25519 over the text
 *   type 4: u64 time ‖ Ed25519 over "cosignature/v1\ntime <time, decimal>\n" ‖ text       time in seconds since 1970
 * Why one key may do both: no checkpoint begins like a cosignature, its second line being a number.
 * Source: C2SP signed-note, "Ed25519 signatures"; C2SP tlog-cosignature, "Ed25519 signed message".
 */

import { assert, defined } from '../assert.ts';
import { concatBytes } from '../bytes/compare.ts';
import { refused } from '../bytes/parsed.ts';
import { toUtf8 } from '../bytes/text.ts';
import { type U64, u64Of, writeU64 } from '../bytes/u64.ts';
import { readWord } from '../bytes/word.ts';
import { type Hasher, SIGNATURE_BYTES, type SignatureVerifier, type Signer } from '../capability.ts';
import { type NoteKey, noteKey, SignatureType } from './key.ts';
import type { NoteSignature } from './note.ts';

const TIME_BYTES: number = 8;
/** C2SP: a time does not exceed it. */
const TIME_MAX: bigint = 2n ** 63n - 1n;

function bytesOf(text: string): Uint8Array {
  return defined(toUtf8(text), 'a note is well-formed text');
}

function cosignedMessage(timeS: U64, text: string): Uint8Array {
  return bytesOf(`cosignature/v1\ntime ${timeS}\n${text}`);
}

/** The plain line of a key under a text. */
export function signText(hasher: Hasher, signer: Signer, name: string, text: string): NoteSignature {
  const key = noteKey(hasher, { name, type: SignatureType.ed25519, publicKey: signer.publicKey });
  return { name, keyId: key.id, bytes: signer.sign(bytesOf(text)) };
}

/** The cosignature of a key under the text of a checkpoint. @param timeS seconds since 1970, when it is made */
export function cosignText(hasher: Hasher, signer: Signer, name: string, text: string, timeS: number): NoteSignature {
  assert(Number.isSafeInteger(timeS) && timeS >= 0, 'a cosignature is made at a time since 1970');
  const key = noteKey(hasher, { name, type: SignatureType.cosignature, publicKey: signer.publicKey });
  const time = new Uint8Array(TIME_BYTES);
  writeU64(timeS, time, 0);
  return { name, keyId: key.id, bytes: concatBytes(time, signer.sign(cosignedMessage(timeS, text))) };
}

/** timeS: seconds since 1970 of a cosignature, undefined of a plain line. */
export type SignatureCheck =
  | { readonly ok: true; readonly timeS: U64 | undefined }
  | { readonly ok: false; readonly reason: string };

/** Whether a line claims to be of this key. A line that does and fails makes the note worthless. */
export function isOfKey(key: NoteKey, signature: NoteSignature): boolean {
  return signature.name === key.name && signature.keyId === key.id;
}

/** Checks the line of a key under a text. Never throws. @param text of a decoded note */
export function checkSignature(
  verifier: SignatureVerifier,
  key: NoteKey,
  text: string,
  signature: NoteSignature,
): SignatureCheck {
  if (!isOfKey(key, signature)) return refused('the signature is of another key');
  const { bytes } = signature;
  const isTimed = key.type === SignatureType.cosignature;
  if (bytes.length !== SIGNATURE_BYTES + (isTimed ? TIME_BYTES : 0)) {
    return refused(`the signature of ${key.name} has not the length of its type`);
  }
  const timeS = isTimed ? u64Of(readWord(bytes, 0), readWord(bytes, 4)) : undefined;
  if (timeS !== undefined && timeS > TIME_MAX) return refused(`the cosignature of ${key.name} has no time`);
  const message = timeS === undefined ? bytesOf(text) : cosignedMessage(timeS, text);
  const holds = verifier.verify(key.publicKey, message, isTimed ? bytes.subarray(TIME_BYTES) : bytes);
  return holds ? { ok: true, timeS } : refused(`the signature of ${key.name} does not hold`);
}
