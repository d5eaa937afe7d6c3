/** Raft frames as properties: roundtrip, damage with and without a valid checksum, ownership of entry data. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { crc32c } from '../../core/bytes/crc32c.ts';
import { decodeFrame, encodeFrame, envelopeBytesMax, FRAME_OVERHEAD_BYTES } from '../../core/codec/frame.ts';
import type { ClusterId } from '../../core/ids.ts';
import { property, propertyRuns } from '../support/property.ts';
import { envelope } from './arbitraries.ts';
import { nodeId } from './field-arbitraries.ts';
import { flipBit, refusesEveryPrefix, refusesTrailingByte } from './hostile.ts';

const frame = fc.record({
  cluster: nodeId as fc.Arbitrary<never>,
  sender: nodeId,
  envelopes: fc.array(envelope, { maxLength: 5 }),
});

propertyRuns(300, 'a frame decodes to what was encoded, within the size promised', frame, (value) => {
  const bytes = encodeFrame(value);
  expect(decodeFrame(bytes)).toEqual({ ok: true, value });
  const bound = value.envelopes.reduce((sum, each) => sum + envelopeBytesMax(each), FRAME_OVERHEAD_BYTES);
  expect(bytes.length).toBeLessThanOrEqual(bound);
});

propertyRuns(40, 'no prefix of a frame and no frame with a byte more decodes', frame, (value) => {
  refusesEveryPrefix(decodeFrame, encodeFrame(value));
  refusesTrailingByte(decodeFrame, encodeFrame(value));
});

propertyRuns(300, 'a frame with one changed bit is refused', frame, fc.nat(), (value, at) => {
  expect(decodeFrame(flipBit(encodeFrame(value), at)).ok).toBe(false);
});

propertyRuns(
  500,
  'damage that carries a valid checksum never throws',
  frame,
  fc.array(fc.nat(), { maxLength: 6 }),
  (value, at) => {
    let bytes = encodeFrame(value);
    for (const bit of at) bytes = flipBit(bytes, bit);
    const sum = crc32c(bytes, 0, bytes.length - 4);
    new DataView(bytes.buffer).setUint32(bytes.length - 4, sum);
    const decoded = decodeFrame(bytes);
    if (decoded.ok) expect(encodeFrame(decoded.value)).toEqual(bytes);
  },
);

property('noise never throws', fc.uint8Array({ maxLength: 200 }), (noise) => {
  expect(decodeFrame(noise).ok).toBe(false);
});

property('entry data outlive the frame they came in', frame, (value) => {
  const bytes = encodeFrame(value);
  const decoded = decodeFrame(bytes);
  bytes.fill(0xff);
  expect(decoded).toEqual({ ok: true, value: value as typeof value & { cluster: ClusterId } });
});
