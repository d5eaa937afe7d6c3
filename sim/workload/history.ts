/** What the clients asked and were told, in the terms the oracles judge by. */
import { type Consistency, NEWEST, type ReadPoint } from '../../core/client/protocol.ts';
import type { Question } from '../../core/proof/statement.ts';
import type { Operation as LedgerOperation, TransactionOutcome, TupleKey } from '../../core/state/transaction.ts';

export type Asked =
  | { readonly kind: 'transact'; readonly operations: readonly LedgerOperation[]; readonly mark: string }
  | { readonly kind: 'tuple'; readonly tuple: TupleKey }
  | { readonly kind: 'entity'; readonly key: string }
  /** id empty: the newest; else one that was acknowledged to whoever asks, with the text that it wrote. */
  | { readonly kind: 'model'; readonly id: string; readonly written: string }
  | { readonly kind: 'list'; readonly resource: string }
  | { readonly kind: 'proof'; readonly questions: readonly Question[] };

/** What a definite answer said. */
export type Told =
  | { readonly kind: 'transact'; readonly outcome: TransactionOutcome }
  | { readonly kind: 'tuple'; readonly present: boolean }
  | { readonly kind: 'entity'; readonly value: Uint8Array | undefined }
  | { readonly kind: 'model'; readonly model: string | undefined }
  | { readonly kind: 'list'; readonly tuples: readonly TupleKey[] }
  /** What the proof shows of each question (questions.ts); undefined: it does not hold. */
  | { readonly kind: 'proof'; readonly shown: readonly (readonly string[])[] | undefined }
  /** The vault does not keep what was asked for; oldest: the oldest height that there is. */
  | { readonly kind: 'pruned'; readonly oldest: number };

/** How a read was asked for. */
export interface ReadMode {
  readonly consistency: Consistency;
  readonly at: ReadPoint;
}

export const DEFAULT_MODE: ReadMode = { consistency: 'linearizable', at: NEWEST };

/** Whether an answer is bound to real time: all but reads of the past and reads that may be behind. */
export function isLinearizable({ consistency, at }: ReadMode): boolean {
  return consistency === 'linearizable' && at.kind === 'newest';
}

export interface Invocation {
  readonly process: number;
  /** Position in the layout. */
  readonly vault: number;
  readonly asked: Asked;
  /** Of a read; writes have the default. */
  readonly mode: ReadMode;
  readonly invokedAt: number;
  /** Infinity while open, and for ever where the outcome is info. */
  returnedAt: number;
  /** fail: certainly not executed. info: nobody knows. */
  outcome: 'open' | 'ok' | 'fail' | 'info';
  told: Told | undefined;
  /** Index of the node that gave a definite answer. */
  answeredBy: number | undefined;
  /** Height of the block that the answer was read at. */
  seenAt: number | undefined;
  /** That block's time. */
  seenTime: number | undefined;
}

export class History {
  readonly invocations: Invocation[] = [];
  ok: number = 0;
  fail: number = 0;
  info: number = 0;
  /** True time at which the newest ok read of the default mode was invoked. */
  lastOkReadInvokedAt: number = -1;

  invoke(process: number, vault: number, asked: Asked, time: number, mode: ReadMode = DEFAULT_MODE): Invocation {
    const invocation: Invocation = {
      process,
      vault,
      asked,
      mode,
      invokedAt: time,
      returnedAt: Number.POSITIVE_INFINITY,
      outcome: 'open',
      told: undefined,
      answeredBy: undefined,
      seenAt: undefined,
      seenTime: undefined,
    };
    this.invocations.push(invocation);
    return invocation;
  }

  ended(invocation: Invocation, outcome: 'ok' | 'fail' | 'info', told: Told | undefined, time: number): void {
    invocation.outcome = outcome;
    invocation.told = told;
    if (outcome !== 'info') invocation.returnedAt = time;
    this[outcome] += 1;
    if (outcome === 'ok' && invocation.asked.kind !== 'transact' && isLinearizable(invocation.mode)) {
      this.lastOkReadInvokedAt = Math.max(this.lastOkReadInvokedAt, invocation.invokedAt);
    }
  }

  /** What is still open at the end of a run is unknown. */
  close(): void {
    for (const invocation of this.invocations) {
      if (invocation.outcome === 'open') this.ended(invocation, 'info', undefined, Number.POSITIVE_INFINITY);
    }
  }
}
