/** What a part of the proof benchmark is given. Each part runs in a process of its own: fresh heap, fresh compiled code. */
import type { Bar } from '../storage/bars.ts';
import type { PairedOptions } from './paired.ts';

export interface Sizes extends PairedOptions {
  readonly large: number;
}

export const FULL: Sizes = { rounds: 15, sliceMs: 60, large: 1_000_000 };
/** Bars that belong to the large size are shown and not judged. */
export const QUICK: Sizes = { rounds: 5, sliceMs: 30, large: 100_000 };

export interface Section {
  readonly sizes: Sizes;
  readonly bar: (bar: Bar) => void;
}

/** Changed at once, in every table. */
export const KS: readonly number[] = [1, 10, 100];
export const HASHERS = ['native', 'portable'] as const;
export type HasherName = (typeof HASHERS)[number];
