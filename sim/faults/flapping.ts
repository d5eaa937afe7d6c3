/** A link between two nodes goes down and up again many times in a short while. */
import { blockAll, type Fault, type FaultRequest } from './fault.ts';

/** Shortest phase of a flapping link, microseconds. */
const PHASE_MIN_MICROS = 5_000;
/** Phases in one fault. */
const PHASES_MAX = 40;

export const flappingFault: Fault = {
  kind: 'flapping',
  counts: ['flapping'],
  inject: ({ target, draws, durationMicros }: FaultRequest): (() => void) | undefined => {
    if (target.nodeCount < 2) return undefined;
    const a = draws.below(target.nodeCount);
    const b = (a + 1 + draws.below(target.nodeCount - 1)) % target.nodeCount;
    target.counts.add('flapping');
    let open: (() => void) | undefined;
    let phases = 0;
    const toggle = (): void => {
      if (phases < 0) return;
      if (open === undefined)
        open = blockAll(target, [
          [a, b],
          [b, a],
        ]);
      else {
        open();
        open = undefined;
      }
      phases += 1;
      if (phases < PHASES_MAX) target.at(target.now + PHASE_MIN_MICROS + draws.below(durationMicros / 4 + 1), toggle);
    };
    toggle();
    return () => {
      phases = -1;
      open?.();
      open = undefined;
    };
  },
};
