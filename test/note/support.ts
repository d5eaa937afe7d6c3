/** A cluster of nodes with keys, and the log of one vault, for tests of notes. */
import { toUtf8 } from '../../core/bytes/text.ts';
import type { Signer } from '../../core/capability.ts';
import { leafHash, MerkleLog } from '../../core/chain/merkle-log.ts';
import { type Checkpoint, encodeCheckpoint } from '../../core/note/checkpoint.ts';
import { encodeVkey, type NoteKey, noteKey, SignatureType } from '../../core/note/key.ts';
import { nodeKeyName, vaultOrigin } from '../../core/note/names.ts';
import type { NoteSignature, SignedNote } from '../../core/note/note.ts';
import { type Policy, parsePolicy } from '../../core/note/policy.ts';
import { cosignText, signText } from '../../core/note/sign.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { nativeSigner } from '../../node/keys/native-ed25519.ts';

export const CLUSTER = '00112233445566778899aabbccddeeff';
export const ORGANIZATION = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
export const VAULT = '01BX5ZZKBKACTAV9WEVGEMMVRZ';
export const ORIGIN: string = vaultOrigin({ cluster: CLUSTER, organization: ORGANIZATION, vault: VAULT });
export const TIME_S = 1_700_000_000;

/** Someone with a key. */
export interface Party {
  readonly name: string;
  readonly signer: Signer;
  readonly plain: NoteKey;
  readonly timed: NoteKey;
}

export function party(name: string, seed: number): Party {
  const signer = nativeSigner(new Uint8Array(32).fill(seed));
  const { publicKey } = signer;
  const plain = noteKey(nativeHasher, { name, type: SignatureType.ed25519, publicKey });
  return { name, signer, plain, timed: noteKey(nativeHasher, { name, type: SignatureType.cosignature, publicKey }) };
}

/** Node i of the cluster. */
export const node = (i: number): Party => party(nodeKeyName(CLUSTER, i.toString(16).padStart(32, '0')), i);

/** Both lines that a node writes. */
export function linesOf({ name, signer }: Party, text: string, timeS: number = TIME_S): readonly NoteSignature[] {
  return [signText(nativeHasher, signer, name, text), cosignText(nativeHasher, signer, name, text, timeS)];
}

export function noteOf(text: string, parties: readonly Party[]): SignedNote {
  return { text, signatures: parties.flatMap((each) => linesOf(each, text)) };
}

/** A log of that many leaves; another story from leaf `forkAt` on. */
export function logOf(size: number, forkAt: number = size): MerkleLog {
  const log = new MerkleLog(nativeHasher);
  for (let i = 0; i < size; i += 1) {
    log.append(leafHash(nativeHasher, toUtf8(`${i >= forkAt ? 'another ' : ''}leaf ${i}`) as Uint8Array));
  }
  return log;
}

export function checkpointOf(log: MerkleLog, size: number = log.size, origin: string = ORIGIN): Checkpoint {
  return { origin, size, root: log.root(size), extension: [] };
}
export const textOf = (log: MerkleLog, size: number = log.size): string => encodeCheckpoint(checkpointOf(log, size));

/** A policy of k of these parties. */
export function policyText(k: number, parties: readonly Party[]): string {
  const names = parties.map((_, i) => `n${i + 1}`);
  const witnesses = parties.map(({ timed }, i) => `witness ${names[i]} ${encodeVkey(timed)}`);
  return [`origin ${ORIGIN}`, ...witnesses, `group nodes ${k} ${names.join(' ')}`, 'quorum nodes', ''].join('\n');
}
export function policyOf(text: string): Policy {
  const policy = parsePolicy(nativeHasher, text);
  if (!policy.ok) throw new Error(policy.reason);
  return policy.value;
}
