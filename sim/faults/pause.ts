/** A process stands still (a long garbage collection, SIGSTOP, a frozen virtual machine) while its clock runs. */
import type { Fault, FaultRequest } from './fault.ts';

export const pauseFault: Fault = {
  kind: 'pause',
  counts: ['pause'],
  inject: ({ target, draws, durationMicros }: FaultRequest): undefined => {
    const node = draws.below(target.nodeCount);
    if (target.isRunning(node)) target.pause(node, durationMicros);
    return undefined;
  },
};
