/**
 * What a client has pinned: the logs it reads, the keys it believes, and how many of them a checkpoint needs.
 *
 * The file is a C2SP tlog-policy, in which nodes stand as witnesses, and says with `origin` lines what C2SP says with `log` lines,
 * because no key has the name of a vault's log:
 *
 *   # comment
 *   origin  <origin>                              a log; vouch/<cluster id>/* is every vault of a cluster
 *   witness <name> <vkey> [<url>]                 a key, of type 1 or 4, under a name of this file's own
 *   group   <name> <k | any | all> <name>...      k of what was named before
 *   quorum  <name>                                what a checkpoint needs
 *
 * A quorum of k of n nodes stands f nodes that lie if, and only if, k > (n + f) / 2. Source: C2SP tlog-policy.
 */

import { type Parsed, parseDecimal, refused } from '../bytes/parsed.ts';
import { toHex } from '../bytes/text.ts';
import type { U64 } from '../bytes/u64.ts';
import type { Hasher, SignatureVerifier } from '../capability.ts';
import { type Checkpoint, decodeCheckpoint } from './checkpoint.ts';
import { decodeVkey, type NoteKey } from './key.ts';
import { isNoteText, parseVaultOrigin, vaultOrigin } from './names.ts';
import type { SignedNote } from './note.ts';
import { checkSignature, isOfKey } from './sign.ts';

/** A pinned key: a node's, or an outside witness's. */
export interface Witness {
  /** Its name in the policy. */
  readonly name: string;
  readonly key: NoteKey;
  /** Where it takes checkpoints. */
  readonly url: string | undefined;
}

export interface Policy {
  /** Origins, and prefixes that end in `/*`. */
  readonly origins: readonly string[];
  /** In the order of the file. */
  readonly witnesses: readonly Witness[];
  readonly quorum: Quorum;
}

/** What a checkpoint needs: one key, or k of several of these. */
export type Quorum =
  | { readonly kind: 'witness'; readonly name: string }
  | { readonly kind: 'group'; readonly name: string; readonly k: number; readonly of: readonly Quorum[] };

/** Who signed a checkpoint. timeS: seconds since 1970 of the newest cosignature, undefined where only plain lines were pinned. */
export interface SignedBy {
  readonly witness: Witness;
  readonly timeS: U64 | undefined;
}

export type PolicyVerdict =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly signers: readonly SignedBy[] }
  | { readonly ok: false; readonly reason: string };

/** Longest policy, characters. Why: 32 logs, 32 keys and 32 groups, which C2SP asks for, are below. */
const POLICY_CHARACTERS_MAX: number = 65_536;
const EVERY_VAULT: string = '/*';

/** Reads a policy, or says in which line it is none. */
export function parsePolicy(hasher: Hasher, text: string): Parsed<Policy> {
  if (text.length > POLICY_CHARACTERS_MAX) return refused(`the policy is longer than ${POLICY_CHARACTERS_MAX} characters`);
  const reading = new Reading(hasher);
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    const [keyword] = words;
    if (keyword === undefined || keyword.startsWith('#')) continue;
    const problem = isNoteText(line.replaceAll('\t', ' ')) ? reading.line(keyword, words.slice(1)) : 'a control character';
    if (problem !== undefined) return refused(`line ${index + 1} of the policy: ${problem}`);
  }
  return reading.finish();
}

/** Lines of a policy, in their order. */
class Reading {
  private readonly hasher: Hasher;
  private readonly origins: string[] = [];
  private readonly witnesses: Witness[] = [];
  private readonly named = new Map<string, Quorum>();
  /** Names that are members of a group: each counts in one way only. */
  private readonly members = new Set<string>();
  private quorum: Quorum | undefined = undefined;

  constructor(hasher: Hasher) {
    this.hasher = hasher;
  }

  /** @returns what is wrong with it */
  line(keyword: string, words: readonly string[]): string | undefined {
    switch (keyword) {
      case 'origin':
        return this.origin(words);
      case 'witness':
        return this.witness(words);
      case 'group':
        return this.group(words);
      case 'quorum':
        return this.needs(words);
      case 'log':
        return 'log lines are for logs with one key of their own; name a vault by an origin line';
      default:
        return `"${keyword}" is none of origin, witness, group and quorum`;
    }
  }

  private origin(words: readonly string[]): string | undefined {
    const [origin] = words;
    if (origin === undefined || words.length > 1) return 'an origin line has one origin';
    if (origin.includes('*') && !isEveryVault(origin))
      return `a star stands for every vault of a cluster: vouch/<cluster id>${EVERY_VAULT}`;
    if (this.origins.includes(origin)) return `the origin ${origin} is there twice`;
    this.origins.push(origin);
    return undefined;
  }

  private witness(words: readonly string[]): string | undefined {
    const [name, vkey, url] = words;
    if (name === undefined || vkey === undefined || words.length > 3) return 'a witness line has a name, a key and at most a URL';
    if (this.isTaken(name)) return `the name ${name} is taken`;
    const key = decodeVkey(this.hasher, vkey);
    if (!key.ok) return key.reason;
    const text = toHex(key.value.publicKey);
    const same = this.witnesses.find((other) => toHex(other.key.publicKey) === text);
    if (same !== undefined) return `${name} has the public key of ${same.name}: it would count twice`;
    this.witnesses.push({ name, key: key.value, url });
    this.named.set(name, { kind: 'witness', name });
    return undefined;
  }

