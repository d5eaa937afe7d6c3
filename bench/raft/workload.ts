/** What both systems are asked to do, and how an answer of either is counted. Equal keys and values: 44 and 64 bytes. */

export type Work = 'write' | 'transaction' | 'read';

export interface Load {
  readonly work: Work;
  /** Requests that wait for an answer at any time. */
  readonly clients: number;
  readonly seconds: number;
}

export interface Figure {
  readonly perSecond: number;
  /** From question to answer: the median where every answer is timed, h2load's mean where it is not. */
  readonly latencyMicros: number;
}

export const KEY_BYTES: number = 44;
export const VALUE_BYTES: number = 64;
/** Writes in one transaction. */
export const TRANSACTION_WRITES: number = 100;
/** Keys that are written again and again. */
const KEYS = 1000;

export function keyOf(number: number): string {
  return `document:${String(number % KEYS).padStart(KEY_BYTES - 'document:'.length, '0')}`;
}

export const VALUE: Uint8Array = new Uint8Array(VALUE_BYTES).fill(0x76);
