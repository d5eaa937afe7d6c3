/**
 * The order of operations that explains everything but one answer, as a picture: each operation on a line of its own, in that
 * order, as a bar from question to answer with a point where it takes effect. Points never go back, and the answer that has none
 * comes last. So pictures of partial linearizations are drawn (Porcupine, Athalye 2017).
 */
import type { RecordedOperation, Recording } from '../record/recording.ts';
import { relatedOperations, stuckOperation } from './focus.ts';

export interface OrderLine {
  readonly operation: RecordedOperation;
  /** Place in the whole order, the first is 1; undefined: it has none. */
  readonly place: number | undefined;
  /** Where in its bar it takes effect, true time; undefined: nowhere. */
  readonly point: number | undefined;
  readonly isStuck: boolean;
}

export interface OrderPicture {
  /**
   * The moments at which something in it happens, ascending. Drawn at equal distances: which of two came first is what matters, and
   * operations of a millisecond stand beside such of a minute.
   */
  readonly moments: readonly number[];
  /** In order; the operation that is stuck is the last. */
  readonly lines: readonly OrderLine[];
  /** Operations of the whole order. */
  readonly length: number;
  /** The change that the order has last where the inexplicable answer looked. */
  readonly newest: OrderLine | undefined;
}

/** Undefined where the violation is not about clients, or no order was looked for. @param linesMax newest operations on the same keys. */
export function orderPicture(recording: Recording, linesMax: number): OrderPicture | undefined {
  const stuck = stuckOperation(recording);
  const order = recording.violation?.evidence.order;
  if (stuck === undefined || order === undefined) return undefined;
  const places = new Map(order.map(({ process, invokedAt }, position) => [keyOf(process, invokedAt), position]));
  const points = pointsOf(recording, order);
  const placed = relatedOperations(recording, Number.MAX_SAFE_INTEGER)
    .filter((operation) => operation !== stuck)
    .map((operation): OrderLine => {
      const position = places.get(keyOf(operation.process, operation.invokedAt));
      const place = position === undefined ? undefined : position + 1;
      return { operation, place, point: position === undefined ? undefined : points[position], isStuck: false };
    })
    .filter(({ place }) => place !== undefined)
    .sort((a, b) => (a.place ?? 0) - (b.place ?? 0));
  const lines = placed.slice(-linesMax);
  const last: OrderLine = { operation: stuck, place: undefined, point: undefined, isStuck: true };
  const all = [...lines, last];
  return {
    moments: momentsOf(recording, all),
    lines: all,
    length: order.length,
    // One of unknown outcome has a place only where it changed something.
    newest: placed.findLast(({ operation }) => operation.isChange || (!operation.isRead && operation.outcome === 'info')),
  };
}

function momentsOf({ end }: Recording, lines: readonly OrderLine[]): readonly number[] {
  const all = lines.flatMap(({ operation, point }) => [
    operation.invokedAt,
    operation.returnedAt ?? end,
    ...(point === undefined ? [] : [point]),
  ]);
  return [...new Set(all)].sort((a, b) => a - b);
}

/**
 * A point for each place: not before any question up to it, not behind any answer from it on. In the middle of what that leaves, which
 * never goes back because neither bound does. Operations that the recording does not have bind nobody.
 */
function pointsOf(
  recording: Recording,
  order: readonly { readonly process: number; readonly invokedAt: number }[],
): readonly number[] {
  const known = new Map(recording.operations.map((operation) => [keyOf(operation.process, operation.invokedAt), operation]));
  const spans = order.map(({ process, invokedAt }) => {
    const returnedAt = known.get(keyOf(process, invokedAt))?.returnedAt;
    return { invokedAt, returnedAt: returnedAt ?? recording.end };
  });
  const latest: number[] = [];
  let bound = recording.end;
  for (const { returnedAt } of spans.toReversed()) {
    bound = Math.min(bound, returnedAt);
    latest.unshift(bound);
  }
  let earliest = 0;
  return spans.map(({ invokedAt }, position) => {
    earliest = Math.max(earliest, invokedAt);
    return (earliest + Math.max(latest[position] as number, earliest)) / 2;
  });
}

function keyOf(process: number, invokedAt: number): string {
  return `${process} ${invokedAt}`;
}
