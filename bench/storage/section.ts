/** What a part of the storage benchmark is given. Each part runs in a process of its own: fresh heap, fresh compiled code. */
import type { Bar } from './bars.ts';
import type { RoundsOptions } from './rounds.ts';

export interface Sizes extends RoundsOptions {
  /** Tuples of the smaller point reads. */
  readonly readsSmall: number;
  /** Tuples of everything whose bar is at 1,000,000. */
  readonly large: number;
  /** Tuples in the directory whose bytes are counted. */
  readonly onDisk: number;
  /** Tuples that are there before commits are measured. */
  readonly commitsFilled: number;
  readonly commitRounds: number;
  readonly commitSliceMs: number;
  /** Bytes of log between two checkpoints; undefined: as in production. */
  readonly checkpointLogBytes: number | undefined;
  /** Transactions of a peer whose written bytes are counted. */
  readonly peerTransactions: number;
}

export const FULL: Sizes = {
  rounds: 25,
  sliceMs: 60,
  readsSmall: 50_000,
  large: 1_000_000,
  onDisk: 1_000_000,
  commitsFilled: 100_000,
  commitRounds: 7,
  commitSliceMs: 1_500,
  checkpointLogBytes: undefined,
  peerTransactions: 3_000,
};

export const QUICK: Sizes = {
  rounds: 7,
  sliceMs: 25,
  readsSmall: 50_000,
  large: 100_000,
  onDisk: 20_000,
  commitsFilled: 10_000,
  commitRounds: 3,
  commitSliceMs: 400,
  checkpointLogBytes: 1 << 20,
  peerTransactions: 500,
};

export interface Section {
  readonly sizes: Sizes;
  /** Empty, on the disk that is measured; removed afterwards. */
  readonly directory: string;
  readonly bar: (bar: Bar) => void;
}
