/** `vouch verify` of a checkpoint as `vouch checkpoint` writes it: whether enough of the pinned keys have signed it. */
import { toHex } from '../../core/bytes/text.ts';
import { decodeNote } from '../../core/note/note.ts';
import { checkNote, type PolicyVerdict } from '../../core/note/policy.ts';
import { nativeVerifier } from '../keys/native-ed25519.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { shown } from './shown.ts';
import { readPolicy, type SignedFileOptions, signersJson, signersText } from './verify-receipt.ts';

/** Whether the file is meant as a signed note: its last paragraph is of signature lines. */
export function isNote(text: string): boolean {
  return text.includes('\n\n\u2014 ');
}

/** Checks a checkpoint and says what log it is of, in the hex that --log and --log-root take. @throws CliFailure where it does not hold */
export function verifyNoteText(text: string, { keys, questions, json }: SignedFileOptions): void {
  if (questions.length > 0) throw usageFailure('A checkpoint answers no question: it is the size and the root of a log.');
  if (keys === undefined) throw usageFailure('A checkpoint is worth what its signatures are: name the pinned keys with --keys.');
  const policy = readPolicy(keys);
  const note = decodeNote(text);
  const verdict: PolicyVerdict = note.ok ? checkNote(nativeVerifier, policy, note.value) : note;
  if (!verdict.ok) {
    if (json) printJson({ ok: false, stage: 'signatures', reason: verdict.reason });
    throw new CliFailure(`REJECTED (signatures): ${shown(verdict.reason)}`);
  }
  const { origin, size, root } = verdict.checkpoint;
  if (json) return printJson({ ok: true, origin, size, root: toHex(root), signers: signersJson(verdict.signers) });
  print(`CHECKPOINT of ${shown(origin)}`);
  print(`size ${size}, root ${toHex(root)}`);
  print(`Authenticated: signed by ${signersText(verdict.signers)}.`);
}
