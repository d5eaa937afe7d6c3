/**
 * Proof that a key signed two checkpoints of one log that cannot both be true, for anyone to check who has the file and nothing else.
 *
 *   vouch fork proof 1
 *   key <vkey>
 *   hash <base64>                     zero or more
 *                                     an empty line
 *   <note>                            of the smaller or equal size, with exactly one signature, of that key
 *                                     an empty line
 *   <note>                            the other one, likewise
 *
 * Sizes equal: the roots differ, and there are no hashes. Sizes not equal: the hashes are a consistency proof out of the newer log, with
 * the older root in front where the older size is a power of two. They fold to the newer note's root, so they are nodes of that log, and
 * the root of its first leaves, to which they fold as well, is not the one that the older note says (consistencyRoots).
 */
import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { equalBytes } from '../bytes/compare.ts';
import { type Parsed, refused } from '../bytes/parsed.ts';
import type { Hasher, SignatureVerifier } from '../capability.ts';
import { consistencyRoots } from '../chain/log-proof.ts';
import { type Checkpoint, decodeCheckpoint } from './checkpoint.ts';
import { decodeVkey, encodeVkey, type NoteKey } from './key.ts';
import { decodeNote, encodeNote, type SignedNote } from './note.ts';
import { checkSignature, isOfKey } from './sign.ts';

/** What is proven: this key contradicted itself about this log. */
export interface Fork {
  readonly key: NoteKey;
  readonly origin: string;
  /** The smaller size comes first. */
  readonly older: Checkpoint;
  readonly newer: Checkpoint;
  readonly kind: 'two roots of one size' | 'inconsistent sizes';
}

/** First line of the file. */
export const FORK_PROOF_LINE: string = 'vouch fork proof 1';
const KEY: string = 'key ';
const HASH: string = 'hash ';
const HASH_BYTES: number = 32;
/** Most hashes. Why: a log of 2^53 leaves has paths of 53, and one more stands in front. */
const HASHES_MAX: number = 64;

/** What a fork proof is made of. */
export interface ForkEvidence {
  readonly key: NoteKey;
  readonly older: SignedNote;
  readonly newer: SignedNote;
  readonly hashes: readonly Uint8Array[];
}

/** Writes the file, with only the signatures of that key. @returns a reason where this proves nothing */
export function forkProof(hasher: Hasher, verifier: SignatureVerifier, evidence: ForkEvidence): Parsed<string> {
  const { key, older, newer, hashes } = evidence;
  const notes: string[] = [];
  for (const note of [older, newer]) {
    const signature = note.signatures.find((line) => isOfKey(key, line));
    if (signature === undefined) return refused(`a note is not signed by ${key.name}`);
    notes.push(encodeNote({ text: note.text, signatures: [signature] }));
  }
  const lines = [FORK_PROOF_LINE, KEY + encodeVkey(key), ...hashes.map((hash) => HASH + toBase64(hash)), ''];
  const text = `${lines.join('\n')}\n${notes.join('\n')}`;
  const checked = checkForkProof(hasher, verifier, text);
  return checked.ok ? { ok: true, value: text } : checked;
}

/**
 * Checks a fork proof. It says that the key named contradicted itself; whose key that is, the reader knows or not.
 * @param text of the file. Anything else is refused, never thrown on.
 */
export function checkForkProof(hasher: Hasher, verifier: SignatureVerifier, text: string): Parsed<Fork> {
  const sections = text.split('\n\n');
  const [head, olderText, olderLine, newerText, newerLine] = sections;
  if (head === undefined || newerLine === undefined || olderText === undefined || sections.length !== 5) {
    return refused('a fork proof has a head and two notes, parted by empty lines');
  }
  const evidence = readHead(hasher, head);
  if (!evidence.ok) return evidence;
  const { key, hashes } = evidence.value;
  const older = readNote(verifier, key, `${olderText}\n\n${olderLine}\n`);
  if (!older.ok) return older;
  const newer = readNote(verifier, key, `${newerText}\n\n${newerLine}`);
  if (!newer.ok) return newer;
  const kind = contradiction(hasher, older.value, newer.value, hashes);
  if (!kind.ok) return kind;
  return { ok: true, value: { key, origin: older.value.origin, older: older.value, newer: newer.value, kind: kind.value } };
}

function readHead(hasher: Hasher, head: string): Parsed<{ readonly key: NoteKey; readonly hashes: readonly Uint8Array[] }> {
  const [first, keyLine, ...hashLines] = head.split('\n');
  if (first !== FORK_PROOF_LINE) return refused(`a fork proof begins with "${FORK_PROOF_LINE}"`);
  if (keyLine === undefined || !keyLine.startsWith(KEY)) return refused('the second line of a fork proof names the key');
  const key = decodeVkey(hasher, keyLine.slice(KEY.length));
  if (!key.ok) return key;
  if (hashLines.length > HASHES_MAX) return refused(`more than ${HASHES_MAX} hashes`);
  const hashes: Uint8Array[] = [];
  for (const line of hashLines) {
    const hash = line.startsWith(HASH) ? fromBase64(line.slice(HASH.length)) : undefined;
    if (hash?.length !== HASH_BYTES) return refused('a line of a fork proof is not a hash of 32 bytes in base64');
    hashes.push(hash);
  }
  return { ok: true, value: { key: key.value, hashes } };
}

/** A note that the key signed, and nobody else in this file. */
function readNote(verifier: SignatureVerifier, key: NoteKey, text: string): Parsed<Checkpoint> {
  const note = decodeNote(text);
  if (!note.ok) return note;
  const [signature] = note.value.signatures;
  if (signature === undefined || note.value.signatures.length !== 1) return refused('a note of a fork proof has one signature');
  const check = checkSignature(verifier, key, note.value.text, signature);
  return check.ok ? decodeCheckpoint(note.value.text) : check;
}

/** Why both cannot be true; or why they can, as far as this shows. */
function contradiction(
  hasher: Hasher,
  older: Checkpoint,
  newer: Checkpoint,
  hashes: readonly Uint8Array[],
): Parsed<Fork['kind']> {
  if (older.origin !== newer.origin) return refused('the notes are of two logs');
  if (older.size > newer.size) return refused('the first note of a fork proof has the smaller size');
  if (older.size === newer.size) {
    if (equalBytes(older.root, newer.root)) return refused('both notes have the same size and root: nothing is contradicted');
    return hashes.length === 0 ? { ok: true, value: 'two roots of one size' } : refused('two roots of one size need no hashes');
  }
  const roots = consistencyRoots(hasher, older.size, newer.size, hashes);
  if (roots === undefined || !equalBytes(roots.newer, newer.root)) {
    return refused('the hashes do not belong to the log of the newer note');
  }
  if (equalBytes(roots.older, older.root)) return refused('the newer log extends the older one: nothing is contradicted');
  return { ok: true, value: 'inconsistent sizes' };
}
