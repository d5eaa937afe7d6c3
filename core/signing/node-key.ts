/** The key that a node signs with, and the record of what it has signed: opened together, or made together. */
import { defined } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Signer, SigningKeys } from '../capability.ts';
import type { DirectoryReader } from '../effect.ts';
import type { NodeId } from '../ids.ts';
import type { Sealer } from '../seal/vault-keys.ts';
import { encodeSigningHeader } from './record-file.ts';
import { type LostRecord, SigningRecord } from './signing-record.ts';

export interface NodeKey {
  readonly signer: Signer;
  readonly record: SigningRecord;
}

export interface NodeKeyPlace {
  readonly reader: DirectoryReader;
  readonly node: NodeId;
  readonly keys: SigningKeys;
  /** Of a directory that is encrypted: seals the secret. */
  readonly sealer: Sealer | undefined;
}

/** A new key, which has signed nothing; to be made durable with its record. */
export function mintNodeKey({ node, keys, sealer }: NodeKeyPlace, reader?: DirectoryReader): NodeKey {
  const secret = keys.drawSecret();
  const { publicKey } = keys.signer(secret);
  const sealed = sealer === undefined ? secret : defined(sealer.seal(publicKey, secret), 'the node’s own key is never destroyed');
  const head = encodeSigningHeader({ node, publicKey, form: sealer === undefined ? 'clear' : 'sealed', secret: sealed });
  return { signer: keys.signer(secret), record: SigningRecord.begin(head, reader) };
}

/** What the directory holds, or why it cannot be used. */
export function openNodeKey({ reader, node, keys, sealer }: NodeKeyPlace): NodeKey | LostRecord {
  const opened = SigningRecord.open(reader, node);
  if (typeof opened === 'string') return opened;
  const { record, header } = opened;
  if ((header.form === 'sealed') !== (sealer !== undefined)) return 'foreign';
  const secret = sealer === undefined ? header.secret : sealer.open(header.publicKey, header.secret);
  if (!(secret instanceof Uint8Array) || secret.length !== keys.secretBytes) return 'damaged';
  const signer = keys.signer(secret);
  return equalBytes(signer.publicKey, header.publicKey) ? { signer, record } : 'damaged';
}
