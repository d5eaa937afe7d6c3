/**
 * The Raft frame: everything one node has to say to another in one turn, for all groups.
 *
 *   OFFSET SIZE
 *   0      2    version and type (link-message.ts)
 *   2      16   cluster id
 *   18     16   sender's node id
 *   34     4    envelope count, then per envelope: u32 group, message (peer-message.ts)
 *   end-4  4    CRC-32C of everything before
 *
 * Decoding is strict and total: anything else is a `Decoded` failure, and allocates no more than the bytes at hand justify.
 */
import { assert } from '../assert.ts';
import { ID_BYTES, readId, writeId } from '../bytes/hex-id.ts';
import { Writer } from '../bytes/writer.ts';
import type { Decoded } from '../errors.ts';
import type { ClusterId, GroupId, NodeId } from '../ids.ts';
import { FRAME_BYTES_MAX, FRAME_ENVELOPES_MAX } from '../limits.ts';
import { grown } from '../lists.ts';
import type { Envelope } from './envelope.ts';
import { beginLinkMessage, LINK_OVERHEAD_BYTES, LinkMessageType, openLinkMessage, sealLinkMessage } from './link-message.ts';
import { peerMessageBytesMax, readPeerMessage, writePeerMessage } from './peer-message.ts';

export interface Frame {
  readonly cluster: ClusterId;
  readonly sender: NodeId;
  readonly envelopes: readonly Envelope[];
}

/** Bytes of a frame besides its envelopes. */
export const FRAME_OVERHEAD_BYTES: number = LINK_OVERHEAD_BYTES + 2 * ID_BYTES + 4;
const SENDER_OFFSET = 2 + ID_BYTES;
/** The smallest envelope: group, tag. */
const ENVELOPE_BYTES_MIN = 5;

/** An upper bound of an envelope's bytes; frames are split by it. */
export function envelopeBytesMax(envelope: Envelope): number {
  return 4 + peerMessageBytesMax(envelope.message);
}

/** The 32 bytes that open every frame of one sender: encoded once, for writeFrame. */
export function frameIdentity(cluster: ClusterId, sender: NodeId): Uint8Array {
  const writer = new Writer(2 * ID_BYTES);
  writeId(writer, cluster);
  writeId(writer, sender);
  return writer.finish();
}

/** Encodes into a writer that is reused from frame to frame. @param identity of frameIdentity. @returns a copy of exact size. */
export function writeFrame(writer: Writer, identity: Uint8Array, envelopes: readonly Envelope[]): Uint8Array {
  assert(envelopes.length <= FRAME_ENVELOPES_MAX, 'a frame has a bounded number of envelopes');
  beginLinkMessage(writer, LinkMessageType.raft);
  writer.raw(identity);
  writer.u32(envelopes.length);
  for (const envelope of envelopes) {
    writer.u32(envelope.group);
    writePeerMessage(writer, envelope.message);
  }
  assert(writer.length + 4 <= FRAME_BYTES_MAX, 'a frame is bounded');
  return sealLinkMessage(writer);
}

/** Whether the frame claims this sender: sixteen compared bytes, so that a link can be closed before anything is decoded. */
export function isFrameFrom(bytes: Uint8Array, sender: Uint8Array): boolean {
  if (bytes.length < FRAME_OVERHEAD_BYTES) return false;
  for (let i = 0; i < ID_BYTES; i += 1) if (bytes[SENDER_OFFSET + i] !== sender[i]) return false;
  return true;
}

export function encodeFrame(frame: Frame): Uint8Array {
  return writeFrame(new Writer(), frameIdentity(frame.cluster, frame.sender), frame.envelopes);
}

/** Entry data in the result are copies and may be kept; nothing else refers to the bytes either. */
export function decodeFrame(bytes: Uint8Array): Decoded<Frame> {
  const reader = openLinkMessage(bytes, LinkMessageType.raft);
  const cluster = readId<'ClusterId'>(reader);
  const sender = readId<'NodeId'>(reader);
  const count = reader.u32();
  if (count > FRAME_ENVELOPES_MAX) reader.fail('too_large');
  if (count * ENVELOPE_BYTES_MIN > reader.remaining) reader.fail('truncated');
  let envelopes: Envelope[] = [];
  for (let i = 0; i < count && reader.failed === undefined; i += 1) {
    const group = reader.u32() as GroupId;
    const message = readPeerMessage(reader);
    if (message !== undefined) envelopes = grown(envelopes, { group, message });
  }
  return reader.finish({ cluster, sender, envelopes });
}
