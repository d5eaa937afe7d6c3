/** A retention as bytes have it, in rows and in transactions: a kind and a number. */
import { RETENTION_HEIGHTS_MAX, RETENTION_MICROS_MAX } from '../limits.ts';
import type { Retention } from './transaction.ts';

/** On disk, on the wire and in hashes: do not renumber. */
const Kind = { all: 0, heights: 1, duration: 2 } as const;

/** Everything, which is what a vault begins with. */
export const KEEP_ALL: Retention = { kind: 'all' };

/** amount: heights: how many · duration: microseconds · all: 0. */
export function retentionCode(retention: Retention): { readonly kind: number; readonly amount: number } {
  return { kind: Kind[retention.kind], amount: amountOf(retention) };
}

/** The other direction; undefined where no retention has this code. */
export function retentionOfCode(kind: number, amount: number): Retention | undefined {
  if (kind === Kind.all) return amount === 0 ? KEEP_ALL : undefined;
  if (kind !== Kind.heights && kind !== Kind.duration) return undefined;
  const retention: Retention =
    kind === Kind.heights ? { kind: 'heights', heights: amount } : { kind: 'duration', micros: amount };
  return isRetention(retention) ? retention : undefined;
}

/** Whether its number is within its limits. */
export function isRetention(retention: Retention): boolean {
  if (retention.kind === 'all') return true;
  const max = retention.kind === 'heights' ? RETENTION_HEIGHTS_MAX : RETENTION_MICROS_MAX;
  const amount = amountOf(retention);
  return Number.isSafeInteger(amount) && amount >= 1 && amount <= max;
}

export function isSameRetention(a: Retention, b: Retention): boolean {
  return a.kind === b.kind && amountOf(a) === amountOf(b);
}

function amountOf(retention: Retention): number {
  switch (retention.kind) {
    case 'all':
      return 0;
    case 'heights':
      return retention.heights;
    case 'duration':
      return retention.micros;
  }
}
