/** A node's monotonic clock changes its speed, within the bound that leases rely on (or beyond it, where a profile says so). */
import { drawVictim, type Fault, type FaultRequest } from './fault.ts';

export const clockRateFault: Fault = {
  kind: 'clockRate',
  counts: ['clockRate'],
  inject: (request: FaultRequest): undefined => {
    const { target, draws } = request;
    const node = drawVictim(request);
    const ppm = draws.between(0, 2 * target.clockRatePpmMax) - target.clockRatePpmMax;
    target.counts.add('clockRate');
    target.changeClock(node, (clock, now) => clock.setRate(now, ppm));
    return undefined;
  },
};
