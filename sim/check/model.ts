/**
 * Sequential models: what one object would do if operations came one at a time.
 * A state is a text, so that the checker can compare and remember states of any model alike.
 */

import type { Foresight } from './foresight.ts';

/** ok: the result is known. fail: it is known not to have taken effect, or (cas) why. info: it may take effect later or never. */
export type Outcome = 'ok' | 'fail' | 'info';

export interface Operation<I> {
  readonly process: number;
  readonly input: I;
  readonly outcome: Outcome;
  /** Position in real time; equal positions count as concurrent. */
  readonly invokedAt: number;
  /** Infinity where the outcome is info. */
  readonly returnedAt: number;
  /** Log index at which it took effect, or up to which a read had seen the log, where the system told it (witness.ts). */
  readonly index?: number | undefined;
}

export interface Model<I> {
  readonly initial: string;
  /** The state after the operation with its outcome, or undefined where it could not have happened in this state. */
  apply(state: string, input: I, outcome: Outcome): string | undefined;
  /**
   * Whether the operation changes no state whatever, so that it is only a statement about the state it met. Left out: none.
   * The search places such operations as soon as they fit and never branches over them.
   */
  observes?(input: I, outcome: Outcome): boolean;
  /** What a history of this object rules out in advance; saves work, never decides. */
  foresee?(history: readonly Operation<I>[]): Foresight;
}
