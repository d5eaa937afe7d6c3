/** The outbox against its contract: durability, order, one frame per peer, bounds. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Envelope } from '../../core/codec/envelope.ts';
import { decodeFrame } from '../../core/codec/frame.ts';
import { type OutboundFrame, type OutboundMessage, Outbox } from '../../core/codec/outbox.ts';
import { type ClusterId, INDEX_ZERO, type NodeId, type Seq, TERM_ZERO, type Term } from '../../core/ids.ts';
import { FRAME_BYTES_MAX, MEMBERS_MAX, OUTBOX_BYTES_MAX, OUTBOX_ENVELOPES_MAX } from '../../core/limits.ts';
import { property } from '../support/property.ts';

const CLUSTER = 'c'.repeat(32) as ClusterId;
const SENDER = 'a'.repeat(32) as NodeId;
const PEERS = ['1', '2', '3'].map((digit) => digit.repeat(32) as NodeId);

function outbox(cluster: () => ClusterId | undefined = () => CLUSTER): Outbox {
  return new Outbox({ sender: SENDER, cluster });
}

/** A message that is recognised again by its context. */
function beat(context: number): Envelope {
  return { group: 0 as never, message: { kind: 'heartbeatResponse', term: 1 as Term, context } };
}

function contextsOf(frames: readonly OutboundFrame[], to: NodeId): number[] {
  return frames
    .filter((frame) => frame.to === to)
    .flatMap((frame) => {
      const decoded = decodeFrame(frame.bytes);
      if (!decoded.ok) throw new Error(decoded.reason);
      expect(decoded.value.cluster).toBe(CLUSTER);
      expect(decoded.value.sender).toBe(SENDER);
      return decoded.value.envelopes.map(({ message }) => (message.kind === 'heartbeatResponse' ? message.context : -1));
    });
}

const sends = fc.array(fc.record({ to: fc.constantFrom(...PEERS), after: fc.nat(5) }), { maxLength: 60 });
const releases = fc.array(fc.nat(5), { maxLength: 6 });

property(
  'a message leaves at the first release that its fsync allows, once, and in order among those',
  sends,
  releases,
  (plan, durables) => {
    const box = outbox();
    const messages = plan.map(({ to, after }, i): OutboundMessage => ({ to, after: after as Seq, envelope: beat(i + 1) }));
    for (const message of messages) box.push(message);
    const gone = new Set<number>();
    for (const durable of [...durables, 5]) {
      const frames = box.release(durable as Seq);
      for (const peer of PEERS) {
        const due = messages.flatMap((message, i) =>
          message.to === peer && message.after <= durable && !gone.has(i + 1) ? [i + 1] : [],
        );
        expect(contextsOf(frames, peer)).toEqual(due);
        expect(frames.filter((frame) => frame.to === peer).length).toBe(due.length > 0 ? 1 : 0);
        for (const context of due) gone.add(context);
      }
    }
    expect(gone.size).toBe(messages.length);
    expect(box.dropped).toBe(0);
  },
);

test('a message that waits for its fsync does not hold up a later one that need not', () => {
  const box = outbox();
  const to = PEERS[0] as NodeId;
  box.push({ to, after: 1 as Seq, envelope: beat(1) });
  box.push({ to, after: 0 as Seq, envelope: beat(2) });
  expect(contextsOf(box.release(0 as Seq), to)).toEqual([2]);
  expect(contextsOf(box.release(1 as Seq), to)).toEqual([1]);
});

test('what one frame cannot hold goes into a second one, in order', () => {
  const box = outbox();
  const to = PEERS[0] as NodeId;
  const data = new Uint8Array(1 << 20);
  for (let i = 1; i <= 10; i += 1) {
    const entry = { term: TERM_ZERO, index: (i + 1) as never, kind: 1 as const, data };
    const message = {
      kind: 'appendEntries',
      term: TERM_ZERO,
      prevIndex: i as never,
      prevTerm: TERM_ZERO,
      commit: INDEX_ZERO,
      entries: [entry],
    } as const;
    box.push({ to, after: 0 as Seq, envelope: { group: 0 as never, message } });
  }
  const frames = box.release(0 as Seq);
  expect(frames.length).toBe(2);
  const prevIndexes = frames.flatMap((frame) => {
    expect(frame.bytes.length).toBeLessThanOrEqual(FRAME_BYTES_MAX);
    const decoded = decodeFrame(frame.bytes);
    return decoded.ok ? decoded.value.envelopes.map(({ message }) => (message as { prevIndex: number }).prevIndex) : [];
  });
  expect(prevIndexes).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('a full queue drops the newest message and counts it; other peers are not touched', () => {
  const box = outbox();
  const [full, other] = PEERS as [NodeId, NodeId];
  for (let i = 0; i < OUTBOX_ENVELOPES_MAX + 3; i += 1) box.push({ to: full, after: 9 as Seq, envelope: beat(i) });
  box.push({ to: other, after: 9 as Seq, envelope: beat(1) });
  expect(box.dropped).toBe(3);
  const frames = box.release(9 as Seq);
  expect(contextsOf(frames, full).length).toBe(OUTBOX_ENVELOPES_MAX);
  expect(contextsOf(frames, other)).toEqual([1]);
  for (let i = 0; i < 3; i += 1) box.push({ to: full, after: 9 as Seq, envelope: beat(i) });
  expect(box.dropped).toBe(3);
});

test('bytes are bounded as well as messages', () => {
  const box = outbox();
  const entries = [{ term: TERM_ZERO, index: 1 as never, kind: 1 as const, data: new Uint8Array(1 << 20) }];
  const message = {
    kind: 'appendEntries',
    term: TERM_ZERO,
    prevIndex: INDEX_ZERO,
    prevTerm: TERM_ZERO,
    commit: INDEX_ZERO,
    entries,
  } as const;
  const fitting = Math.floor(OUTBOX_BYTES_MAX / (1 << 20)) - 1;
  for (let i = 0; i < fitting + 4; i += 1)
    box.push({ to: PEERS[0] as NodeId, after: 1 as Seq, envelope: { group: 0 as never, message } });
  expect(box.dropped).toBe(4);
});

test('messages to more peers than a cluster can have are dropped', () => {
  const box = outbox();
  for (let i = 0; i < MEMBERS_MAX + 2; i += 1) {
    box.push({ to: i.toString(16).padStart(32, '0') as NodeId, after: 0 as Seq, envelope: beat(i) });
  }
  expect(box.dropped).toBe(2);
});

test('before bootstrap nothing leaves; afterwards frames carry the cluster', () => {
  let cluster: ClusterId | undefined;
  const box = outbox(() => cluster);
  box.push({ to: PEERS[0] as NodeId, after: 0 as Seq, envelope: beat(1) });
  expect(box.release(0 as Seq)).toEqual([]);
  expect(box.dropped).toBe(1);
  cluster = CLUSTER;
  box.push({ to: PEERS[0] as NodeId, after: 0 as Seq, envelope: beat(2) });
  expect(contextsOf(box.release(0 as Seq), PEERS[0] as NodeId)).toEqual([2]);
});
