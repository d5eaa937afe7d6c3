/**
 * Moments and spans of conditions, in nanoseconds. Why not the engine's own dates: they hold milliseconds, read texts that are no RFC
 * 3339 in the local time zone, and answer for named zones out of tables that differ from one machine to the next.
 * Source: RFC 3339; Go's time.ParseDuration, whose notation CEL and OpenFGA use; Hinnant, chrono-compatible date algorithms.
 */

export class Timestamp {
  /** Since 1970. */
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
  valueOf(): bigint {
    return this.nanos;
  }
}

export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
  valueOf(): bigint {
    return this.nanos;
  }
}

export const SECOND: bigint = 1_000_000_000n;
const DAY_SECONDS = 86_400;
/** The years 1 to 9999, which is what CEL has. */
const SECONDS_MIN: number = daysOf(1, 1, 1) * DAY_SECONDS;
const SECONDS_MAX: number = daysOf(10_000, 1, 1) * DAY_SECONDS - 1;

/** Days from 1970-01-01 to a date of the Gregorian calendar. @param month from 1 @param day from 1 */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

export interface CivilTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  /** From 1. */
  readonly day: number;
  /** From 0. */
  readonly dayOfYear: number;
  /** 0 = Sunday. */
  readonly dayOfWeek: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly milliseconds: number;
}

/** What a clock that is so many minutes ahead of UTC shows. */
export function civilTimeOf({ nanos }: Timestamp, offsetMinutes: number): CivilTime {
  const total = floorDiv(nanos, SECOND);
  const seconds = Number(total) + offsetMinutes * 60;
  const days = Math.floor(seconds / DAY_SECONDS);
  const ofDay = seconds - days * DAY_SECONDS;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const fromMarch = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * fromMarch + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return {
    year,
    month,
    day: fromMarch - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
    dayOfYear: days - daysOf(year, 1, 1),
    dayOfWeek: (((days + 4) % 7) + 7) % 7,
    hours: Math.floor(ofDay / 3600),
    minutes: Math.floor(ofDay / 60) % 60,
    seconds: ofDay % 60,
    milliseconds: Number((nanos - total * SECOND) / 1_000_000n),
  };
}

function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;

/** Reads an RFC 3339 timestamp; undefined for anything else, and for moments outside of the years 1 to 9999. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hours, minutes, seconds] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (year < 1 || month < 1 || month > 12 || day < 1 || hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const monthLength = daysOf(month === 12 ? year + 1 : year, month === 12 ? 1 : month + 1, 1) - daysOf(year, month, 1);
  if (day > monthLength) return undefined;
  const offset = offsetMinutesOf(match[8] as string);
  if (offset === undefined) return undefined;
  const total = daysOf(year, month, day) * DAY_SECONDS + hours * 3600 + (minutes - offset) * 60 + seconds;
  const fraction = BigInt((match[7] ?? '').slice(0, 9).padEnd(9, '0'));
  return timestampOf(BigInt(total) * SECOND + fraction);
}

/** A moment, if CEL has it. */
export function timestampOf(nanos: bigint): Timestamp | undefined {
  if (nanos < BigInt(SECONDS_MIN) * SECOND || nanos >= BigInt(SECONDS_MAX + 1) * SECOND) return undefined;
  return new Timestamp(nanos);
}

/** Minutes that `Z`, `UTC` or `+02:00` is ahead of UTC; undefined for anything else, names of zones among it. */
export function offsetMinutesOf(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'UTC') return 0;
  const match = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone);
  if (match === null) return undefined;
  const [hours, minutes] = [Number(match[2]), Number(match[3])];
  if (hours > 23 || minutes > 59) return undefined;
  return (match[1] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1000n],
  // The two characters that are taken for micro: U+00B5 and U+03BC.
  ['\u00b5s', 1000n],
  ['\u03bcs', 1000n],
  ['ms', 1_000_000n],
  ['s', SECOND],
  ['m', 60n * SECOND],
  ['h', 3600n * SECOND],
]);

/** Nanoseconds that a span may have: those of 64 bits with a sign. */
export const DURATION_NANOS_MAX: bigint = (1n << 63n) - 1n;

/** Reads `1h30m`, `-1.5s`, `0`; undefined for anything else. */
export function parseDuration(text: string): Duration | undefined {
  const sign = text.startsWith('-') ? -1n : 1n;
  const rest = text.replace(/^[+-]/, '');
  if (rest === '0') return new Duration(0n);
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/.test(rest)) return undefined;
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of rest.matchAll(/(\d*)(?:\.(\d*))?([a-z\u00b5\u03bc]+)/g)) {
    const size = UNITS.get(unit) as bigint;
    // Eighteen digits are more than the largest unit has nanoseconds.
    nanos += BigInt(`0${whole}`) * size + (BigInt(fraction.slice(0, 18).padEnd(18, '0')) * size) / 10n ** 18n;
    if (nanos > DURATION_NANOS_MAX) return undefined;
  }
  return new Duration(sign * nanos);
}

/** RFC 3339 in UTC, with as many digits of a second as are needed. */
export function timestampText(moment: Timestamp): string {
  const { year, month, day, hours, minutes, seconds } = civilTimeOf(moment, 0);
  const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
  const nanos = moment.nanos - floorDiv(moment.nanos, SECOND) * SECOND;
  const fraction = nanos === 0n ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}${fraction}Z`;
}

/** Seconds, as CEL writes a span: `90s`, `-1.5s`. */
export function durationText({ nanos }: Duration): string {
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = String(size % SECOND)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${size / SECOND}${fraction === '' ? '' : `.${fraction}`}s`;
}
