/** Marks on a time axis: 1, 2 or 5 times a power of ten apart, labelled as exactly as their distance asks for. */

export function tickStep(span: number, ticks: number): number {
  const rough = span / Math.max(ticks, 1);
  let power = 1;
  while (power * 10 <= rough) power *= 10;
  for (const factor of [1, 2, 5]) if (factor * power >= rough) return factor * power;
  return 10 * power;
}

/** @param time microseconds. @param step distance of the marks. */
export function tickLabel(time: number, step: number): string {
  let digits = 0;
  for (let unit = 1_000_000; unit > step && digits < 6; unit /= 10) digits += 1;
  return `${(time / 1_000_000).toFixed(digits)} s`;
}
