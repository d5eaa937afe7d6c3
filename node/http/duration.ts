/** Times as people write them: a whole number and a unit, such as `30d` or `250ms`. */

const SECOND = 1_000_000;
/** Microseconds of a unit, the longest first. */
export const DURATION_UNITS: readonly (readonly [name: string, micros: number])[] = [
  ['d', 86_400 * SECOND],
  ['h', 3600 * SECOND],
  ['m', 60 * SECOND],
  ['s', SECOND],
  ['ms', 1000],
  ['us', 1],
];
const TEXT = /^([1-9][0-9]{0,15})(d|h|m|s|ms|us)$/;

/** Microseconds; undefined where the text is no such time, or too long to be counted exactly. */
export function durationMicros(text: string): number | undefined {
  const [, digits, unit] = TEXT.exec(text) ?? [];
  const micros = Number(digits) * (DURATION_UNITS.find(([name]) => name === unit)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(micros) ? micros : undefined;
}
