/**
 * What a witness answers: it knows the keys of logs and, of each log, the checkpoint that it signed last, and signs another one only
 * if that extends the last. It decides here; to remember, durably and before the answer, is its driver's.
 *
 * Which keys speak for a log: a node's key (named vouch/<cluster id>/<node id>) for every vault of that cluster, any other key for the log
 * that has its name. Source: C2SP tlog-witness, "add-checkpoint", whose status codes these are.
 */
import { equalBytes } from '../bytes/compare.ts';
import { toHex } from '../bytes/text.ts';
import type { Hasher, SignatureVerifier } from '../capability.ts';
import { verifyConsistency } from '../chain/log-proof.ts';
import { hashOf } from '../hasher.ts';
import { type AddCheckpoint, decodeAddCheckpoint } from './add-checkpoint.ts';
import { type Checkpoint, decodeCheckpoint } from './checkpoint.ts';
import type { NoteKey } from './key.ts';
import { parseNodeKeyName, parseVaultOrigin } from './names.ts';
import type { SignedNote } from './note.ts';
import { checkSignature, isOfKey } from './sign.ts';

/** What a witness was told. */
export interface WitnessRules {
  readonly keys: readonly NoteKey[];
  /** Nodes of a cluster that must have signed a vault's checkpoint. 1 unless one node alone is not to be believed. */
  readonly quorum: number;
}

/** Of a log, what was signed last. */
export interface Witnessed {
  readonly size: number;
  readonly root: Uint8Array;
}

export type WitnessDecision =
  /** Remember the checkpoint, then sign the text. */
  | { readonly status: 200; readonly checkpoint: Checkpoint; readonly text: string }
  /** size: of the checkpoint signed last; 0: none. */
  | { readonly status: 409; readonly size: number; readonly reason: string }
  | { readonly status: 400 | 403 | 404 | 422; readonly reason: string };

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Decides about one request. @param body as it came @param lastOf what was signed last of an origin, undefined: nothing
 */
export function decideCheckpoint(
  capabilities: { readonly hasher: Hasher; readonly verifier: SignatureVerifier },
  rules: WitnessRules,
  lastOf: (origin: string) => Witnessed | undefined,
  body: string,
): WitnessDecision {
  const { hasher, verifier } = capabilities;
  const request = decodeAddCheckpoint(body);
  if (!request.ok) return { status: 400, reason: request.reason };
  const { note } = request.value;
  const decoded = decodeCheckpoint(note.text);
  if (!decoded.ok) return { status: 400, reason: decoded.reason };
  const checkpoint = decoded.value;
  const keys = keysOf(rules, checkpoint.origin);
  if (keys.length === 0) return { status: 404, reason: `no key is known of the log ${checkpoint.origin}` };
  const unsigned = whyUnsigned(verifier, keys, note, parseVaultOrigin(checkpoint.origin) === undefined ? 1 : rules.quorum);
  if (unsigned !== undefined) return { status: 403, reason: unsigned };
  const last = lastOf(checkpoint.origin) ?? { size: 0, root: hashOf(hasher, NOTHING) };
  return decideSuccession(hasher, request.value, checkpoint, last);
}

/** Whether the checkpoint may follow the last one. */
function decideSuccession(
  hasher: Hasher,
  { oldSize, proof, note }: AddCheckpoint,
  checkpoint: Checkpoint,
  last: Witnessed,
): WitnessDecision {
  const { size, root } = checkpoint;
  if (oldSize > size) return { status: 400, reason: 'the old size is larger than that of the checkpoint' };
  if (oldSize !== last.size) return { status: 409, size: last.size, reason: `the last checkpoint has size ${last.size}` };
  if (size === last.size && !equalBytes(root, last.root)) {
    return { status: 409, size, reason: `another root of size ${size} was signed` };
  }
  const extendsLast =
    oldSize === 0 || size === oldSize
      ? proof.length === 0
      : verifyConsistency(hasher, { olderSize: oldSize, newerSize: size, olderRoot: last.root, newerRoot: root, path: proof });
  if (!extendsLast) return { status: 422, reason: `the proof does not show that size ${size} extends size ${oldSize}` };
  return { status: 200, checkpoint, text: note.text };
}

/** The keys that speak for a log. */
function keysOf({ keys }: WitnessRules, origin: string): readonly NoteKey[] {
  const cluster = parseVaultOrigin(origin)?.cluster;
  return keys.filter(({ name }) => name === origin || (cluster !== undefined && parseNodeKeyName(name)?.cluster === cluster));
}

/** Why the note is not signed by as many of these keys as it takes; undefined: it is. */
function whyUnsigned(
  verifier: SignatureVerifier,
  keys: readonly NoteKey[],
  note: SignedNote,
  quorum: number,
): string | undefined {
  const signed = new Set<string>();
  for (const key of keys) {
    for (const signature of note.signatures) {
      if (!isOfKey(key, signature)) continue;
      const check = checkSignature(verifier, key, note.text, signature);
      if (!check.ok) return check.reason;
      signed.add(toHex(key.publicKey));
    }
  }
  return signed.size >= quorum ? undefined : `signed by ${signed.size} known keys of ${quorum} that are needed`;
}
