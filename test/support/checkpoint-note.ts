/**
 * Checkpoints of a log and their signature lines, written from the text of C2SP signed-note and tlog-checkpoint with Node's own
 * crypto and nothing of core: what a log says to verifiers that others wrote.
 *
 *   origin ⏎ size ⏎ base64(root) ⏎ ⏎ — name base64(key id ‖ signature) ⏎
 *   key id of an Ed25519 key = first 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A signer of notes. */
export interface NoteKey {
  readonly name: string;
  readonly keyId: Buffer;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
}

export function noteKey(name: string): NoteKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const raw = spki.subarray(-32);
  const keyId = createHash('sha256')
    .update(Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([1]), raw]))
    .digest()
    .subarray(0, 4);
  return { name, keyId, privateKey, spki };
}

/** One signature line under a text. */
export function signatureLine(key: NoteKey, text: string): string {
  const signature = sign(null, Buffer.from(text), key.privateKey);
  return `\u2014 ${key.name} ${Buffer.concat([key.keyId, signature]).toString('base64')}\n`;
}

/** The body of a checkpoint. */
export function checkpointText(origin: string, size: number, root: Uint8Array): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}
