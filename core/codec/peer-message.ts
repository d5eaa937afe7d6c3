/** One message of an envelope: its first byte tells whether it is raft's (raft-message.ts), a snapshot's, or one of the liveness, recovery or signing messages. */
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { LivenessMessage } from '../replica/hibernation.ts';
import type { RecoveryMessage } from '../replica/recovering.ts';
import type { SigningMessage } from '../signing/message.ts';
import type { SnapshotMessage } from '../snapshot/message.ts';
import {
  divergenceMessageBytesMax,
  isDivergenceMessage,
  isDivergenceTag,
  readDivergenceMessage,
  writeDivergenceMessage,
} from './divergence-message.ts';
import type { PeerMessage } from './envelope.ts';
import { isLivenessTag, livenessMessageBytesMax, readLivenessMessage, writeLivenessMessage } from './liveness-message.ts';
import { messageBytesMax, readMessageOf, writeMessage } from './raft-message.ts';
import { isRecoveryTag, RECOVERY_MESSAGE_BYTES_MAX, readRecoveryMessage, writeRecoveryMessage } from './recovery-message.ts';
import { isSigningTag, readSigningMessage, SIGNING_MESSAGE_BYTES_MAX, writeSigningMessage } from './signing-message.ts';
import { isSnapshotTag, readSnapshotMessage, snapshotMessageBytesMax, writeSnapshotMessage } from './snapshot-message.ts';

/** Whether a message is about a snapshot's data. */
export function isSnapshotMessage(message: PeerMessage): message is SnapshotMessage {
  return message.kind === 'snapshotPull' || message.kind === 'snapshotChunk' || message.kind === 'snapshotGone';
}

/** Whether a message is about sleeping groups, and so for the node and not for one of its groups. */
export function isLivenessMessage(message: PeerMessage): message is LivenessMessage {
  return message.kind === 'alive' || message.kind === 'sleepersAsked' || message.kind === 'sleepers';
}

/** Whether a message is about a damaged replica and what it has forgotten. */
export function isRecoveryMessage(message: PeerMessage): message is RecoveryMessage {
  return message.kind === 'termAsked' || message.kind === 'termTold' || message.kind === 'stateAsked';
}

/** Whether a message is about checkpoints and the keys that sign them. */
export function isSigningMessage(message: PeerMessage): message is SigningMessage {
  const { kind } = message;
  return kind === 'checkpointAsked' || kind === 'checkpointSigned' || kind === 'checkpointPassed' || kind === 'keyOffered';
}

/** An upper bound of what writePeerMessage appends. */
export function peerMessageBytesMax(message: PeerMessage): number {
  if (isLivenessMessage(message)) return livenessMessageBytesMax(message);
  if (isRecoveryMessage(message)) return RECOVERY_MESSAGE_BYTES_MAX;
  if (isDivergenceMessage(message)) return divergenceMessageBytesMax(message);
  if (isSigningMessage(message)) return SIGNING_MESSAGE_BYTES_MAX;
  return isSnapshotMessage(message) ? snapshotMessageBytesMax(message) : messageBytesMax(message);
}

export function writePeerMessage(writer: Writer, message: PeerMessage): void {
  if (isSnapshotMessage(message)) writeSnapshotMessage(writer, message);
  else if (isLivenessMessage(message)) writeLivenessMessage(writer, message);
  else if (isRecoveryMessage(message)) writeRecoveryMessage(writer, message);
  else if (isDivergenceMessage(message)) writeDivergenceMessage(writer, message);
  else if (isSigningMessage(message)) writeSigningMessage(writer, message);
  else writeMessage(writer, message);
}

/** Reads one message; after a violation the reader has failed and the result is undefined. */
export function readPeerMessage(reader: Reader): PeerMessage | undefined {
  const tag = reader.u8();
  if (isLivenessTag(tag)) return readLivenessMessage(reader, tag);
  if (isRecoveryTag(tag)) return readRecoveryMessage(reader, tag);
  if (isDivergenceTag(tag)) return readDivergenceMessage(reader, tag);
  if (isSigningTag(tag)) return readSigningMessage(reader, tag);
  return isSnapshotTag(tag) ? readSnapshotMessage(reader, tag) : readMessageOf(reader, tag);
}