  private group(words: readonly string[]): string | undefined {
    const [name, count, ...members] = words;
    if (name === undefined || count === undefined || members.length === 0) return 'a group line has a name, a number and members';
    if (this.isTaken(name)) return `the name ${name} is taken`;
    const k = count === 'any' ? 1 : count === 'all' ? members.length : (parseDecimal(count) ?? 0);
    if (k < 1 || k > members.length) return `"${count}" is not any, all, or a number from 1 to ${members.length}`;
    const of: Quorum[] = [];
    for (const member of members) {
      const quorum = this.named.get(member);
      if (quorum === undefined) return `${member} is not the name of a witness or group above`;
      if (this.members.has(member)) return `${member} is a member of a group already: it would count twice`;
      this.members.add(member);
      of.push(quorum);
    }
    this.named.set(name, { kind: 'group', name, k, of });
    return undefined;
  }

  private needs(words: readonly string[]): string | undefined {
    const [name] = words;
    if (name === undefined || words.length > 1) return 'a quorum line has one name';
    if (this.quorum !== undefined) return 'there is a quorum line already';
    if (name === 'none') return 'a quorum of none would believe everybody';
    this.quorum = this.named.get(name);
    return this.quorum === undefined ? `${name} is not the name of a witness or group above` : undefined;
  }

  private isTaken(name: string): boolean {
    return name === 'none' || this.named.has(name);
  }

  finish(): Parsed<Policy> {
    const { origins, witnesses, quorum } = this;
    if (origins.length === 0) return refused('the policy has no origin line: it does not say which logs it is for');
    if (quorum === undefined) return refused('the policy has no quorum line');
    return { ok: true, value: { origins, witnesses, quorum } };
  }
}

function isEveryVault(origin: string): boolean {
  const parts = origin.split('/');
  const [, cluster] = parts;
  const any = '00000000000000000000000000';
  return (
    parts.length === 3 &&
    origin === `vouch/${cluster}${EVERY_VAULT}` &&
    parseVaultOrigin(vaultOrigin({ cluster: cluster ?? '', organization: any, vault: any })) !== undefined
  );
}

/** Whether the policy is for that log. */
export function isPinned(policy: Policy, origin: string): boolean {
  if (isEveryVault(origin)) return false; // a pattern, and the name of no log
  if (policy.origins.includes(origin)) return true;
  const vault = parseVaultOrigin(origin);
  return vault !== undefined && policy.origins.includes(`vouch/${vault.cluster}${EVERY_VAULT}`);
}

/** Whether these keys are enough. */
function isMet(quorum: Quorum, signed: ReadonlySet<string>): boolean {
  if (quorum.kind === 'witness') return signed.has(quorum.name);
  return quorum.of.filter((member) => isMet(member, signed)).length >= quorum.k;
}

function describe(quorum: Quorum): string {
  if (quorum.kind === 'witness') return quorum.name;
  return `${quorum.k} of ${quorum.of.map((member) => member.name).join(', ')}`;
}

/**
 * Checks a note against a policy. Lines of other keys are passed over; a line that claims to be of a pinned key and does not hold
 * refuses the whole note. A checkpoint with extension lines is refused: no vault has one.
 */
export function checkNote(verifier: SignatureVerifier, policy: Policy, note: SignedNote): PolicyVerdict {
  const checkpoint = decodeCheckpoint(note.text);
  if (!checkpoint.ok) return checkpoint;
  const { origin, extension } = checkpoint.value;
  if (extension.length > 0) return refused('the checkpoint has lines behind its root');
  if (!isPinned(policy, origin)) return refused(`the checkpoint is of ${origin}, which is not pinned`);
  const signers: SignedBy[] = [];
  for (const witness of policy.witnesses) {
    const signed = checkLines(verifier, witness, note);
    if (!signed.ok) return signed;
    if (signed.value !== undefined) signers.push(signed.value);
  }
  const names = new Set(signers.map(({ witness }) => witness.name));
  if (isMet(policy.quorum, names)) return { ok: true, checkpoint: checkpoint.value, signers };
  const who = names.size === 0 ? 'no pinned key' : [...names].join(', ');
  return refused(`signed by ${who}; the policy needs ${describe(policy.quorum)}`);
}

/** Checks every line of a pinned key. undefined: it has none. */
function checkLines(verifier: SignatureVerifier, witness: Witness, note: SignedNote): Parsed<SignedBy | undefined> {
  let signed: SignedBy | undefined;
  for (const signature of note.signatures) {
    if (!isOfKey(witness.key, signature)) continue;
    const check = checkSignature(verifier, witness.key, note.text, signature);
    if (!check.ok) return check;
    const { timeS } = check;
    const isNewer = signed?.timeS === undefined || (timeS !== undefined && timeS > signed.timeS);
    if (isNewer) signed = { witness, timeS };
  }
  return { ok: true, value: signed };
}
