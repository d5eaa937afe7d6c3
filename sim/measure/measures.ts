/** What an experiment can measure in virtual time, and how samples are summed up. */

/**
 * failover: from the loss of a group's leader to the first write acknowledged under a new one, milliseconds.
 * transfer: from the moment at which a leader tells a caught-up voter to take over (TimeoutNow) to the first answer of the new
 * leader to a write that reaches a client, milliseconds.
 * commit: from the invocation of a write to its acknowledgement, milliseconds.
 * messages: messages between nodes per committed write; one sample per run.
 */
export type Measure = 'failover' | 'transfer' | 'commit' | 'messages';
export const MEASURES: readonly Measure[] = ['failover', 'transfer', 'commit', 'messages'];
export const UNITS: Readonly<Record<Measure, string>> = { failover: 'ms', transfer: 'ms', commit: 'ms', messages: 'messages' };

/** Everything one run has measured; in the order in which it happened. */
export type Samples = Readonly<Record<Measure, readonly number[]>>;

export interface Summary {
  readonly count: number;
  /** null where nothing was measured. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

export type Summaries = Readonly<Partial<Record<Measure, Summary>>>;

/** Sums up by nearest rank: every figure was really measured. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = (share: number): number | null =>
    sorted.length === 0 ? null : (sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] as number);
  return { count: sorted.length, p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), max: rank(1) };
}

/** The samples of several runs as one. */
export function pool(runs: readonly Samples[]): Samples {
  const all = (measure: Measure): readonly number[] => runs.flatMap((samples) => samples[measure]);
  return { failover: all('failover'), transfer: all('transfer'), commit: all('commit'), messages: all('messages') };
}

/** The chosen measures of samples, summed up. */
export function summaries(samples: Samples, chosen: readonly Measure[]): Summaries {
  return Object.fromEntries(chosen.map((measure) => [measure, summarize(samples[measure])]));
}
