/** The checkpoint that an audit hangs on: the one in the file, or one that the reader has; whose log it is, and who has signed it. */
import type { Parsed } from '../bytes/parsed.ts';
import type { SignatureVerifier } from '../capability.ts';
import { type Checkpoint, decodeCheckpoint } from '../note/checkpoint.ts';
import { isLogOf } from '../note/names.ts';
import { decodeNote } from '../note/note.ts';
import { checkNote, type Policy, type SignedBy } from '../note/policy.ts';

/** The reader's own knowledge about signatures. */
export interface SignedExpectations {
  /** Without it nothing is authenticated by signatures. */
  readonly policy: Policy;
  readonly verifier: SignatureVerifier;
  /** Text of a note that takes the place of the one in the file. */
  readonly note?: string | undefined;
}

/** A checkpoint that the chain must arrive at. */
export interface SignedPin {
  readonly checkpoint: Checkpoint;
  /** Pinned keys that signed it, in the order of the policy; undefined where no policy was given: nobody vouches for it then. */
  readonly signers: readonly SignedBy[] | undefined;
}

/** `checkpoint`: there is none, it does not read, or it is of another log. `signatures`: it is not what the policy wants. */
export interface PinRefusal {
  readonly ok: false;
  readonly code: 'checkpoint' | 'signatures';
  /** A sentence. */
  readonly message: string;
}

/** What of a vault counts here: 16 bytes each. */
interface Owner {
  readonly organization: Uint8Array;
  readonly vault: Uint8Array;
}

/**
 * Reads the checkpoint for a vault, and checks it where there is a policy.
 * @param held the one in the file, undefined where it has none
 * @returns undefined where there is none and none was asked for
 */
export function signedPin(
  owner: Owner,
  held: string | undefined,
  expected: SignedExpectations | undefined,
): { readonly ok: true; readonly pin: SignedPin | undefined } | PinRefusal {
  const text = expected?.note ?? held;
  if (text === undefined) {
    if (expected === undefined) return { ok: true, pin: undefined };
    return refuse('checkpoint', 'The file has no checkpoint that keys could have signed: give one that you have from the vault.');
  }
  const note = decodeNote(text);
  const read: Parsed<Checkpoint> = note.ok ? decodeCheckpoint(note.value.text) : note;
  if (!note.ok) return refuse('checkpoint', `The checkpoint is none: ${note.reason}.`);
  if (!read.ok) return refuse('checkpoint', `The checkpoint is none: ${read.reason}.`);
  const checkpoint = read.value;
  if (!isLogOf(checkpoint.origin, owner)) {
    return refuse('checkpoint', 'The checkpoint is of another log than that of the vault in the file.');
  }
  if (expected === undefined) return { ok: true, pin: { checkpoint, signers: undefined } };
  const verdict = checkNote(expected.verifier, expected.policy, note.value);
  if (!verdict.ok) return refuse('signatures', `The checkpoint is not signed as the policy wants: ${verdict.reason}.`);
  return { ok: true, pin: { checkpoint, signers: verdict.signers } };
}

function refuse(code: PinRefusal['code'], message: string): PinRefusal {
  return { ok: false, code, message };
}
