/**
 * Packs what a turn may send: one frame per peer, holding every message whose `after` is durable (C4).
 *
 * Order: first in, first out per peer among messages that may leave. A message that waits for its fsync does not hold up a
 * later one that need not wait (the leader's AppendEntries leave while its own vote or ack is being written); two messages
 * that become free in one release keep their order.
 * Bounded: what a peer's queue cannot hold is dropped and counted; Raft sends it again.
 */
import { Writer } from '../bytes/writer.ts';
import type { ClusterId, NodeId, Seq } from '../ids.ts';
import { FRAME_BYTES_MAX, FRAME_ENVELOPES_MAX, MEMBERS_MAX, OUTBOX_BYTES_MAX, OUTBOX_ENVELOPES_MAX } from '../limits.ts';
import { grown } from '../lists.ts';
import type { Envelope } from './envelope.ts';
import { envelopeBytesMax, FRAME_OVERHEAD_BYTES, frameIdentity, writeFrame } from './frame.ts';

export interface OutboxOptions {
  readonly sender: NodeId;
  /** The node's cluster; asked when a frame is packed. Undefined (not bootstrapped) drops what is queued: nobody could accept it. */
  readonly cluster: () => ClusterId | undefined;
}

/** The part of a `send` effect that counts here. */
export interface OutboundMessage {
  readonly to: NodeId;
  readonly after: Seq;
  readonly envelope: Envelope;
}

export interface OutboundFrame {
  readonly to: NodeId;
  readonly bytes: Uint8Array;
}

const NO_FRAMES: readonly OutboundFrame[] = [];

/** What waits for one peer. */
interface PeerQueue {
  readonly to: NodeId;
  waiting: OutboundMessage[];
  waitingBytes: number;
}

export class Outbox {
  private readonly options: OutboxOptions;
  private readonly writer: Writer = new Writer(16 * 1024);
  private readonly byPeer: Map<NodeId, PeerQueue> = new Map();
  /** The same queues in order of their first use: the order frames leave in. */
  private readonly queues: PeerQueue[] = [];
  private identity: Uint8Array | undefined = undefined;
  private identityOf: ClusterId | undefined = undefined;
  /** Messages dropped for want of room. */
  dropped: number = 0;

  constructor(options: OutboxOptions) {
    this.options = options;
  }

  /** Queues a send effect. */
  push(send: OutboundMessage): void {
    const queue = this.queueOf(send.to);
    const bytes = envelopeBytesMax(send.envelope);
    if (queue === undefined || queue.waiting.length >= OUTBOX_ENVELOPES_MAX || queue.waitingBytes + bytes > OUTBOX_BYTES_MAX) {
      this.dropped += 1;
      return;
    }
    queue.waiting = grown(queue.waiting, send);
    queue.waitingBytes += bytes;
  }

  /** Frames of everything that may leave now, at most FRAME_BYTES_MAX each; several per peer only where one would be too large. */
  release(durableSeq: Seq): readonly OutboundFrame[] {
    let frames: OutboundFrame[] | undefined;
    for (const queue of this.queues) {
      if (queue.waiting.length === 0) continue;
      frames ??= [];
      this.releasePeer(queue, durableSeq, frames);
    }
    return frames ?? NO_FRAMES;
  }

  private queueOf(to: NodeId): PeerQueue | undefined {
    const known = this.byPeer.get(to);
    if (known !== undefined || this.queues.length >= MEMBERS_MAX) return known;
    const queue: PeerQueue = { to, waiting: [], waitingBytes: 0 };
    this.byPeer.set(to, queue);
    this.queues.push(queue);
    return queue;
  }

  private releasePeer(queue: PeerQueue, durableSeq: Seq, frames: OutboundFrame[]): void {
    const [first] = queue.waiting;
    if (queue.waiting.length === 1 && first !== undefined) {
      // One message is by far the most frequent case.
      if (first.after > durableSeq) return;
      queue.waiting = [];
      queue.waitingBytes = 0;
      this.pack(queue.to, [first.envelope], frames);
      return;
    }
    const kept: OutboundMessage[] = [];
    let keptBytes = 0;
    let envelopes: Envelope[] = [];
    let frameBytes = FRAME_OVERHEAD_BYTES;
    for (const send of queue.waiting) {
      const bytes = envelopeBytesMax(send.envelope);
      if (send.after > durableSeq) {
        kept.push(send);
        keptBytes += bytes;
        continue;
      }
      if (envelopes.length === FRAME_ENVELOPES_MAX || frameBytes + bytes > FRAME_BYTES_MAX) {
        this.pack(queue.to, envelopes, frames);
        envelopes = [];
        frameBytes = FRAME_OVERHEAD_BYTES;
      }
      envelopes.push(send.envelope);
      frameBytes += bytes;
    }
    queue.waiting = kept;
    queue.waitingBytes = keptBytes;
    if (envelopes.length > 0) this.pack(queue.to, envelopes, frames);
  }

  private pack(to: NodeId, envelopes: readonly Envelope[], frames: OutboundFrame[]): void {
    const identity = this.currentIdentity();
    if (identity === undefined) this.dropped += envelopes.length;
    else frames.push({ to, bytes: writeFrame(this.writer, identity, envelopes) });
  }

  private currentIdentity(): Uint8Array | undefined {
    const cluster = this.options.cluster();
    if (cluster !== this.identityOf) {
      this.identityOf = cluster;
      this.identity = cluster === undefined ? undefined : frameIdentity(cluster, this.options.sender);
    }
    return this.identity;
  }
}
