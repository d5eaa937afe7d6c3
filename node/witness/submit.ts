/**
 * Asks outside witnesses to sign a checkpoint, and adds the lines that hold to its note. A witness that has another last size says
 * so (409), and is asked again with the proof from there. Source: C2SP tlog-witness, "add-checkpoint".
 */

import { parseDecimal } from '../../core/bytes/parsed.ts';
import { fromUtf8 } from '../../core/bytes/text.ts';
import { encodeAddCheckpoint } from '../../core/note/add-checkpoint.ts';
import { decodeCheckpoint } from '../../core/note/checkpoint.ts';
import { decodeSignatures, NOTE_CHARACTERS_MAX, type NoteSignature, type SignedNote } from '../../core/note/note.ts';
import type { Witness } from '../../core/note/policy.ts';
import { checkSignature, isOfKey } from '../../core/note/sign.ts';
import { nativeVerifier } from '../keys/native-ed25519.ts';

export interface Submission {
  readonly note: SignedNote;
  /** Consistency proof of the vault's log from an older size to that of the note; undefined where it cannot be had. */
  readonly prove: (olderSize: number) => readonly Uint8Array[] | undefined | Promise<readonly Uint8Array[] | undefined>;
  /** Size that each witness signed last of this log, by its name in the policy, as far as it is known. What is learnt is put there. */
  readonly lastSizes: Map<string, number>;
  /** For one request. 10 s unless given. */
  readonly timeoutMs?: number;
}

export type WitnessOutcome =
  | { readonly ok: true; readonly signatures: readonly NoteSignature[] }
  | { readonly ok: false; readonly reason: string };

/** How often one witness is asked. Why three: a first guess, the size that it names, and one more where somebody else was faster. */
const ATTEMPTS = 3;
const TIMEOUT_MS = 10_000;

/** Asks all of them at once. @returns the note with their lines added, and what each one said, in their order */
export async function gatherCosignatures(
  witnesses: readonly Witness[],
  submission: Submission,
): Promise<{ readonly note: SignedNote; readonly outcomes: readonly WitnessOutcome[] }> {
  const outcomes = await Promise.all(witnesses.map((witness) => submitTo(witness, submission)));
  const added = outcomes.flatMap((outcome) => (outcome.ok ? outcome.signatures : []));
  return { note: { text: submission.note.text, signatures: [...submission.note.signatures, ...added] }, outcomes };
}

/** Asks one witness. Never rejects. */
export async function submitTo(witness: Witness, submission: Submission): Promise<WitnessOutcome> {
  const { note, prove, lastSizes } = submission;
  const checkpoint = decodeCheckpoint(note.text);
  if (!checkpoint.ok) return checkpoint;
  const { size } = checkpoint.value;
  const refuse = (reason: string): WitnessOutcome => ({ ok: false, reason: `${witness.name}: ${reason}` });
  if (witness.url === undefined) return refuse('the policy gives it no URL');
  let oldSize = Math.min(lastSizes.get(witness.name) ?? 0, size);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const proof = oldSize === 0 || oldSize === size ? [] : await prove(oldSize);
    if (proof === undefined) return refuse(`there is no consistency proof from its size ${oldSize}`);
    const answer = await post(witness.url, encodeAddCheckpoint({ oldSize, proof, note }), submission.timeoutMs ?? TIMEOUT_MS);
    if (typeof answer === 'string') return refuse(answer);
    if (answer.status === 200) {
      const outcome = linesOf(witness, note, answer.body);
      if (outcome.ok) lastSizes.set(witness.name, size);
      return outcome;
    }
    const known = answer.status === 409 ? parseDecimal(answer.body.replace(/\n$/, '')) : undefined;
    if (known === undefined) return refuse(`it answers ${answer.status}: ${JSON.stringify(answer.body.slice(0, 200))}`);
    lastSizes.set(witness.name, known);
    if (known > size) return refuse(`it has signed size ${known}, which is newer than ${size}`);
    if (known === oldSize) return refuse(`it has signed another root of size ${known}: a fork, or a key that was lent`);
    oldSize = known;
  }
  return refuse(`its last size changed ${ATTEMPTS} times while it was asked`);
}

/** The lines of the witness's pinned key, all of which must hold. Lines of other keys are passed over. */
function linesOf(witness: Witness, note: SignedNote, body: string): WitnessOutcome {
  const refuse = (reason: string): WitnessOutcome => ({ ok: false, reason: `${witness.name}: ${reason}` });
  const lines = decodeSignatures(body);
  if (!lines.ok) return refuse(lines.reason);
  const own = lines.value.filter((line) => isOfKey(witness.key, line));
  for (const line of own) {
    const check = checkSignature(nativeVerifier, witness.key, note.text, line);
    if (!check.ok) return refuse(check.reason);
  }
  return own.length === 0 ? refuse('it signed with another key than the pinned one') : { ok: true, signatures: own };
}

/** @returns what went wrong, where there is no answer */
async function post(
  url: string,
  body: string,
  timeoutMs: number,
): Promise<{ readonly status: number; readonly body: string } | string> {
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/add-checkpoint`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readText(response);
    return text === undefined ? 'its answer is too long, or not UTF-8' : { status: response.status, body: text };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return `it cannot be asked (${cause instanceof Error ? cause.message : String(cause)})`;
  }
}

/** A body of at most the length of a note. */
async function readText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > NOTE_CHARACTERS_MAX) return undefined;
    chunks.push(chunk);
  }
  return fromUtf8(Buffer.concat(chunks));
}
