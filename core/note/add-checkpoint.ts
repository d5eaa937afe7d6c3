/**
 * The body of a request to a witness: what it should have signed last, why the new checkpoint extends that, and the new checkpoint.
 *
 *   old <size>
 *   <hash, base64>                    zero to 63: an RFC 6962 consistency proof
 *                                     an empty line
 *   <checkpoint note>
 *
 * Source: C2SP tlog-witness, "add-checkpoint".
 */
import { assert } from '../assert.ts';
import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { type Parsed, parseDecimal, refused } from '../bytes/parsed.ts';
import { HASH_BYTES } from '../merkle/hashes.ts';
import { decodeNote, encodeNote, NOTE_CHARACTERS_MAX, type SignedNote } from './note.ts';

export interface AddCheckpoint {
  /** Size of the checkpoint that the witness signed last; 0: none. */
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  readonly note: SignedNote;
}

/** Most lines of a proof. Source: C2SP tlog-witness. */
const PROOF_LINES_MAX: number = 63;
const OLD: string = 'old ';
/** Longest body, characters: the proof, and the longest note. */
export const ADD_CHECKPOINT_CHARACTERS_MAX: number = NOTE_CHARACTERS_MAX + 4096;

export function encodeAddCheckpoint({ oldSize, proof, note }: AddCheckpoint): string {
  assert(proof.length <= PROOF_LINES_MAX, 'a consistency proof has 63 lines at most');
  return [OLD + oldSize, ...proof.map(toBase64), '', encodeNote(note)].join('\n');
}

export function decodeAddCheckpoint(body: string): Parsed<AddCheckpoint> {
  if (body.length > ADD_CHECKPOINT_CHARACTERS_MAX)
    return refused(`the body is longer than ${ADD_CHECKPOINT_CHARACTERS_MAX} characters`);
  const gap = body.indexOf('\n\n');
  if (gap < 0) return refused('the body has no empty line before the checkpoint');
  const [oldLine, ...lines] = body.slice(0, gap).split('\n');
  const oldSize = oldLine?.startsWith(OLD) ? parseDecimal(oldLine.slice(OLD.length)) : undefined;
  if (oldSize === undefined) return refused('the first line is not "old" and a decimal number');
  if (lines.length > PROOF_LINES_MAX) return refused(`the proof has more than ${PROOF_LINES_MAX} lines`);
  const proof: Uint8Array[] = [];
  for (const line of lines) {
    const hash = fromBase64(line);
    if (hash?.length !== HASH_BYTES) return refused('a line of the proof is not 32 bytes of base64');
    proof.push(hash);
  }
  const note = decodeNote(body.slice(gap + 2));
  return note.ok ? { ok: true, value: { oldSize, proof, note: note.value } } : note;
}
