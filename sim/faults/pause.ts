/**
 * A process stands still (a long garbage collection, SIGSTOP, a frozen virtual machine) while its clock runs. Half of the
 * pauses begin when it has just sent something, so that the answers lie there, old, when it wakes. Some outlast every lease.
 */
import { drawVictim, type Fault, type FaultRequest } from './fault.ts';

export const pauseFault: Fault = {
  kind: 'pause',
  counts: ['pause'],
  inject: (request: FaultRequest): undefined => {
    const { target, draws, durationMicros } = request;
    const node = drawVictim(request);
    if (!target.isRunning(node)) return undefined;
    target.counts.add('pause');
    const micros = durationMicros * (1 + draws.below(4));
    if (draws.below(2) === 1) target.pauseAfterSend(node, micros);
    else target.pause(node, micros);
    return undefined;
  },
};
