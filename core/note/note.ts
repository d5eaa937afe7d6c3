/**
 * Signed notes: a text, an empty line, and one line for each signature.
 *
 *   <text, ends with a newline>\n— <key name> <base64 of key id u32 ‖ signature>\n…
 *
 * The text is parted from the signatures by the last empty line. Source: C2SP signed-note, "Format".
 */
import { assert } from '../assert.ts';
import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { type Parsed, refused } from '../bytes/parsed.ts';
import { readWord, writeWord } from '../bytes/word.ts';
import { isKeyName, isNoteText } from './names.ts';

/** One signature line. Whether it is a signature, only its key can say. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  /** What follows the key id: 64 bytes of type 1, a time and 64 bytes of type 4, anything of a type that is not known here. */
  readonly bytes: Uint8Array;
}

export interface SignedNote {
  /** With its last newline: the signed text. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Most signature lines of a note. Why: C2SP asks for a limit, of 16 or more; a note of 16 nodes and as many witnesses has 48. */
export const SIGNATURES_MAX: number = 100;
/** Longest note, characters. Why: 100 lines of the longest name and a signature, behind a checkpoint, are below. */
export const NOTE_CHARACTERS_MAX: number = 65_536;
/** Begins a signature line: em dash and space. */
const MARK: string = '\u2014 ';
const KEY_ID_BYTES: number = 4;

/** A signature line, with its newline. */
export function encodeSignature({ name, keyId, bytes }: NoteSignature): string {
  assert(isKeyName(name), 'a signature line names a key');
  const blob = new Uint8Array(KEY_ID_BYTES + bytes.length);
  writeWord(keyId, blob, 0);
  blob.set(bytes, KEY_ID_BYTES);
  return `${MARK}${name} ${toBase64(blob)}\n`;
}

/** Reads one signature line without its newline. */
function decodeSignature(line: string): NoteSignature | undefined {
  if (!line.startsWith(MARK)) return undefined;
  const space = line.indexOf(' ', MARK.length);
  if (space < 0) return undefined;
  const name = line.slice(MARK.length, space);
  const blob = fromBase64(line.slice(space + 1));
  if (!isKeyName(name) || blob === undefined || blob.length <= KEY_ID_BYTES) return undefined;
  return { name, keyId: readWord(blob, 0), bytes: blob.subarray(KEY_ID_BYTES) };
}

/** Reads signature lines, each with its newline: the end of a note, or the answer of a witness. */
export function decodeSignatures(text: string): Parsed<readonly NoteSignature[]> {
  if (text.length > NOTE_CHARACTERS_MAX) return refused('the signatures are longer than a note may be');
  if (!text.endsWith('\n')) return refused('the last signature line does not end with a newline');
  const lines = text.slice(0, -1).split('\n');
  if (lines.length > SIGNATURES_MAX) return refused(`more than ${SIGNATURES_MAX} signature lines`);
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = decodeSignature(line);
    if (signature === undefined) return refused('a signature line is not an em dash, a key name and base64');
    signatures.push(signature);
  }
  return { ok: true, value: signatures };
}

/** The whole note. It has at least one signature. */
export function encodeNote({ text, signatures }: SignedNote): string {
  assert(text.endsWith('\n') && isNoteText(text), 'the text of a note is well-formed and ends with a newline');
  assert(signatures.length > 0 && signatures.length <= SIGNATURES_MAX, 'a note is signed, and not too often');
  return `${text}\n${signatures.map(encodeSignature).join('')}`;
}

/** Reads a note. Nothing of it is believed before a signature is checked. */
export function decodeNote(note: string): Parsed<SignedNote> {
  if (note.length > NOTE_CHARACTERS_MAX) return refused(`the note is longer than ${NOTE_CHARACTERS_MAX} characters`);
  if (!isNoteText(note)) return refused('the note holds a control character, or is not well-formed text');
  const gap = note.lastIndexOf('\n\n');
  if (gap < 0) return refused('the note has no empty line before its signatures');
  const signatures = decodeSignatures(note.slice(gap + 2));
  if (!signatures.ok) return signatures;
  return { ok: true, value: { text: note.slice(0, gap + 1), signatures: signatures.value } };
}
