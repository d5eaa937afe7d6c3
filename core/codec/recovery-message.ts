/**
 * Bytes of a message about a damaged replica; they share the tags of raft-message.ts. Numbers are big-endian.
 *
 *   TAG NAME        FIELDS
 *   64  termAsked   u64 nonce
 *   65  termTold    u64 nonce, u64 term
 *   66  stateAsked  u64 above
 */
import { unreachable } from '../assert.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { Term } from '../ids.ts';
import type { RecoveryMessage } from '../replica/recovering.ts';

/** On the wire: do not renumber. */
const Tag = { termAsked: 64, termTold: 65, stateAsked: 66 } as const;

/** An upper bound of what writeRecoveryMessage appends. */
export const RECOVERY_MESSAGE_BYTES_MAX: number = 17;

/** Whether a tag is one of these messages. */
export function isRecoveryTag(tag: number): boolean {
  return tag >= Tag.termAsked && tag <= Tag.stateAsked;
}

export function writeRecoveryMessage(writer: Writer, message: RecoveryMessage): void {
  writer.u8(Tag[message.kind]);
  switch (message.kind) {
    case 'termAsked':
      return writer.u64(message.nonce);
    case 'termTold':
      writer.u64(message.nonce);
      return writer.u64(message.term);
    case 'stateAsked':
      return writer.u64(message.above);
    default:
      return unreachable(message);
  }
}

/** Reads what follows a message's tag; after a violation the reader has failed and the result means nothing. */
export function readRecoveryMessage(reader: Reader, tag: number): RecoveryMessage {
  switch (tag) {
    case Tag.termAsked:
      return { kind: 'termAsked', nonce: reader.u64() };
    case Tag.termTold:
      return { kind: 'termTold', nonce: reader.u64(), term: reader.u64() as Term };
    default:
      return { kind: 'stateAsked', above: reader.u64() as Term };
  }
}
