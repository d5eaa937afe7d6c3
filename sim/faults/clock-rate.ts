/**
 * Monotonic clocks change their speed, within the bound that leases rely on (or beyond it, where a profile says so): one of
 * them to any rate, or all of them to the worst there is for leases, slow where one is held and fast where it was promised,
 * and that for a while, whoever leads.
 */
import { drawVictim, type Fault, type FaultRequest, type FaultTarget } from './fault.ts';

/** The worst rates last that many times as long as other faults: leaders have to be lost meanwhile. */
const LASTS = 20;
/** How often the leader is looked up, microseconds. */
const LOOK_MICROS = 10_000;

export const clockRateFault: Fault = {
  kind: 'clockRate',
  counts: ['clockRate'],
  inject: (request: FaultRequest): undefined => {
    const { target, draws, durationMicros } = request;
    const max = target.clockRatePpmMax;
    const node = drawVictim(request);
    const ppm = draws.between(0, 2 * max) - max;
    target.counts.add('clockRate');
    if (draws.below(2) === 0) setRate(target, node, ppm);
    else conspire(target, target.now + LASTS * durationMicros, -1);
    return undefined;
  },
};

function setRate(target: FaultTarget, node: number, ppm: number): void {
  target.changeClock(node, (clock, now) => clock.setRate(now, ppm));
}

/** Keeps the leader's clock slow and the others fast. @param last the leader as of the last look */
function conspire(target: FaultTarget, until: number, last: number): void {
  const leader = target.focus();
  const max = target.clockRatePpmMax;
  if (leader !== last) {
    for (let node = 0; node < target.nodeCount; node += 1) setRate(target, node, node === leader ? -max : max);
  }
  if (target.now < until) target.at(target.now + LOOK_MICROS, () => conspire(target, until, leader));
}
