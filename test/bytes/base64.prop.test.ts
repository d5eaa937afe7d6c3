/** Base64 with one text per byte string. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64, toBase64 } from '../../core/bytes/base64.ts';
import { property } from '../support/property.ts';

describe('base64', () => {
  property('the text is that of Node, and is read back', fc.uint8Array({ maxLength: 100 }), (bytes) => {
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  });

  property(
    'any text that is read is the text of its bytes',
    fc.base64String({ maxLength: 60 }),
    fc.nat(),
    fc.string({ maxLength: 1 }),
    (text, at, put) => {
      const changed = text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + put.length);
      const bytes = fromBase64(changed);
      if (bytes !== undefined) expect(toBase64(bytes)).toBe(changed);
    },
  );

  test('stray bits, missing padding, other alphabets and spaces are refused', () => {
    for (const text of [
      'QQ=',
      'QQ',
      'QR==',
      'QUI',
      'QUJ=',
      'Q===',
      '====',
      'A=AA',
      'QU-_',
      'QUJD\n',
      ' QUJD',
      'QU\u0142D',
      'QUI=QUI=',
    ]) {
      expect([text, fromBase64(text)]).toEqual([text, undefined]);
    }
    expect(fromBase64('')).toEqual(new Uint8Array(0));
  });
});
