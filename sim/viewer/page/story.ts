/** The recording with everything that is computed once when the page opens. */
import type { RecordedFrame, RecordedOperation, Recording } from '../../record/recording.ts';
import { type Family, familyOfFrame } from '../families.ts';
import { relatedOperations, stuckOperation } from '../focus.ts';
import { type OrderPicture, orderPicture } from '../order.ts';
import { type Step, stepsOf } from '../steps.ts';
import { type Reign, reignsOf } from '../timeline.ts';

export interface DrawnFrame extends RecordedFrame {
  readonly family: Family;
  readonly isIdle: boolean;
}

export interface Story {
  readonly recording: Recording;
  readonly frames: readonly DrawnFrame[];
  readonly steps: readonly Step[];
  /** Instants at which something happens, ascending: where the arrow keys stop. */
  readonly instants: readonly number[];
  readonly reigns: readonly Reign[];
  readonly stuck: RecordedOperation | undefined;
  readonly related: ReadonlySet<RecordedOperation>;
  /** The order that explains everything but one answer, its newest operations; undefined where there is none to show. */
  readonly order: OrderPicture | undefined;
  /** Where operations take effect in that order, true time. */
  readonly points: ReadonlyMap<RecordedOperation, number>;
}

const RELATED_MAX = 200;
const ORDER_LINES = 14;

export function storyOf(recording: Recording): Story {
  const frames = recording.frames.map((frame) => ({
    ...frame,
    family: familyOfFrame(frame.items),
    isIdle: frame.items.every((item) => item.isIdle),
  }));
  const steps = stepsOf(recording);
  return {
    recording,
    frames,
    steps,
    instants: [...new Set([0, ...steps.map((step) => step.at), recording.end])].sort((a, b) => a - b),
    reigns: reignsOf(recording),
    stuck: stuckOperation(recording),
    related: new Set(relatedOperations(recording, RELATED_MAX)),
    order: orderPicture(recording, ORDER_LINES),
    points: pointsOf(orderPicture(recording, RELATED_MAX)),
  };
}

function pointsOf(picture: OrderPicture | undefined): ReadonlyMap<RecordedOperation, number> {
  const lines = picture?.lines ?? [];
  return new Map(lines.flatMap(({ operation, point }) => (point === undefined ? [] : [[operation, point] as const])));
}

/** First position whose value is not below the bound, in an ascending list. */
export function lowerBound<T>(list: readonly T[], bound: number, numberOf: (item: T) => number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numberOf(list[middle] as T) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
