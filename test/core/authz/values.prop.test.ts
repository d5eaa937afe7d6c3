/** Values of conditions against the engine's own dates, patterns and numbers, where those say the same. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { castParameter } from '../../../core/authz/values/cast.ts';
import { isInCidr, parseCidr, parseIpAddress } from '../../../core/authz/values/ip-address.ts';
import { compilePattern, isMatch } from '../../../core/authz/values/pattern.ts';
import {
  civilTimeOf,
  Duration,
  durationText,
  parseDuration,
  parseTimestamp,
  Timestamp,
  timestampText,
} from '../../../core/authz/values/time.ts';
import { property, propertyRuns } from '../../support/property.ts';

const dates = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });

property(
  'a moment is read and taken apart as the calendar has it',
  dates,
  fc.integer({ min: -14 * 60, max: 14 * 60 }),
  (date, offset) => {
    const moment = parseTimestamp(date.toISOString());
    expect(moment?.nanos).toBe(BigInt(date.getTime()) * 1_000_000n);
    const shown = new Date(date.getTime() + offset * 60_000);
    const time = civilTimeOf(moment as Timestamp, offset);
    expect([time.year, time.month, time.day, time.dayOfWeek]).toEqual([
      shown.getUTCFullYear(),
      shown.getUTCMonth() + 1,
      shown.getUTCDate(),
      shown.getUTCDay(),
    ]);
    expect([time.hours, time.minutes, time.seconds, time.milliseconds]).toEqual([
      shown.getUTCHours(),
      shown.getUTCMinutes(),
      shown.getUTCSeconds(),
      shown.getUTCMilliseconds(),
    ]);
    const first = Date.UTC(2000, 0, 1) - (Date.UTC(2000, 0, 1) - new Date(shown).setUTCMonth(0, 1));
    expect(time.dayOfYear).toBe(Math.round((shown.getTime() - first) / 86_400_000));
  },
);

property(
  'a moment is what its text says',
  fc.bigInt({ min: -62_135_596_800n * 10n ** 9n, max: 253_402_300_799n * 10n ** 9n }),
  (nanos) => {
    expect(parseTimestamp(timestampText(new Timestamp(nanos)))?.nanos).toBe(nanos);
  },
);

property('a span is what its text says', fc.bigInt({ min: -(1n << 62n), max: 1n << 62n }), (nanos) => {
  expect(parseDuration(durationText(new Duration(nanos)))?.nanos).toBe(nanos);
});

test.each([
  ['1h', 3_600_000_000_000n],
  ['1.5h', 5_400_000_000_000n],
  ['-1m1s', -61_000_000_000n],
  ['.5s', 500_000_000n],
  ['1us', 1000n],
  ['1\u00b5s2ns', 1002n],
  ['0', 0n],
  ['', undefined],
  ['1', undefined],
  ['s', undefined],
  ['1h-1m', undefined],
  ['3000000h', undefined],
])('the span %j', (text, nanos) => {
  expect(parseDuration(text)?.nanos).toBe(nanos);
});

property(
  'integers are cast whatever way they are written',
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  fc.nat(5),
  (value, zeros) => {
    const cast = (text: unknown): unknown => castParameter({ name: 'int', of: undefined }, text, (uint) => uint);
    expect(cast(String(value))).toEqual({ ok: true, value });
    expect(cast(`${value}.${'0'.repeat(zeros)}`)).toEqual({ ok: true, value });
    expect(cast(`${value}${'0'.repeat(zeros)}e-${zeros}`)).toEqual({ ok: true, value });
    expect(cast(`${value}.${'0'.repeat(zeros)}1`)).toMatchObject({ ok: false });
  },
);

/** Patterns of a syntax that both have, over a small alphabet. */
const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\d', '^', '$', '\\b', '[a-c1]', '\\.', 'c'),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
    fc.tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,}', '*?')).map(([a, repeat]) => `(${a})${repeat}`),
  ),
})).node;

propertyRuns(
  1000,
  'a pattern matches what the engine says it does',
  pattern,
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '.', ' '), maxLength: 8 }),
  (source, text) => {
    const compiled = compilePattern(source);
    if (compiled === undefined) throw new Error(`not compiled: ${source}`);
    expect(isMatch(compiled, text)).toBe(new RegExp(source, 'u').test(text));
  },
);

test.each(['(', ')', 'a**', '[', '[b-a]', '\\p{L}', '(?i)a', '(?=a)', '\\1', '\\', '+a', 'a{1001}', '(((a{99}){99}){99})'])(
  'the pattern %j is refused',
  (source) => {
    expect(compilePattern(source)).toBeUndefined();
  },
);

property(
  'an address is in a range exactly if their first bits are the same',
  fc.ipV4(),
  fc.ipV4(),
  fc.nat(32),
  (a, b, length) => {
    const bits = (ip: string): string =>
      ip
        .split('.')
        .map((part) => Number(part).toString(2).padStart(8, '0'))
        .join('');
    const range = parseCidr(`${b}/${length}`);
    const ip = parseIpAddress(a);
    if (range === undefined || ip === undefined) throw new Error(`not read: ${a} ${b}/${length}`);
    expect(isInCidr(ip, range)).toBe(bits(a).slice(0, length) === bits(b).slice(0, length));
  },
);

property(
  'an IPv6 address is read in every form',
  fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }),
  fc.nat(7),
  fc.nat(8),
  (groups, from, count) => {
    const zeroed = groups.map((group, index) => (index >= from && index < from + count ? 0 : group));
    const value = zeroed.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
    const hex = zeroed.map((group) => group.toString(16));
    expect(parseIpAddress(hex.join(':').toUpperCase())?.value).toBe(value);
    const to = Math.min(from + count, 8);
    if (to > from) expect(parseIpAddress(`${hex.slice(0, from).join(':')}::${hex.slice(to).join(':')}`)?.value).toBe(value);
  },
);

test.each([
  '',
  '1.2.3',
  '01.2.3.4',
  '1.2.3.4.5',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7::8:9',
  '::1%',
  'g::',
  '1.2.3.4::',
  '::1.2.3.4:5',
])('the address %j is refused', (text) => {
  expect(parseIpAddress(text)).toBeUndefined();
});
