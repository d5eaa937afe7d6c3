/** `--measure` and `--csv`: what is measured, as a table for people and as rows for everything else. */
import {
  MEASURES,
  type Measure,
  type Samples,
  type Summaries,
  type Summary,
  summarize,
  UNITS,
} from '../../sim/measure/measures.ts';
import { nearest } from './did-you-mean.ts';
import { usageFailure } from './failure.ts';
import { print } from './output.ts';
import { writeText } from './output-file.ts';

const CSV_HEADER = 'scenario,set,seed,measure,unit,count,p50,p95,p99,max';
const COLUMNS = ['count', 'p50', 'p95', 'p99', 'max'] as const;
const WIDTH = 10;

/** The measures that were asked for, in their own order. */
export function measuresOf(text: string | undefined): readonly Measure[] {
  if (text === undefined) return [];
  const names = text.split(',');
  for (const name of names) {
    if (!MEASURES.some((measure) => measure === name))
      throw usageFailure(`--measure knows no "${name}".${nearest(name, MEASURES)} Known: ${MEASURES.join(', ')}.`);
  }
  return MEASURES.filter((measure) => names.includes(measure));
}

/** One line per measure. */
export function printTable(measures: Summaries): void {
  print(`  ${'measure'.padEnd(WIDTH)}${'unit'.padEnd(WIDTH)}${COLUMNS.map((column) => column.padStart(WIDTH)).join('')}`);
  for (const [measure, summary] of Object.entries(measures))
    print(`  ${measure.padEnd(WIDTH)}${UNITS[measure as Measure].padEnd(WIDTH)}${cells(summary).join('')}`);
}

function cells(summary: Summary): readonly string[] {
  return COLUMNS.map((column) => (column === 'count' ? String(summary.count) : decimal(summary[column], 1)).padStart(WIDTH));
}

function decimal(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits);
}

/** Rows of one seed's measures. @param set the setting they were measured under; '' = none. */
export function csvRows(
  of: { readonly scenario: string; readonly set: string; readonly seed: string; readonly samples: Samples },
  chosen: readonly Measure[],
): readonly string[] {
  return chosen.map((measure) => {
    const { count, p50, p95, p99, max } = summarize(of.samples[measure]);
    const figures = [p50, p95, p99, max].map((value) => (value === null ? '' : decimal(value, 3)));
    return [of.scenario, of.set, of.seed, measure, UNITS[measure], count, ...figures].map(field).join(',');
  });
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function writeCsv(file: string, rows: readonly string[]): void {
  writeText(file, `${[CSV_HEADER, ...rows].join('\n')}\n`);
}
