/** Client frames: what was encoded decodes, nothing else does, and no bytes make a decoder throw or keep a view. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import {
  clientRequestId,
  decodeClientRequest,
  decodeClientResult,
  encodeClientRequest,
  encodeClientResult,
} from '../../core/codec/client-frame.ts';
import type { RequestId } from '../../core/ids.ts';
import { propertyRuns } from '../support/property.ts';
import { request, result } from './arbitraries.ts';
import { flipBit, refusesEveryPrefix, refusesTrailingByte } from './hostile.ts';

const id = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }) as fc.Arbitrary<number> as fc.Arbitrary<RequestId>;
const requestFrame = fc.record({ id, request });
const resultFrame = fc.record({ id, result });
const flips = fc.array(fc.nat(), { minLength: 1, maxLength: 4 });

propertyRuns(500, 'a request decodes to what was encoded', requestFrame, (value) => {
  const bytes = encodeClientRequest(value);
  expect(decodeClientRequest(bytes)).toEqual({ ok: true, value });
  expect(clientRequestId(bytes)).toBe(value.id);
});

propertyRuns(500, 'an answer decodes to what was encoded', resultFrame, (value) => {
  expect(decodeClientResult(encodeClientResult(value))).toEqual({ ok: true, value });
});

propertyRuns(
  60,
  'no prefix of a request or answer, and none with a byte more, decodes',
  requestFrame,
  resultFrame,
  (ask, answer) => {
    refusesEveryPrefix(decodeClientRequest, encodeClientRequest(ask));
    refusesEveryPrefix(decodeClientResult, encodeClientResult(answer));
    refusesTrailingByte(decodeClientRequest, encodeClientRequest(ask));
    refusesTrailingByte(decodeClientResult, encodeClientResult(answer));
  },
);

propertyRuns(
  1000,
  'flipped bits never throw, and a request that still decodes has one encoding',
  requestFrame,
  flips,
  (value, at) => {
    let bytes = encodeClientRequest(value);
    for (const bit of at) bytes = flipBit(bytes, bit);
    const decoded = decodeClientRequest(bytes);
    if (decoded.ok) expect(encodeClientRequest(decoded.value)).toEqual(bytes);
  },
);

propertyRuns(
  1000,
  'flipped bits never throw, and an answer that still decodes has one encoding',
  resultFrame,
  flips,
  (value, at) => {
    let bytes = encodeClientResult(value);
    for (const bit of at) bytes = flipBit(bytes, bit);
    const decoded = decodeClientResult(bytes);
    if (decoded.ok) expect(encodeClientResult(decoded.value)).toEqual(bytes);
  },
);

propertyRuns(300, 'noise never throws', fc.uint8Array({ maxLength: 200 }), (noise) => {
  const framed = new Uint8Array(noise.length + 2);
  framed.set(noise, 2);
  for (const type of [1, 2]) {
    framed.set([1, type]);
    decodeClientRequest(framed);
    decodeClientResult(framed);
  }
});

propertyRuns(300, 'decoded answers do not refer to the bytes they came in', resultFrame, (value) => {
  const bytes = encodeClientResult(value);
  const decoded = decodeClientResult(bytes);
  bytes.fill(0xee);
  expect(decoded).toEqual({ ok: true, value });
});
