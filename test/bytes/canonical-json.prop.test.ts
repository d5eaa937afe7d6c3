/** RFC 8785. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import { property } from '../support/property.ts';

describe('canonical JSON', () => {
  test('the examples of RFC 8785 have its texts', () => {
    const numbers = [JSON.parse('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001];
    const value = { numbers, string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/', literals: [null, true, false] };
    expect(canonicalJson(value)).toEqual({
      ok: true,
      text: '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    });
    const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
    expect(canonicalJson(keys)).toEqual({
      ok: true,
      text: '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
    });
    expect(canonicalJson(-0)).toEqual({ ok: true, text: '0' });
  });

  property('the text means the value, and is a fixed point', fc.jsonValue({ maxDepth: 4 }), (value) => {
    const first = canonicalJson(value);
    if (!first.ok) return expect(first.reason).toBe('lone_surrogate');
    const parsed = JSON.parse(first.text) as unknown;
    expect(parsed).toEqual(JSON.parse(JSON.stringify(value)));
    expect(canonicalJson(parsed)).toEqual(first);
  });

  test('what has no canonical text is refused', () => {
    expect(canonicalJson('\ud800')).toEqual({ ok: false, reason: 'lone_surrogate' });
    expect(canonicalJson({ '\udc00': 1 })).toEqual({ ok: false, reason: 'lone_surrogate' });
    expect(canonicalJson([Number.NaN])).toEqual({ ok: false, reason: 'bad_number' });
    expect(canonicalJson({ a: undefined })).toEqual({ ok: false, reason: 'not_json' });
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
    expect(canonicalJson(deep)).toEqual({ ok: false, reason: 'too_deep' });
  });
});
