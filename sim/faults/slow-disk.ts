/** One disk takes many times longer for everything. */
import type { Fault, FaultRequest } from './fault.ts';

export const slowDiskFault: Fault = {
  kind: 'slowDisk',
  counts: ['slowDisk'],
  inject: ({ target, draws }: FaultRequest): (() => void) | undefined => {
    const node = draws.below(target.nodeCount);
    const factor = 5 + draws.below(40);
    target.counts.add('slowDisk');
    target.diskDelayMean[node] = (target.diskDelayMean[node] as number) * factor;
    return () => {
      target.diskDelayMean[node] = (target.diskDelayMean[node] as number) / factor;
    };
  },
};
