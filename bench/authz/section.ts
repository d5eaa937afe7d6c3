/** What a part of the authorization benchmark is given. Each part runs in a process of its own. */
import type { Bar } from '../storage/bars.ts';

export interface Sizes {
  /** Tuples of the vault that is checked in process, and whose certificates are weighed. */
  readonly tuples: number;
  /** Tuples of the vault of the cluster. */
  readonly clusterTuples: number;
  /** Seconds of load for each row. */
  readonly seconds: number;
}

export const FULL: Sizes = { tuples: 1_000_000, clusterTuples: 20_000, seconds: 8 };
/** Bars that belong to the full size are shown and not judged. */
export const QUICK: Sizes = { tuples: 50_000, clusterTuples: 5_000, seconds: 3 };

export interface Section {
  readonly sizes: Sizes;
  readonly bar: (bar: Bar) => void;
}
