/** A node's wall clock jumps, in either direction, by up to an hour. Nothing that is promised may depend on it. */
import type { Fault, FaultRequest } from './fault.ts';

const STEP_MAX_MICROS = 3_600_000_000;

export const wallStepFault: Fault = {
  kind: 'wallStep',
  counts: ['wallStep'],
  inject: ({ target, draws }: FaultRequest): undefined => {
    const node = draws.below(target.nodeCount);
    const step = draws.below(STEP_MAX_MICROS);
    const signed = draws.below(2) === 1 ? step : -step;
    target.counts.add('wallStep');
    target.changeClock(node, (clock) => clock.stepWall(signed));
    return undefined;
  },
};
