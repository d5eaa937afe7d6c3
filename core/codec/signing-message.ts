/**
 * Bytes of a message about checkpoints and keys; they share the tags of raft-message.ts. Numbers are big-endian.
 *
 *   TAG NAME              FIELDS
 *   96  checkpointAsked   ulid vault, u64 size, hash root
 *   97  checkpointSigned  ulid vault, u64 size, 64 plain signature, u64 time, seconds, 64 cosignature
 *   98  checkpointPassed  ulid vault, u64 size
 *   99  keyOffered        32 public key
 */
import { assert, unreachable } from '../assert.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../capability.ts';
import type { VaultId } from '../ids.ts';
import type { SigningMessage } from '../signing/message.ts';
import { readUlid, writeUlid } from '../state/ulid-field.ts';

/** On the wire: do not renumber. */
const Tag = { checkpointAsked: 96, checkpointSigned: 97, checkpointPassed: 98, keyOffered: 99 } as const;
const HASH_BYTES = 32;

/** An upper bound of what writeSigningMessage appends. */
export const SIGNING_MESSAGE_BYTES_MAX: number = 1 + 16 + 8 + 8 + 2 * SIGNATURE_BYTES;

/** Whether a tag is one of these messages. */
export function isSigningTag(tag: number): boolean {
  return tag >= Tag.checkpointAsked && tag <= Tag.keyOffered;
}

export function writeSigningMessage(writer: Writer, message: SigningMessage): void {
  writer.u8(Tag[message.kind]);
  if (message.kind === 'keyOffered') return writer.raw(message.publicKey);
  writeUlid(writer, message.vault);
  writer.u64(message.size);
  switch (message.kind) {
    case 'checkpointAsked':
      assert(message.root.length === HASH_BYTES, 'a root has 32 bytes');
      return writer.raw(message.root);
    case 'checkpointSigned':
      assert(
        message.plain.length === SIGNATURE_BYTES && message.cosignature.length === SIGNATURE_BYTES,
        'signatures have 64 bytes',
      );
      writer.raw(message.plain);
      writer.u64(message.timeS);
      return writer.raw(message.cosignature);
    case 'checkpointPassed':
      return;
    default:
      return unreachable(message);
  }
}

/** Reads what follows a message's tag; after a violation the reader has failed and the result means nothing. */
export function readSigningMessage(reader: Reader, tag: number): SigningMessage {
  if (tag === Tag.keyOffered) return { kind: 'keyOffered', publicKey: reader.copy(PUBLIC_KEY_BYTES) };
  const vault: VaultId = readUlid(reader);
  const size = reader.u64();
  switch (tag) {
    case Tag.checkpointAsked:
      return { kind: 'checkpointAsked', vault, size, root: reader.copy(HASH_BYTES) };
    case Tag.checkpointSigned: {
      const plain = reader.copy(SIGNATURE_BYTES);
      const timeS = reader.u64();
      return { kind: 'checkpointSigned', vault, size, plain, timeS, cosignature: reader.copy(SIGNATURE_BYTES) };
    }
    default:
      return { kind: 'checkpointPassed', vault, size };
  }
}
