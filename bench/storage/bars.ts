/** What was to be reached, and whether it was. */

/** One figure against its bar. */
export interface Bar {
  readonly what: string;
  readonly measured: number;
  /** x: times as fast as the peer; others: absolute, with their unit. */
  readonly unit: 'x' | 'µs' | 'ms' | 'B' | 's' | '/s';
  readonly sense: 'at least' | 'at most';
  readonly bar: number;
  /** False: taken at another size than the bar's, so it shows a direction only. */
  readonly isJudged: boolean;
}

export function isMet(bar: Bar): boolean {
  return bar.sense === 'at least' ? bar.measured >= bar.bar : bar.measured <= bar.bar;
}

function shown(value: number, unit: Bar['unit']): string {
  const digits = unit === 'B' || unit === '/s' ? 0 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

function standing(bar: Bar): string {
  if (!bar.isJudged) return 'not judged at this size';
  return isMet(bar) ? 'met' : 'MISSED';
}

/** Prints the table. @returns how many bars were missed. */
export function printBars(bars: readonly Bar[]): number {
  const width = Math.max(...bars.map((bar) => bar.what.length)) + 2;
  console.log(`\nBARS\n  ${'what'.padEnd(width)}${'measured'.padStart(12)}${'bar'.padStart(22)}   of the bar`);
  for (const bar of bars) {
    const share = bar.sense === 'at least' ? bar.measured / bar.bar : bar.bar / bar.measured;
    const cells = [shown(bar.measured, bar.unit).padStart(12), `${bar.sense} ${shown(bar.bar, bar.unit)}`.padStart(22)];
    console.log(`  ${bar.what.padEnd(width)}${cells.join('')}   ${share.toFixed(2)} ${standing(bar)}`);
  }
  const judged = bars.filter((bar) => bar.isJudged);
  const missed = judged.filter((bar) => !isMet(bar)).length;
  console.log(`\n${judged.length - missed} bars met, ${missed} missed, ${bars.length - judged.length} not judged`);
  return missed;
}
