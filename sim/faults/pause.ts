/**
 * A process stands still (a long garbage collection, SIGSTOP, a frozen virtual machine) while its clock runs. Half of the
 * pauses hit whoever leads when it has just sent something: the answers lie there, old, when it wakes. Some outlast every lease.
 */
import { drawVictim, type Fault, type FaultRequest } from './fault.ts';

export const pauseFault: Fault = {
  kind: 'pause',
  counts: ['pause'],
  inject: (request: FaultRequest): undefined => {
    const { target, draws, durationMicros } = request;
    const isAfterSend = draws.below(2) === 1;
    const node = isAfterSend ? target.focus() : drawVictim(request);
    if (!target.isRunning(node)) return undefined;
    target.counts.add('pause');
    const micros = durationMicros * (1 + draws.below(4));
    target.pause(node, micros, isAfterSend ? 'nextSend' : 'now');
    return undefined;
  },
};
