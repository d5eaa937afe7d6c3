/** Virtual times as people read them. */

/** `12.345678 s` of microseconds. */
export function seconds(micros: number): string {
  const whole = Math.floor(micros / 1_000_000);
  return `${whole}.${String(Math.floor(micros - whole * 1_000_000)).padStart(6, '0')} s`;
}

/** `1.2 ms`, `350 µs`, `2.5 s`: how long something took. */
export function duration(micros: number): string {
  if (micros < 1000) return `${Math.round(micros)} µs`;
  if (micros < 1_000_000) return `${Math.round(micros / 100) / 10} ms`;
  return `${Math.round(micros / 100_000) / 10} s`;
}
