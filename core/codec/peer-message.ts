/** One message of an envelope: its first byte tells whether it is raft's (raft-message.ts) or a snapshot's (snapshot-message.ts). */
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { SnapshotMessage } from '../snapshot/message.ts';
import type { PeerMessage } from './envelope.ts';
import { messageBytesMax, readMessageOf, writeMessage } from './raft-message.ts';
import { isSnapshotTag, readSnapshotMessage, snapshotMessageBytesMax, writeSnapshotMessage } from './snapshot-message.ts';

/** Whether a message is about a snapshot's data. */
export function isSnapshotMessage(message: PeerMessage): message is SnapshotMessage {
  return message.kind === 'snapshotPull' || message.kind === 'snapshotChunk' || message.kind === 'snapshotGone';
}

/** An upper bound of what writePeerMessage appends. */
export function peerMessageBytesMax(message: PeerMessage): number {
  return isSnapshotMessage(message) ? snapshotMessageBytesMax(message) : messageBytesMax(message);
}

export function writePeerMessage(writer: Writer, message: PeerMessage): void {
  if (isSnapshotMessage(message)) writeSnapshotMessage(writer, message);
  else writeMessage(writer, message);
}

/** Reads one message; after a violation the reader has failed and the result is undefined. */
export function readPeerMessage(reader: Reader): PeerMessage | undefined {
  const tag = reader.u8();
  return isSnapshotTag(tag) ? readSnapshotMessage(reader, tag) : readMessageOf(reader, tag);
}
