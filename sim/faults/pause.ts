/** A process stands still (a long garbage collection, SIGSTOP, a frozen virtual machine) while its clock runs. */
import { drawVictim, type Fault, type FaultRequest } from './fault.ts';

export const pauseFault: Fault = {
  kind: 'pause',
  counts: ['pause'],
  inject: (request: FaultRequest): undefined => {
    const { target, durationMicros } = request;
    const node = drawVictim(request);
    if (!target.isRunning(node)) return undefined;
    target.counts.add('pause');
    target.pause(node, durationMicros);
    return undefined;
  },
};
